"""ORM sessions while a driver is bound: they work on its database, not on the configured one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from oslo_config import cfg

import nova_db
from nova_db import api, conf, exceptions
from nova_db.conf.defaults import refuse_default
from nova_db.context import get_admin_context
from nova_db.fixtures import DatabaseFixture
from nova_db_conformance.harness.scenarios import Backend
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
from nova_db_sqlalchemy.models import Service
from nova_db_sqlalchemy.session import create_engine, database_url, get_engine, get_session, session_scope

ADMIN = get_admin_context()
FURTHER = {"report_count": 0, "disabled": False, "deleted": 0}


@pytest.fixture(autouse=True)
def configured(tmp_path: Path) -> Iterator[str]:
    """The service's own database, which no test may touch."""
    url = f"sqlite:///{tmp_path}/own.sqlite"
    migrations.upgrade(url)
    options = conf.set_conf(cfg.ConfigOpts())
    options.set_override("connection", url, "database")
    yield url
    conf.set_conf(None)
    own = create_engine(url)
    with own.connect() as connection:
        assert connection.scalars(sa.select(Service.host)).all() == []
    own.dispose()
    get_engine(url).dispose()


def _hosts() -> list[str | None]:
    with session_scope() as session:
        return list(session.scalars(sa.select(Service.host).order_by(Service.id)))


def _store(host: str) -> None:
    nova_db.service_create(ADMIN, {"host": host, "binary": "b", "topic": "t"})


def _insert(connection: sa.Connection) -> None:
    false = "FALSE" if connection.dialect.name == "postgresql" else "0"
    columns = "host, report_count, disabled, deleted"
    connection.exec_driver_sql(f"INSERT INTO services ({columns}) VALUES ('driver', 0, {false}, 0)")


def _work() -> None:
    """Write by a call and by three kinds of sessions and statements, each seen by the other side."""
    _store("api")
    assert _hosts() == ["api"]
    with session_scope(write=True) as session:
        session.add(Service(host="orm"))
    with get_session() as session:
        session.execute(sa.insert(Service).values(host="statement", **FURTHER))
        session.commit()
    with get_engine().begin() as connection:
        _insert(connection)
    hosts = [service["host"] for service in nova_db.service_get_all(ADMIN)]
    assert hosts == ["api", "orm", "statement", "driver"]


def test_they_share_the_database_of_the_fixture_which_is_empty_again_for_the_next(server: Backend) -> None:
    for _ in range(2):  # one story
        with DatabaseFixture("sqlalchemy", server.connection):
            assert _hosts() == []
            _work()


@pytest.mark.parametrize("write", ["orm", "statement", "driver", "own"])
def test_what_sessions_alone_have_written_is_gone_with_the_fixture(server: Backend, write: str) -> None:
    for _ in range(2):  # one story
        with DatabaseFixture("sqlalchemy", server.connection) as database:
            database.reset()  # nothing is left to be looked at
            assert nova_db.service_get_all(ADMIN) == []
            if write == "orm":
                with session_scope(write=True) as session:
                    session.add(Service(host="h"))
            elif write == "statement":
                with session_scope(write=True) as session:
                    session.execute(sa.insert(Service).values(host="h", **FURTHER))
            else:
                engine = get_engine() if write == "driver" else create_engine()
                with engine.begin() as connection:
                    _insert(connection)
                if write == "own":
                    engine.dispose()
            assert len(nova_db.service_get_all(ADMIN)) == 1


def test_a_database_in_sqlites_memory_is_shared_as_well() -> None:
    with DatabaseFixture("sqlalchemy", "sqlite://"):
        _work()


def test_any_binding_counts_with_the_settings_of_its_driver(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/other.sqlite"
    migrations.upgrade(url)
    conf.get_conf().set_override("max_pool_size", 3, "database")
    with api.binding(SQLAlchemyDriver(url)) as driver:
        conf.get_conf().clear_override("max_pool_size", "database")
        assert get_engine() is get_engine()
        assert get_engine().pool.size() == 3  # type: ignore[attr-defined]
        assert database_url().database == get_engine().url.database == sa.make_url(url).database
        _work()
        driver.close()
    assert _hosts() == []


def test_no_connection_need_be_configured() -> None:
    conf.set_conf(cfg.ConfigOpts())
    allow = refuse_default(lambda: pytest.fail("the default database"))
    try:
        with DatabaseFixture("sqlalchemy"):
            _work()
    finally:
        allow()


def test_a_url_that_is_given_counts_more(configured: str) -> None:
    with DatabaseFixture():
        assert get_engine(configured).url.database == sa.make_url(configured).database


@pytest.mark.parametrize("ask", [get_engine, get_session, create_engine, database_url, _hosts])
def test_without_a_sql_database_they_are_refused(ask: object) -> None:
    assert callable(ask)
    with DatabaseFixture(), pytest.raises(exceptions.NotSupported) as caught:
        ask()
    assert "MemoryDriver" in str(caught.value)
    assert "DatabaseFixture('sqlalchemy'), or nova_db_backend = sqlalchemy" in str(caught.value)
