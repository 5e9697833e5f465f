"""Engines and sessions on the configured database."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from nova_db import conf
from nova_db_sqlalchemy.models import Service
from nova_db_sqlalchemy.session import create_engine, database_url, get_engine, get_session, session_scope


@pytest.fixture(autouse=True)
def configured(database: str) -> Iterator[None]:
    """The configuration names the database; what a test stores there is removed."""
    options = conf.set_conf(cfg.ConfigOpts())
    options.set_override("connection", database, "database")
    yield
    with session_scope(write=True) as session:
        session.execute(sa.delete(Service))
    conf.set_conf(None)
    get_engine(database).dispose()


def _hosts() -> list[str | None]:
    with session_scope() as session:
        return list(session.scalars(sa.select(Service.host).order_by(Service.id)))


def test_without_arguments_it_is_the_configured_database(database: str) -> None:
    assert get_engine() is get_engine(database)
    with get_session() as session:
        assert isinstance(session, orm.Session)
        assert session.get_bind() is get_engine()
        session.add(Service(host="h"))
        session.commit()
    assert _hosts() == ["h"]


def test_arguments_go_to_the_session() -> None:
    with get_session(expire_on_commit=False) as session:
        service = Service(host="h")
        session.add(service)
        session.commit()
    assert service.host == "h"


def test_a_scope_commits_at_its_end() -> None:
    with session_scope(write=True) as session:
        session.add(Service(host="h"))
    assert _hosts() == ["h"]


def test_a_scope_that_raises_is_rolled_back() -> None:
    def fail_half_way() -> None:
        with session_scope(write=True) as session:
            session.add(Service(host="h"))
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert _hosts() == []


def test_a_reader_does_not_stop_a_writer() -> None:
    with session_scope() as reader:
        assert reader.scalars(sa.select(Service.host)).all() == []
        with session_scope(write=True) as writer:
            writer.add(Service(host="h"))
    assert _hosts() == ["h"]


def test_foreign_keys_are_enforced() -> None:
    with session_scope() as session, pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(sa.text("INSERT INTO consoles (instance_uuid) VALUES ('nobody')"))


def test_an_engine_survives_a_fork() -> None:
    assert _hosts() == []
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with session_scope(write=True) as session:
                session.add(Service(host="child"))
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert _hosts() == ["child"]


@pytest.mark.parametrize(
    "written, used",
    [
        ("postgresql://u:p@h/nova", "postgresql+psycopg://u:p@h/nova"),
        ("mysql://u:p@h/nova", "mysql+pymysql://u:p@h/nova"),
        ("mariadb://u:p@h/nova", "mariadb+pymysql://u:p@h/nova"),
        ("mysql+mysqldb://u:p@h/nova", "mysql+mysqldb://u:p@h/nova"),
        ("sqlite:///nova.sqlite", "sqlite:///nova.sqlite"),
    ],
)
def test_the_driver_library_may_be_left_open(written: str, used: str) -> None:
    assert database_url(written).render_as_string(hide_password=False) == used


@pytest.mark.parametrize("text", ["no url at all", "oracle://u:p@h/nova", "mariadb://u@h/nova?host=a"])
def test_what_is_no_url_of_a_supported_database(text: str) -> None:
    with pytest.raises(sa.exc.ArgumentError) as caught:
        database_url(text)
    assert isinstance(caught.value, ValueError)
    with pytest.raises(sa.exc.ArgumentError):
        create_engine(text)


@pytest.mark.parametrize("text", ["postgresql://u@h/nova?password=sesame", "mysql://u@h/nova?passwd=sesame"])
def test_a_password_in_the_query_is_not_shown(text: str) -> None:
    url = database_url(text)
    assert (url.password, dict(url.query)) == ("sesame", {})
    assert "sesame" not in repr(create_engine(text))


def test_a_database_in_memory_has_one_connection() -> None:
    engine = get_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (id INTEGER)")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT * FROM kept").all() == []
    engine.dispose()
