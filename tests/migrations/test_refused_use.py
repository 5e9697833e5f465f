"""A database of a later release, or one that is half made, is refused by whatever opens it, not by upgrades only."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from oslo_config import cfg

import nova_db
from nova_db.cli import main
from nova_db.conf import register_opts
from nova_db.context import get_admin_context
from nova_db.moving import compare, copy
from nova_db.upkeep import archive
from nova_db_conformance.harness.scenarios import Backend
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations, schema
from nova_db_sqlalchemy.migrations import configuration, suiting
from nova_db_sqlalchemy.migrations.state import MARK
from nova_db_sqlalchemy.session import create_engine, get_engine, get_session, session_scope
from tests.cli.cases import complaints
from tests.migrations import databases

REFUSED = r"revision '9999', which this release does not know \(its newest is \d+\)"
LOST = REFUSED + ".* lost on the way"


def _read(url: str) -> None:
    with contextlib.closing(SQLAlchemyDriver(url)) as driver:
        driver.service_get_all(get_admin_context())


def _write(url: str) -> None:
    with contextlib.closing(SQLAlchemyDriver(url)) as driver:
        driver.service_create(get_admin_context(), {"host": "h"})


def _describe(url: str) -> None:
    with contextlib.closing(SQLAlchemyDriver(url)) as driver:
        driver.describe()


def _snapshot(url: str) -> None:
    with contextlib.closing(SQLAlchemyDriver(url)) as driver:
        driver.engine.read().aggregate("services")


def _report(url: str) -> None:
    with session_scope(url) as session:
        session.execute(sa.text("SELECT 1"))


def _session(url: str) -> None:
    with get_session(url) as session:
        session.execute(sa.text("SELECT 1"))


def _engine(url: str) -> None:
    with get_engine(url).connect():
        pass


USES: list[Callable[[str], object]] = [
    _read,
    _write,
    _describe,
    _snapshot,
    _report,
    _session,
    _engine,
    migrations.upgrade,
    migrations.script,
]


@pytest.fixture(scope="module")
def future(server: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database that a later release has upgraded."""
    with databases.empty_database(server, tmp_path_factory.mktemp("future")) as url:
        migrations.upgrade(url)
        databases.set_version(url, "9999")
        yield url


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_of_a_later_release(future: str, use: Callable[[str], object]) -> None:
    for _ in range(2):  # no less the second time
        with pytest.raises(migrations.SchemaError, match=REFUSED):
            use(future)
    with databases.connected(future) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM services").scalar() == 0


