"""What tests of upgrades share: clients at work, and upgrades that pause, wait or are killed."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import Self

from nova_db.context import RequestContext, get_admin_context
from nova_db_sqlalchemy import SQLAlchemyDriver
from tests.migrations import databases

PATIENCE = 120
UPGRADE = """
import sys
from nova_db_sqlalchemy import migrations
print(migrations.upgrade(sys.argv[1]))
"""
PAUSE_BEFORE = """
import sys
from sqlalchemy import Engine, event
from nova_db_sqlalchemy import migrations
@event.listens_for(Engine, "before_cursor_execute")
def pause(connection, cursor, statement, *rest):
    if statement.lstrip().startswith(sys.argv[2]):
        print(sys.argv[2], flush=True)
        sys.stdin.readline()
print(migrations.upgrade(sys.argv[1]))
"""
DIE_BEFORE = """
import os, signal, sys
from sqlalchemy import Engine, event
from nova_db_sqlalchemy import migrations
left = int(sys.argv[2])
@event.listens_for(Engine, "before_cursor_execute")
def count(connection, cursor, statement, *rest):
    global left
    left -= not statement.lstrip().startswith(("SELECT", "SHOW", "PRAGMA"))
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
print(migrations.upgrade(sys.argv[1]))
"""


class Clients:
    """Two threads that call the API until they are told to stop: one writes and reads what it wrote, one only reads."""

    def __init__(self, driver: SQLAlchemyDriver) -> None:
        self.driver = driver
        self.context: RequestContext = get_admin_context()
        self.written: list[str] = []
        self.reads = 0
        self.failures: list[str] = []
        self._is_over = threading.Event()
        self._moved = threading.Condition()
        self._threads = [threading.Thread(target=self._repeat, args=[call]) for call in (self._write, self._read)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, *, writes: bool) -> None:
        """Wait until they have made some more calls, each from its beginning."""
        reads, written = self.reads + 2, len(self.written) + (2 if writes else 0)
        with self._moved:
            assert self._moved.wait_for(
                lambda: self.failures or (self.reads >= reads and len(self.written) >= written), PATIENCE
            )

    def _repeat(self, call: Callable[[], None]) -> None:
        while not self._is_over.is_set() and not self.failures:
            try:
                call()
            except Exception:  # noqa: BLE001 - the test tells it
                self.failures.append(traceback.format_exc())
            with self._moved:
                self._moved.notify_all()

    def _write(self) -> None:
        created = self.driver.instance_create(self.context, {"host": "new", "metadata": {"number": "many"}})
        uuid = created["uuid"]
        self.driver.instance_update(self.context, uuid, {"host": "moved"})
        self.driver.instance_metadata_update(self.context, uuid, {"number": uuid[:8]}, False)
        (found,) = self.driver.instance_get_all_by_filters(self.context, {"metadata": {"number": uuid[:8]}})
        assert (found["uuid"], found["host"]) == (uuid, "moved")
        moving = {"source_compute": "here", "source_node": uuid, "status": "migrating", "instance_uuid": uuid}
        made = self.driver.migration_create(self.context, moving)
        (found,) = self.driver.migration_get_in_progress_by_host_and_node(self.context, "here", uuid)
        assert found["id"] == made["id"]
        self.written.append(uuid)

    def _read(self) -> None:
        newest = self.driver.instance_get_all_by_filters(self.context, {"deleted": False}, "created_at", "desc", 5)
        assert len(newest) == 5
        (old,) = self.driver.instance_get_all_by_filters(self.context, {"metadata": {"number": "123"}})
        assert (old["uuid"], old["host"]) == ("123", "old")
        self.reads += 1


def await_waiting(url: str, beginning: str) -> int:
    """Wait until a statement that begins so waits for a transaction; the number of the connection that it runs on."""
    if databases.is_mysql(url):
        query = (
            f"SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '{beginning}%%' "
            "AND state = 'Waiting for table metadata lock'"
        )
    else:
        query = (
            f"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '{beginning}%%' "
            "AND wait_event_type = 'Lock'"
        )
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with databases.connected(url) as connection:
            found: int | None = connection.exec_driver_sql(query).scalar()
        if found is not None:
            return found
        time.sleep(0.05)
    raise AssertionError(f"no {beginning} is waiting")
