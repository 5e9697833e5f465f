"""A driver on a primary and its standby, and what a test may do to these."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import psycopg
import pytest
import sqlalchemy as sa
from oslo_config import cfg

import nova_db
from nova_db.conf import register_opts
from nova_db.context import get_admin_context
from nova_db.engine import Transaction
from nova_db.operations import Replica
from nova_db.operations.running.declarations import reads
from nova_db.operations.running.replicas import ReplicaUnavailable
from nova_db_sqlalchemy import SQLAlchemyDriver, SQLEngine
from scripts.servers.replica import Standby

VARIABLE: Final = "NOVA_DB_TEST_REPLICA"
"""Holds the URLs of both, as `python -m scripts.servers replica url` prints them."""
PATIENCE: Final = 60
COUNTS: Counter[str] = Counter()
"""What the run did, for its closing lines."""
_WRITING: Final = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\b")
_counting = threading.Lock()


def count(what: str, number: int = 1) -> None:
    with _counting:
        COUNTS[what] += number


class CountingReplica(Replica):
    """One that counts who answered."""

    def read(self, call: Callable[[Transaction], Any], *, snapshot: bool) -> Any:
        try:
            result = super().read(call, snapshot=snapshot)
        except ReplicaUnavailable:
            why = "the standby was down" if self.is_down else "the replay ended them on the standby (40001)"
            count(f"stale reads answered by the primary: {why}")
            raise
        except Exception:
            count("stale reads answered by the standby")  # that something is not found is an answer
            raise
        count("stale reads answered by the standby")
        return result


def urls() -> tuple[sa.URL, sa.URL]:
    """Primary and standby."""
    primary, standby = os.environ[VARIABLE].split()
    return sa.make_url(primary), sa.make_url(standby)


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait until something that others do has happened."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE} seconds in vain: {what}")
        time.sleep(0.005)


def ask(url: sa.URL, query: str) -> list[tuple[Any, ...]]:
    """Ask a server directly; again where a standby gave the question up for what it had to replay."""
    where: dict[str, Any] = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
    while True:
        with (
            contextlib.suppress(psycopg.errors.SerializationFailure),
            psycopg.connect(**where, autocommit=True) as connection,
        ):
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []


class LookingDriver(SQLAlchemyDriver):
    """A driver with a reading function that can be interrupted."""

    def __init__(self, connection: str | None, conf: Any) -> None:
        super().__init__(connection, conf)
        assert self.replica is not None
        self.replica.__class__ = CountingReplica

    @reads()
    def look(self, tx: Transaction, context: Any, meanwhile: Callable[[], None]) -> int:
        """Look at two tables, in one snapshot; the number of services."""
        tx.aggregate("instances")
        meanwhile()
        found: int = tx.aggregate("services")[0]["count"]
        return found


class World:
    """A driver on a new database of the pair."""

    def __init__(self, primary: sa.URL, standby: sa.URL, log: pytest.LogCaptureFixture) -> None:
        self.name = f"nova-{uuid.uuid4().hex[:12]}"
        self.primary = primary.update_query_dict({"application_name": self.name})
        self.standby = standby.set(database=primary.database).update_query_dict({"application_name": self.name})
        self.context = get_admin_context()
        self.driver = self.new_driver()
        self.log = log
        self.writes: Counter[str] = Counter()
        self._observers: list[Counter[str]] = []

    def new_driver(self) -> LookingDriver:
        conf = cfg.ConfigOpts()
        register_opts(conf)
        for name, value in {
            "connection": self.primary.render_as_string(hide_password=False),
            "slave_connection": self.standby.render_as_string(hide_password=False),
            "retry_interval": 1,
        }.items():
            conf.set_override(name, value, group="database")
        return LookingDriver(None, conf)

    @property
    def replica(self) -> Replica:
        assert self.driver.replica is not None
        return self.driver.replica

    @property
    def standby_engine(self) -> SQLEngine:
        engine = self.replica.engine
        assert isinstance(engine, SQLEngine)
        return engine

    # ------------------------------------------------------------------------------------------ calls

    def create(self, host: str) -> Any:
        return self.driver.service_create(self.context, {"host": host, "binary": "nova-compute", "topic": "compute"})

    def hosts(self) -> list[str]:
        """The hosts of the services, as a read that must be fresh sees them."""
        return [service["host"] for service in self.driver.service_get_all(self.context)]

    def stale_hosts(self) -> list[str]:
        """The same, as a read that may be stale sees them."""
        with nova_db.allow_stale_reads():
            return self.hosts()

    def told(self, level: int = logging.WARNING) -> list[str]:
        """What the test has logged of the replica at a level."""
        records = self.log.get_records("call")
        return [each.getMessage() for each in records if each.levelno == level and "replica" in each.name]

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Note all statements that the driver sends in a block, by server."""
        primary, standby = partial(self._note, "primary"), partial(self._note, "standby")
        with self.driver.engine.observe(primary), self.standby_engine.observe(standby):
            yield

    @contextlib.contextmanager
    def observed(self) -> Iterator[Counter[str]]:
        """How many selects each server gets in a block, by ``primary`` and ``standby``."""
        seen: Counter[str] = Counter()
        self._observers.append(seen)
        yield seen
        self._observers.remove(seen)

    def _note(self, server: str, statement: str) -> None:
        if _WRITING.search(statement):
            self.writes[server] += 1
            count(f"statements that write, on the {server}")
        elif statement.lstrip().startswith("SELECT"):
            count(f"statements that read, on the {server}")
            with _counting:
                for seen in self._observers:
                    seen[server] += 1

    # ---------------------------------------------------------------------------------------- servers

    def catch_up(self) -> None:
        """Wait until the standby has replayed what the primary has written."""
        # A commit that waits for the log, because records of open transactions are else sent at leisure.
        flushing = "SET synchronous_commit = on; SELECT pg_logical_emit_message(true, '', '')"
        ask(self.primary, flushing)
        ((written,),) = ask(self.primary, "SELECT pg_current_wal_flush_lsn()")
        query = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
        until(lambda: ask(self.standby.set(database="postgres"), query)[0][0], "the standby catches up")

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Replay nothing for the length of a block."""
        ask(self.standby, "SELECT pg_wal_replay_pause()")
        until(lambda: ask(self.standby, "SELECT pg_get_wal_replay_pause_state() = 'paused'")[0][0], "the replay pauses")
        count("pauses of the replay")
        try:
            yield
        finally:
            ask(self.standby, "SELECT pg_wal_replay_resume()")
        self.catch_up()

    @contextlib.contextmanager
    def halted(self) -> Iterator[None]:
        """A standby that crashed, for the length of a block."""
        assert self.standby.port is not None
        Standby().halt()
        count("crashes of the standby")
        try:
            yield
        finally:
            Standby().resume(self.standby.port)

    def sessions(self, server: sa.URL, what: str) -> list[Any]:
        """Something of the sessions that the driver has on a server, as the server sees them."""
        mine = f"FROM pg_stat_activity WHERE application_name = '{self.name}' AND pid <> pg_backend_pid()"
        return [value for (value,) in ask(server, f"SELECT {what} {mine}")]