@pytest.mark.parametrize("command", ["sync", "sync --sql", "version", "status", "seed", "demo --quiet"])
def test_the_command_says_so_in_one_line(future: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--connection", future, *command.split()]) == 2
    printed = capsys.readouterr()
    (line,) = complaints(printed.err)
    assert "'9999', which this release does not know" in line
    assert printed.out == ""


def test_check_tells_the_revision(future: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--connection", future, "check"]) == 1
    head = migrations.head()
    assert capsys.readouterr().out == f"revision of table nova_db_version is 9999, should be {head}\n"


def test_a_replica_of_a_later_release(future: str) -> None:
    conf = cfg.ConfigOpts()
    register_opts(conf)
    conf.set_override("connection", future, "database")
    conf.set_override("slave_connection", future, "database")
    driver = SQLAlchemyDriver(conf=conf)
    with nova_db.allow_stale_reads(), pytest.raises(migrations.SchemaError, match=REFUSED):
        driver.instance_get_all(get_admin_context())
    driver.close()


def test_a_driver_at_work_goes_on(upgraded: str) -> None:
    with contextlib.closing(SQLAlchemyDriver(upgraded)) as driver:
        driver.service_create(get_admin_context(), {"host": "before"})
        databases.set_version(upgraded, "9999")
        driver.engine.pool.close()
        assert [service["host"] for service in driver.service_get_all(get_admin_context())] == ["before"]


def _upgrade_to_a_later_release(url: str, since: str) -> None:
    with databases.connected(url) as connection:
        for statement in suiting.statements({"9999": since}):  # one story
            connection.exec_driver_sql(statement)
    databases.set_version(url, "9999")


def test_one_that_this_release_can_use_is_used_and_told(upgraded: str, caplog: pytest.LogCaptureFixture) -> None:
    _upgrade_to_a_later_release(upgraded, since=migrations.head())
    with caplog.at_level(logging.WARNING):
        _write(upgraded)
    (told,) = (record.getMessage() for record in caplog.records if "schema revision" in record.getMessage())
    assert told.startswith("The database is at schema revision 9999 of a later release than this one, whose newest is")


def test_one_that_only_later_releases_can_use(upgraded: str) -> None:
    _upgrade_to_a_later_release(upgraded, since="9998")
    with pytest.raises(migrations.FutureSchema, match=REFUSED):
        _write(upgraded)


def _archive_by_hand(driver: SQLAlchemyDriver) -> object:
    return driver.archive_deleted_rows(get_admin_context())


def _copy(driver: SQLAlchemyDriver) -> object:
    return copy(driver.engine, driver.engine)


def _compare(driver: SQLAlchemyDriver) -> object:
    return compare(driver.engine, driver.engine)


def test_rows_are_not_taken_from_one_where_they_may_have_more(upgraded: str, subtests: pytest.Subtests) -> None:
    admin = get_admin_context()
    with contextlib.closing(SQLAlchemyDriver(upgraded)) as there, contextlib.closing(SQLAlchemyDriver(upgraded)) as new:
        there.service_destroy(admin, there.service_create(admin, {"host": "h"})["id"])
        _upgrade_to_a_later_release(upgraded, since=migrations.head())
        for driver, take in itertools.product((there, new), (archive, _archive_by_hand, _copy, _compare)):
            with subtests.test(take=take, is_new=driver is new), pytest.raises(migrations.FutureSchema, match=LOST):
                take(driver)
        assert new.service_get_all(admin) == []
    with databases.connected(upgraded) as connection:
        for table, rows in (("services", 1), ("shadow_services", 0)):  # one story
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == rows


def test_a_version_that_was_lost(upgraded: str, subtests: pytest.Subtests) -> None:
    with databases.connected(upgraded) as connection:
        connection.exec_driver_sql("DELETE FROM nova_db_version")
    for use in (_read, _write, _report):
        with subtests.test(use=use), pytest.raises(migrations.UnversionedSchema, match="but no schema version"):
            use(upgraded)


@databases.only_on("mysql", "mariadb")
def test_one_that_is_half_made(empty: str, subtests: pytest.Subtests) -> None:
    engine = create_engine(empty)
    with pytest.raises(OSError, match="the disk is full"), databases.failing(engine, at=30):
        migrations.upgrade(engine)
    engine.dispose()
    for use in (*[use for use in USES if use is not migrations.upgrade], migrations.require_usable):
        with subtests.test(use=use), pytest.raises(migrations.InterruptedUpgrade, match="`nova-db sync` again"):
            use(empty)


@databases.only_on("mysql", "mariadb")
def test_an_upgrade_that_was_cut_short_before_it_began_has_changed_nothing(upgraded: str) -> None:
    with databases.connected(upgraded) as connection:
        MARK.create(connection)
    _write(upgraded)
    assert migrations.status(upgraded)["synced"]
    assert migrations.check(upgraded) == []


@pytest.mark.usefixtures("needs_no_revision")
@databases.only_on("mysql", "mariadb")
def test_one_that_is_being_upgraded_is_used_and_looked_at_again(upgraded: str) -> None:
    databases.set_version(upgraded, "0001")
    with contextlib.closing(SQLAlchemyDriver(upgraded)) as driver:
        with databases.upgrading(upgraded, "0001", "9999"):
            assert driver.service_get_all(get_admin_context()) == []
            driver.engine.pool.close()
            assert driver.service_get_all(get_admin_context()) == []
        databases.set_version(upgraded, "9999")
        driver.engine.pool.close()
        with pytest.raises(migrations.FutureSchema):
            driver.service_get_all(get_admin_context())


@pytest.mark.usefixtures("needs_no_revision")
def test_one_that_is_behind_is_used_and_told(empty: str, caplog: pytest.LogCaptureFixture) -> None:
    databases.upgrade_part_of_the_way(empty, "0001")
    with caplog.at_level(logging.WARNING):
        _write(empty)
    (told,) = (record.getMessage() for record in caplog.records if "schema revision" in record.getMessage())
    assert told == (
        f"The database is at schema revision 0001, behind this release's {migrations.head()}; nova-db sync upgrades it."
    )


def test_one_without_a_version_is_used(empty: str) -> None:
    databases.create_unversioned(empty)
    _write(empty)
    _report(empty)


def test_revisions_are_known_by_their_files() -> None:
    assert list(schema.revisions()) == configuration.revisions()
