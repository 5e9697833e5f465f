"""URLs, private databases, and the driver made of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from nova_db import conf, offers
from nova_db_conformance import decision
from nova_db_sqlalchemy import SQLAlchemyDriver, SQLEngine, url
from nova_db_sqlalchemy.connections.administration import THROWAWAY
from nova_db_sqlalchemy.provisioning import drop_database, make_database
from nova_db_sqlalchemy.settings import Settings
from tests.sqlalchemy.helpers import insert, select


@pytest.mark.parametrize(
    "given, name",
    [
        ("sqlite://", "sqlite+pysqlite"),
        ("sqlite:///nova.sqlite", "sqlite+pysqlite"),
        ("postgresql://a:b@c/d", "postgresql+psycopg"),
        ("postgresql+psycopg://a:b@c/d", "postgresql+psycopg"),
        ("mysql+mysqldb://a:b@c/d", "mysql+mysqldb"),
        ("mariadb+mysqldb://a:b@c/d", "mariadb+mysqldb"),
    ],
)
def test_the_driver_library_is_ours(given: str, name: str) -> None:
    assert url.parse(given).drivername == name


@pytest.mark.parametrize(
    "given, message",
    [
        ("nonsense", "not of the form"),
        ("oracle://a:sesame@c/d", "supported are .*sqlite"),
        ("postgresql+psycopg2://a:sesame@c/d", "leave out"),
        ("postgresql://a:sesame@c:port/d", "something else than a number where a port is expected"),
    ],
)
def test_urls_that_are_refused(given: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        SQLEngine(given)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    ["sqlite:///{folder}/none.sqlite", "postgresql://a:sesame@127.0.0.1:1/d", "mysql+pymysql://a:sesame@127.0.0.1:1/d"],
)
def test_what_is_not_there_is_not_reachable_and_not_waited_for(
    given: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    options = cfg.ConfigOpts()
    conf.register_opts(options)
    for name, value in {"connection": given.format(folder=tmp_path), "max_retries": 3, "retry_interval": 0}.items():
        options.set_override(name, value, "database")
    driver = SQLAlchemyDriver(conf=options)
    offered = offers.HEALTH.of(driver)
    assert offered is driver
    found = driver.health()
    assert (found["reachable"], found["revision"], found["location"]) == (False, None, driver.engine.location())
    assert found["problem"]
    assert "sesame" not in str(found)
    assert "Trying again" not in caplog.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "given, expected",
    [
        ("sqlite://", True),
        ("sqlite:///:memory:", True),
        ("sqlite:///file:x?mode=memory&uri=true", True),
        ("sqlite:///x", False),
        ("postgresql://c/d", False),
    ],
)
def test_what_is_in_memory(given: str, expected: bool) -> None:
    assert url.is_memory(url.parse(given)) is expected


@decision(28)
def test_a_private_database(server: str) -> None:
    made = make_database(server)
    assert made != server
    assert THROWAWAY in made
    engine = SQLEngine(made)
    engine.create_schema()
    insert(engine, "services", {"host": "a"})
    drop_database(made)  # while it is in use
    drop_database(made)
    engine.close()


@decision(28)
def test_no_other_database_is_dropped(server: str, tmp_path: Path) -> None:
    parsed = sa.make_url(server)
    other = parsed.set(database=str(tmp_path / "precious")).render_as_string(hide_password=False)
    (tmp_path / "precious").touch()
    with pytest.raises(ValueError, match="stays"):
        drop_database(other)
    assert (tmp_path / "precious").exists()


@decision(28)
def test_a_sqlite_url_stands_for_a_temporary_file(tmp_path: Path) -> None:
    named = tmp_path / "named.sqlite"
    made = SQLAlchemyDriver.provision(f"sqlite:///{named}")
    path = Path(sa.make_url(made).database or "")
    assert path.exists()
    assert not named.exists()
    SQLAlchemyDriver.discard(made)
    assert not path.parent.exists()


def test_settings_are_read_from_the_configuration() -> None:
    options = conf.get_conf()
    assert Settings.from_conf(options).max_overflow == Settings().max_overflow
    options.set_override("max_pool_size", 3, "database")
    options.set_override("pool_timeout", 0, "database")
    try:
        settings = Settings.from_conf(options)
    finally:
        options.clear_override("max_pool_size", "database")
        options.clear_override("pool_timeout", "database")
    assert (settings.max_pool_size, settings.pool_timeout) == (3, 0)


def test_making_a_driver_does_not_connect(tmp_path: Path) -> None:
    SQLAlchemyDriver(f"sqlite:///{tmp_path / 'nova.sqlite'}")
    SQLAlchemyDriver("postgresql://nobody@127.0.0.1:1/nowhere")
    assert list(tmp_path.iterdir()) == []


def test_the_driver_has_the_engine(server: str) -> None:
    driver = SQLAlchemyDriver(server)
    driver.engine.clear()
    assert select(driver.engine, "services") == []
    driver.close()
