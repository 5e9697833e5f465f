"""Disks that are full, for real; `make test-failures` runs this, as root, because small disks are mounted for it."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from nova_db.exceptions import DBCommitUnknown, DBConnectionError
from nova_db_sqlalchemy import SQLAlchemyDriver
from scripts.servers.failing import FailingMariaDB, FailingPostgreSQL, SmallDisk
from tests.failures.full_disks import TOO_MANY, FullDisk, boot, instances
from tests.failures.helpers import with_tables
from tests.failures.operators import operator_of


@pytest.fixture
def enlarge(disk: SmallDisk) -> Callable[[], None]:
    """Makes room on the disk."""
    return lambda: disk.enlarge(512)


def opened(url: sa.URL) -> SQLAlchemyDriver:
    """A driver on a database that gets its tables."""
    return SQLAlchemyDriver(with_tables(url))


class TestSQLite(FullDisk):
    """A file on a small disk."""

    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[SmallDisk]:
        disk = SmallDisk(tmp_path / "small", 8)
        yield disk
        disk.remove()

    @pytest.fixture
    def driver(self, disk: SmallDisk) -> Iterator[SQLAlchemyDriver]:
        with contextlib.closing(opened(sa.URL.create("sqlite", database=str(disk.folder / "nova.sqlite")))) as driver:
            yield driver


class TestPostgreSQL(FullDisk):
    """A tablespace on a small disk; the server's log is on another one."""

    @pytest.fixture
    def disk(self, failing_postgresql: FailingPostgreSQL) -> Iterator[SmallDisk]:
        disk = failing_postgresql.mount(failing_postgresql.home / "small", 48)
        yield disk
        disk.remove()

    @pytest.fixture
    def driver(self, failing_postgresql: FailingPostgreSQL, disk: SmallDisk) -> Iterator[SQLAlchemyDriver]:
        url = sa.make_url(failing_postgresql.url())
        with contextlib.closing(operator_of(url)) as operator:
            operator.run(f"CREATE TABLESPACE small LOCATION '{disk.folder}'")
            operator.run("CREATE DATABASE small TABLESPACE small")
            with contextlib.closing(opened(url.set(database="small"))) as driver:
                yield driver
            operator.run("DROP DATABASE small WITH (FORCE)")
            operator.run("DROP TABLESPACE small")


class LoggingPostgreSQL(FailingPostgreSQL):
    """A PostgreSQL with its log on a small disk, its tables on another one."""

    name = "failing-postgresql-log"

    def __enter__(self) -> SmallDisk:
        self.begin()
        self.stop()
        log, aside = self.data / "pg_wal", self.home / "pg_wal"
        log.rename(aside)
        self.disk = self.mount(log, 48)
        subprocess.run(["cp", "--archive", f"{aside}/.", log], check=True)
        self.resume()
        return self.disk

    def __exit__(self, *error: object) -> None:
        self.stop()
        self.disk.remove()
        self.remove()


def test_postgresql_ends_when_its_log_is_full() -> None:
    process = LoggingPostgreSQL()
    with process as disk, contextlib.closing(SQLAlchemyDriver(with_tables(sa.make_url(process.url())))) as driver:
        done: list[int] = []

        def work() -> None:
            for number in range(TOO_MANY):
                boot(driver)
                done.append(number)

        with pytest.raises((DBConnectionError, DBCommitUnknown)) as caught:
            work()
        process.crash()  # if it has not done so by itself
        disk.enlarge(512)
        process.resume()
        assert instances(driver) - len(done) in ({0} if caught.type is DBConnectionError else {0, 1})
        assert done
        boot(driver)


class TestMariaDB(FullDisk):
    """The folder of a database on a small disk; the server's log is on another one."""

    @pytest.fixture
    def database(self, failing_mariadb: FailingMariaDB) -> sa.URL:
        url = sa.make_url(failing_mariadb.url())
        name = f"small_{secrets.token_hex(4)}"  # the disk goes first, so that the server cannot forget the tables
        with contextlib.closing(operator_of(url)) as operator:
            operator.run(f"CREATE DATABASE {name}")
        return url.set(database=name)

    @pytest.fixture
    def disk(self, failing_mariadb: FailingMariaDB, database: sa.URL) -> Iterator[SmallDisk]:
        disk = failing_mariadb.mount(failing_mariadb.data / str(database.database), 64)
        yield disk
        disk.remove()

    @pytest.fixture
    def driver(self, database: sa.URL, disk: SmallDisk) -> Iterator[SQLAlchemyDriver]:
        with contextlib.closing(opened(database)) as driver:
            yield driver
