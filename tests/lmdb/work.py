"""What another process does: it makes instances and says so, or holds the right to write."""

from __future__ import annotations

import sys
import time

from nova_db.context import get_admin_context
from nova_db_lmdb import LMDBDriver

ADMIN = get_admin_context()


def create(driver: LMDBDriver) -> None:
    """Make, change and remove instances without an end, and tell each that is there from now on."""
    number = 0
    while True:  # ended by a signal
        number += 1
        children = {f"k{each}": str(each) for each in range(5)}
        made = driver.instance_create(ADMIN, {"host": "a", "metadata": children, "system_metadata": children})
        driver.instance_update(ADMIN, made["uuid"], {"host": f"h{number % 3}", "metadata": {"k0": "changed"}})
        sys.stdout.write(made["uuid"] + "\n")
        sys.stdout.flush()


def hold(driver: LMDBDriver) -> None:
    """Open a writer, and keep it."""
    tx = driver.engine.write()
    sys.stdout.write("held\n")
    sys.stdout.flush()
    time.sleep(600)
    tx.rollback()


if __name__ == "__main__":
    {"create": create, "hold": hold}[sys.argv[1]](LMDBDriver(sys.argv[2]))
