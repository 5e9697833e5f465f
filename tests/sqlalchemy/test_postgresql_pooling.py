"""PostgreSQL by way of a PgBouncer that gives each transaction another of three connections of the server."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from oslo_config import cfg

from nova_db.cli import main
from nova_db.conf import register_opts
from nova_db.exceptions import DBError
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
from nova_db_sqlalchemy.postgresql.sessions import Told
from nova_db_sqlalchemy.provisioning import drop_database, make_database
from nova_db_sqlalchemy.session import create_engine, session_scope
from scripts.servers.pgbouncer import PgBouncer
from tests.migrations.databases import administrator
from tests.sqlalchemy.exactness import ADMIN, POSTGRESQL_SETTINGS, assert_exact

Drivers = Callable[..., SQLAlchemyDriver]
THREADS = 10
TOLD = "SELECT current_setting('lock_timeout'), current_setting('TimeZone'), current_setting('extra_float_digits')"


@pytest.fixture(scope="session")
def pooled(server: str) -> str:
    """The URL of a database with tables, by way of the pooler."""
    pooler = sa.make_url(PgBouncer().url())
    return sa.make_url(server).set(host=pooler.host, port=pooler.port).render_as_string(hide_password=False)


@pytest.fixture
def drivers(pooled: str) -> Iterator[Drivers]:
    """``drivers(**options)`` makes drivers, with options of ``[database]``."""
    made: list[SQLAlchemyDriver] = []

    def make(**options: Any) -> SQLAlchemyDriver:
        conf = cfg.ConfigOpts()
        register_opts(conf)
        for name, value in {"connection": pooled, "max_retries": 0, **options}.items():
            conf.set_override(name, value, group="database")
        made.append(SQLAlchemyDriver(conf=conf))
        return made[-1]

    yield make
    made[0].engine.clear()
    for driver in made:
        driver.close()


def _told(driver: SQLAlchemyDriver) -> Any:
    """What a transaction is told."""
    transaction: Any = driver.engine.write()
    transaction.hold()
    cursor = transaction._connection.cursor
    cursor.execute(TOLD.encode())
    rows = cursor.fetchall()
    transaction.rollback()
    return rows


def _in_threads(work: Callable[[int], None]) -> None:
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_values_and_rules_hold_whatever_is_set(server: str, pooled: str) -> None:
    url = make_database(server)
    migrations.upgrade(url)
    name = str(sa.make_url(url).database)
    with administrator(sa.make_url(server)) as connection:
        for setting, value in POSTGRESQL_SETTINGS.items():  # one story: a database that is set against us altogether
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET {setting} = '{value}'")
    assert_exact(sa.make_url(pooled).set(database=name).render_as_string(hide_password=False))
    drop_database(url)


def test_each_transaction_is_told_and_no_session(drivers: Drivers, pooled: str) -> None:
    made = [drivers(lock_timeout=seconds) for seconds in (5, 7)]

    def work(number: int) -> None:
        driver = made[number % 2]
        for place in range(10):  # one story: the transactions of one client
            with driver.transaction(ADMIN):
                driver.service_create(ADMIN, {"host": f"{number}-{place}", "binary": "b", "topic": "pooled"})
            assert _told(driver) == [(f"{(5, 7)[number % 2]}s", "UTC", "1")]

    _in_threads(work)
    assert all(driver.engine.server.is_pooled for driver in made)
    assert len([row for row in made[0].service_get_all(ADMIN) if row["topic"] == "pooled"]) == THREADS * 10
    url = sa.make_url(pooled)
    for _ in range(10):  # one story: whichever session it is
        with psycopg.connect(host=url.host, port=url.port, user=url.username, dbname=url.database) as plain:
            assert plain.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_a_transaction_is_told_with_the_statement_that_begins_it(drivers: Drivers) -> None:
    driver, sent = drivers(), list[str]()
    driver.service_get_all(ADMIN)
    with driver.engine.observe(sent.append):
        driver.service_get_all(ADMIN)
        driver.service_create(ADMIN, {"host": "a", "binary": "b", "topic": "t"})
    begins = [statement for statement in sent if statement.startswith("BEGIN")]
    assert len(begins) == 2
    assert all(Told(30, None, {"jit": "off"}).transaction in statement for statement in begins)
    assert not any(statement.startswith("SET") for statement in sent)


def test_nobody_is_given_what_another_has(drivers: Drivers) -> None:
    driver = drivers(max_pool_size=THREADS)
    network = driver.network_create_safe(ADMIN, {"project_id": "p"})
    for number in range(THREADS):
        driver.fixed_ip_create(ADMIN, {"address": f"10.0.0.{number}", "network_id": network["id"], "reserved": False})
    instances = [driver.instance_create(ADMIN, {"host": "h"})["uuid"] for _ in range(THREADS)]
    given: list[str] = []

    def work(number: int) -> None:
        given.append(driver.fixed_ip_associate_pool(ADMIN, network["id"], instances[number]))

    _in_threads(work)
    assert len(set(given)) == THREADS


def test_sessions_of_sqlalchemy_are_told_and_prepare_nothing(drivers: Drivers, pooled: str) -> None:
    drivers().service_create(ADMIN, {"host": "a", "binary": "b", "topic": "t"})
    for _ in range(2):
        engine = create_engine(pooled)
        for _ in range(8):
            with engine.begin() as connection:
                assert connection.execute(sa.text(TOLD)).one() == ("30s", "UTC", "1")
                found = connection.execute(sa.text("SELECT host FROM services WHERE deleted = :no"), {"no": 0})
                assert found.scalars().all() == ["a"]
        engine.dispose()
    with session_scope(pooled) as session:
        assert session.execute(sa.text("SHOW transaction_isolation")).scalar() == "read committed"


def test_where_the_option_says_that_there_is_none_the_error_names_it(drivers: Drivers) -> None:
    def work(clients: int, pooling: bool | None) -> None:
        for _ in range(clients):  # whoever comes second finds what the first has prepared
            driver = drivers(postgresql_transaction_pooling=pooling)
            for _ in range(10):
                driver.service_get_all(ADMIN)

    told = "Set [database] postgresql_transaction_pooling = true"
    with pytest.raises(DBError) as refused:
        work(4, pooling=False)
    assert told in str(refused.value)
    assert type(refused.value) is DBError
    for pooling in (None, True):  # one story: as it should be set
        work(4, pooling=pooling)


def test_upgrades_are_refused_and_the_rest_is_not(
    server: str, pooled: str, subtests: pytest.Subtests, capsys: pytest.CaptureFixture[str]
) -> None:
    migrations.stamp(server, "0004")
    told = "A pooler such as PgBouncer is on the way to the database"
    for refused in (migrations.upgrade, migrations.stamp):
        with subtests.test(refused=refused), pytest.raises(migrations.SchemaError, match=told):
            refused(pooled)
    engine = sa.create_engine(pooled)
    with pytest.raises(migrations.SchemaError, match=told), contextlib.closing(engine.connect()):
        migrations.upgrade(engine)
    engine.dispose()
    assert main(["--connection", pooled, "sync"]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    migrations.stamp(server)
    assert migrations.check(pooled) == []
    assert migrations.status(pooled)["synced"]
    assert main(["--connection", pooled, "check"]) == 0
