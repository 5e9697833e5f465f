"""The option ``[database] slave_connection``, on each SQL server."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import nova_db
from nova_db.context import RequestContext
from nova_db.exceptions import DBConnectionError
from nova_db.operations import EngineDriver
from nova_db_sqlalchemy import SQLAlchemyDriver, SQLEngine, migrations
from nova_db_sqlalchemy.provisioning import make_database
from nova_db_sqlalchemy.tables.metadata import VERSION_TABLE
from tests.stale_reads.conftest import Make

Databases = tuple[str, str]


@pytest.fixture(params=["postgresql+psycopg", "mysql+pymysql"])
def nowhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a server that is not there, with a password."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens on it, and nobody else gets it
        yield f"{request.param}://nova:sesame@127.0.0.1:{taken.getsockname()[1]}/nova"


@contextlib.contextmanager
def migrated(server: str) -> Iterator[str]:
    """A database whose schema the migrations made."""
    url = make_database(server)
    try:
        migrations.upgrade(url)
        yield url
    finally:
        SQLAlchemyDriver.discard(url)


def set_revision(url: str, revision: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'"))
    engine.dispose()


def warnings(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.levelno >= logging.WARNING]


def test_without_it_there_is_no_replica(databases: Databases, configured: Make) -> None:
    assert configured(connection=databases[0]).replica is None
    assert configured(connection=databases[0], slave_connection="").replica is None


def test_it_belongs_to_the_configured_connection_alone(databases: Databases, configured: Make) -> None:
    options = {"connection": databases[0], "slave_connection": databases[1]}
    assert configured(**options).replica is not None
    assert configured(databases[0], **options).replica is not None
    assert configured(databases[1], **options).replica is None


def test_a_url_that_makes_no_sense_is_told_at_once(databases: Databases, configured: Make) -> None:
    with pytest.raises(ValueError, match="supported are") as caught:
        configured(connection=databases[0], slave_connection="oracle://nova:sesame@db2/nova")
    assert "sesame" not in str(caught.value)


def test_making_the_driver_connects_to_neither(configured: Make, nowhere: str) -> None:
    assert configured(connection=nowhere, slave_connection=nowhere).replica is not None


def test_connections_to_the_replica_come_from_a_pool_of_its_own(
    databases: Databases, configured: Make, context: RequestContext
) -> None:
    driver = configured(connection=databases[0], slave_connection=databases[1], max_pool_size=1, max_overflow=0)
    with driver.transaction(context):
        driver.service_get_all(context)  # has the primary's only connection
        assert driver.replica is not None
        other = EngineDriver(driver.engine, replica=driver.replica)
        with nova_db.allow_stale_reads():
            assert other.service_get_all(context) == []


def test_what_may_be_old_waits_for_nothing(databases: Databases, configured: Make) -> None:
    driver = configured(connection=databases[0], slave_connection=databases[1], mysql_wsrep_sync_wait=1)
    assert driver.replica is not None
    assert isinstance(driver.replica.engine, SQLEngine)
    assert driver.replica.engine.settings.wsrep_sync_wait is None
    assert driver.engine.settings.wsrep_sync_wait == 1


def test_a_server_that_is_not_there_is_one_warning_without_its_password(
    databases: Databases, configured: Make, context: RequestContext, nowhere: str, caplog: pytest.LogCaptureFixture
) -> None:
    # The patience is for the primary: with this one the test would not end.
    driver = configured(connection=databases[0], slave_connection=nowhere, max_retries=-1, retry_interval=3600)
    with nova_db.allow_stale_reads():
        for _ in range(3):
            assert driver.service_get_all(context) == []
    (warning,) = warnings(caplog)
    assert "127.0.0.1" in warning
    assert "3600 seconds" in warning
    assert "sesame" not in caplog.text
    assert "cannot be reached" in driver.describe()["replica"]
    assert "sesame" not in driver.describe()["replica"]


def test_a_file_that_is_not_there_is_no_different(
    databases: Databases, configured: Make, context: RequestContext, tmp_path: Path
) -> None:
    driver = configured(connection=databases[0], slave_connection=f"sqlite:///{tmp_path}/gone.sqlite")
    with nova_db.allow_stale_reads():
        assert driver.service_get_all(context) == []
    assert list(tmp_path.iterdir()) == []


def test_the_replica_answers_while_the_primary_is_down(
    databases: Databases, configured: Make, context: RequestContext, nowhere: str
) -> None:
    driver = configured(connection=nowhere, slave_connection=databases[1], db_max_retries=0)
    with pytest.raises(DBConnectionError):
        driver.service_get_all(context)
    with nova_db.allow_stale_reads():
        assert driver.service_get_all(context) == []


def test_a_database_without_tables_is_no_replica(
    databases: Databases, configured: Make, context: RequestContext, caplog: pytest.LogCaptureFixture
) -> None:
    empty = make_database(databases[0])
    SQLAlchemyDriver(empty).engine.server.prepare_place()  # a file that exists, on SQLite
    try:
        driver = configured(connection=databases[0], slave_connection=empty)
        with nova_db.allow_stale_reads():
            assert [driver.service_get_all(context) for _ in range(3)] == [[], [], []]
        (warning,) = warnings(caplog)
        assert "slave_connection names another database" in warning
        assert "its schema is not there" in warning
        driver.close()
    finally:
        SQLAlchemyDriver.discard(empty)


def test_a_replica_at_another_revision_is_not_read_from_until_it_has_caught_up(
    databases: Databases, configured: Make, context: RequestContext, caplog: pytest.LogCaptureFixture
) -> None:
    with migrated(databases[0]) as primary, migrated(databases[0]) as replica:
        head = migrations.head()
        set_revision(replica, "0000")
        driver = configured(connection=primary, slave_connection=replica, retry_interval=0)
        with nova_db.allow_stale_reads():
            driver.service_create(context, {"host": "a"})
            assert [each["host"] for each in driver.service_get_all(context)] == ["a"]
            assert [each["host"] for each in driver.service_get_all(context)] == ["a"]
            (warning,) = warnings(caplog)
            assert "at revision 0000" in warning
            assert f"at revision {head}" in warning
            set_revision(replica, head)
            assert driver.service_get_all(context) == []
        assert driver.describe()["replica"].endswith(f"schema {head}")
        driver.close()
