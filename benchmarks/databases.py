"""Private databases to measure on: of our backends, each by its name or by the URL of a server."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.endings import held_back, undisturbed
from nova_db_lmdb import LMDBDriver
from nova_db_memory import MemoryDriver
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.provisioning import drop_database, make_database

EMBEDDED: Final = {"memory": MemoryDriver, "lmdb": LMDBDriver, "sqlite": SQLAlchemyDriver}
"""The backends that take no server, by the name that benchmarks know them by."""
FILES: Final = {"lmdb": "lmdb:///{}/cloud", "sqlite": "sqlite:///{}/nova.sqlite"}
"""Those that keep a file or a folder, and the URL of one in a folder."""


@contextlib.contextmanager
def made(connection: str, *, waits: bool = True) -> Iterator[str | None]:
    """The URL of a private, empty database, without tables; None for one in memory, which is the driver's own.

    :param connection: ``memory``, ``lmdb``, ``sqlite``, or the URL of a server, beside whose database one is made.
    :param waits: a commit waits for the disk, as in production; it does on none of our databases for tests.
    """
    with contextlib.ExitStack() as stack:
        if connection == "memory":
            yield None
        elif waits and connection in FILES:
            yield FILES[connection].format(stack.enter_context(tempfile.TemporaryDirectory()))
        elif connection == "lmdb":
            with held_back():
                folder = LMDBDriver.provision(None)
                stack.callback(undisturbed, LMDBDriver.discard, folder)
            yield folder
        else:
            with held_back():
                database = make_database("sqlite:///nova.sqlite" if connection == "sqlite" else connection)
                stack.callback(undisturbed, drop_database, database)
            yield database


def driver_of(url: str | None) -> Any:
    """A driver on a database that is there; None: on a new one in memory."""
    kind = "memory" if url is None else "lmdb" if url.startswith("lmdb:") else "sqlite"
    return EMBEDDED[kind](url)


@contextlib.contextmanager
def database(connection: str, *, waits: bool = True) -> Iterator[tuple[Any, str]]:
    """A driver on a private, empty database, and what it is; the arguments are those of ``made``."""
    with made(connection, waits=waits) as url:
        driver = driver_of(url)
        try:
            driver.engine.create_schema()
            yield driver, server_of(driver)
        finally:
            driver.close()


def server_of(driver: Any) -> str:
    """What a driver works on, its version included."""
    described = driver.engine.describe()
    return str(described.get("server", described["engine"]))
