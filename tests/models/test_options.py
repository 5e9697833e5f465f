"""Every option of ``[database]`` holds wherever it has a meaning: in API calls, ORM sessions, migrations and commands.

What is the API's alone: db_max_retries and its kin (calls that are run again), aio_threads, slave_connection, backend.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeAlias

import pytest
import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import Pool

from nova_db.cli import main
from nova_db.conf import set_conf
from nova_db.context import get_admin_context
from nova_db.exceptions import DBError
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
from nova_db_sqlalchemy.models import Service
from nova_db_sqlalchemy.session import create_engine, get_engine, get_session, session_scope
from tests.addresses import address
from tests.migrations import databases
from tests.models.door import Door

Configure: TypeAlias = Callable[..., Path]
Way: TypeAlias = Callable[[Path], object]
PATIENT = 9
"""Seconds after which a way counts as one that waits without bound; the bounds of these tests are one or two."""


def _api(_file: Path) -> None:
    with contextlib.closing(SQLAlchemyDriver()) as driver:
        driver.service_get_all(get_admin_context())


def _session(_file: Path) -> None:
    with session_scope() as session:
        session.scalars(sa.select(Service.host)).all()
        session.execute(sa.text("SELECT version_num FROM nova_db_version"))


def _migrations(_file: Path) -> None:
    migrations.status()


def _command(name: str) -> Way:
    def run(file: Path) -> None:
        if main(["--config-file", str(file), name]) != 0:
            raise DBError(message=f"nova-db {name} failed")

    run.__name__ = name
    return run


SQLALCHEMY_WAYS: list[Way] = [_session, _migrations, *map(_command, ("version", "check", "sync"))]
WAYS: list[Way] = [_api, *SQLALCHEMY_WAYS]
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))


@pytest.fixture
def configure(tmp_path: Path, database: str) -> Iterator[Configure]:
    """``configure(url=None, **options)``: a configuration file with such options is in use from now on."""

    def use(url: str | sa.URL | None = None, **options: Any) -> Path:
        file = tmp_path / "nova-db.conf"
        text = url.render_as_string(hide_password=False) if isinstance(url, sa.URL) else url or database
        given = {"connection": text, "max_retries": 0, "db_max_retries": 0, **options}
        file.write_text("\n".join(["[database]", *[f"{name} = {value}" for name, value in given.items()]]))
        conf = cfg.ConfigOpts()
        set_conf(conf)(args=[], default_config_files=[str(file)])
        is_used.append(True)
        return file

    is_used: list[bool] = []
    yield use
    if is_used:  # else there is no database that an engine could be for
        get_engine().dispose()
    set_conf(None)


@pytest.fixture
def door(database: str) -> Iterator[Door]:
    """A port in front of the server."""
    url = sa.make_url(database)
    with Door(*address(url)) as made:
        yield made


@pytest.fixture
def through(database: str, door: Door) -> sa.URL:
    """The URL of the database by way of that port."""
    return sa.make_url(database).set(port=door.port)


def _ended(way: Way, file: Path) -> tuple[BaseException | None, float]:
    """What came of it, and after how many seconds."""
    found: list[BaseException | None] = []

    def work() -> None:
        try:
            way(file)
        except (DBError, SQLAlchemyError) as error:
            found.append(error)
        else:
            found.append(None)

    begun = time.monotonic()
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENT)
    assert found, f"still waiting after {PATIENT} seconds"
    return found[0], time.monotonic() - begun


def _options_of(kind: str) -> dict[str, tuple[dict[str, Any], bytes]]:
    """What each connection to a server has to say, where which options are set."""
    if kind == "postgresql":
        return {
            "connection_parameters": (
                {"connection_parameters": "application_name=reports"},
                b"application_name\0reports\0",
            ),
            "lock_timeout": ({"lock_timeout": 7}, b"set_config('lock_timeout', '7000', "),
        }
    return {
        "connection_parameters": ({"connection_parameters": "program_name=reports"}, b"program_name\x07reports"),
        "lock_timeout": ({"lock_timeout": 7}, b"innodb_lock_wait_timeout = 7"),
        "mysql_wsrep_sync_wait": ({"mysql_wsrep_sync_wait": 3}, b"wsrep_sync_wait = 3"),
    }


@every_way
@pytest.mark.parametrize("option", ["connection_parameters", "lock_timeout", "mysql_wsrep_sync_wait"])
@databases.only_on("postgresql", "mysql", "mariadb")
def test_what_every_connection_tells_the_server(
    option: str, way: Way, configure: Configure, door: Door, through: sa.URL
) -> None:
    told = _options_of(through.get_backend_name())
    if option not in told:
        assert (option, through.get_backend_name()) == ("mysql_wsrep_sync_wait", "postgresql")  # it has no such thing
        return
    options, expected = told[option]
    door.open()
    way(configure(through, **options))
    assert door.said
    assert [expected in said for said in door.said] == [True] * len(door.said)


@every_way
@databases.only_on("sqlite")
def test_parameters_of_a_file(way: Way, configure: Configure, tmp_path: Path) -> None:
    missing = tmp_path / "missing.sqlite"
    file = configure(f"sqlite:///file:{missing}", connection_parameters="mode=ro&uri=true")
    error, _ = _ended(way, file)
    assert error is not None
    assert not missing.exists()


@every_way
@databases.only_on("postgresql", "mysql", "mariadb")
def test_connect_timeout(way: Way, configure: Configure, door: Door, through: sa.URL) -> None:
    door.is_silent = True
    door.open()
    error, seconds = _ended(way, configure(through, connect_timeout=2))
    assert error is not None
    assert seconds > 1.5


@contextlib.contextmanager
def _locked(url: str) -> Iterator[None]:
    """Somebody keeps the table with the schema's revision to themselves, which whatever connects looks at."""
    kind = sa.make_url(url).get_backend_name()
    if kind == "sqlite":
        keeper = sqlite3.connect(str(sa.make_url(url).database), isolation_level=None)
        for statement in ("PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"):
            keeper.execute(statement)
        yield
        keeper.close()
        return
    engine = create_engine(url)
    with engine.connect() as connection:
        words = "IN ACCESS EXCLUSIVE MODE" if kind == "postgresql" else "WRITE"
        connection.exec_driver_sql(f"LOCK {'TABLE' if kind == 'postgresql' else 'TABLES'} nova_db_version {words}")
        yield
        if kind != "postgresql":
            connection.exec_driver_sql("UNLOCK TABLES")
        connection.rollback()
    engine.dispose()


@every_way
def test_lock_timeout(way: Way, configure: Configure, database: str) -> None:
    file = configure(lock_timeout=1)
    get_engine().dispose()
    with _locked(database):
        error, seconds = _ended(way, file)
    assert error is not None
    assert seconds > 0.8


@pytest.mark.parametrize("way", [way for way in WAYS if way.__name__ != "sync"], ids=lambda way: way.__name__)
@databases.only_on("postgresql", "mysql", "mariadb")
def test_read_timeout(way: Way, configure: Configure, database: str) -> None:
    file = configure(lock_timeout=30, read_timeout=1)
    with _locked(database):
        error, seconds = _ended(way, file)
    assert error is not None
    assert seconds > 0.8


@pytest.mark.parametrize("way", [way for way in WAYS if way.__name__[0] == "_"], ids=lambda way: way.__name__)
@databases.only_on("postgresql")
def test_silence_is_told_from_a_crash_by_the_option(way: Way, configure: Configure, database: str) -> None:
    file = configure(lock_timeout=30, read_timeout=1)
    with _locked(database):
        error, _seconds = _ended(way, file)
    assert "the server was silent for 1 seconds, as [database] read_timeout allows" in str(error)


class _Listener(logging.Handler):
    """Does something whenever it is logged that connecting is tried again."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self.act = act
        self.heard = 0

    def emit(self, record: logging.LogRecord) -> None:
        if "Trying again" in record.getMessage():
            self.heard += 1
            self.act()

    def __enter__(self) -> Self:
        logging.getLogger("nova_db_sqlalchemy").addHandler(self)
        return self

    def __exit__(self, *_error: object) -> None:
        logging.getLogger("nova_db_sqlalchemy").removeHandler(self)


@every_way
@databases.only_on("postgresql", "mysql", "mariadb")
def test_a_server_that_starts_later_is_waited_for(way: Way, configure: Configure, door: Door, through: sa.URL) -> None:
    file = configure(through, max_retries=3, retry_interval=0)
    with _Listener(door.open) as listener:
        way(file)
    assert listener.heard == 1


@databases.only_on("postgresql", "mysql", "mariadb")
def test_another_server_than_the_configured_one_is_not_waited_for(
    configure: Configure, door: Door, through: sa.URL
) -> None:
    configure(max_retries=3, retry_interval=0)
    with _Listener(door.open) as listener, pytest.raises(SQLAlchemyError), get_session(through) as session:
        session.execute(sa.text("SELECT 1"))
    assert listener.heard == 0


@databases.only_on("postgresql", "mysql", "mariadb")
@pytest.mark.parametrize("is_replica", [True, False], ids=["replica", "another"])
def test_parameters_hold_for_the_configured_database_its_replica_and_others(
    is_replica: bool, configure: Configure, database: str, door: Door, through: sa.URL
) -> None:
    (options, parameters), (further, timeout) = (
        _options_of(through.get_backend_name())[name] for name in ("connection_parameters", "lock_timeout")
    )
    replica = {"slave_connection": through.render_as_string(hide_password=False)} if is_replica else {}
    configure(**options, **further, **replica)
    door.open()
    with get_session(through.render_as_string(hide_password=False)) as session:
        session.execute(sa.text("SELECT 1"))
    get_engine(through).dispose()
    assert [(parameters in said, timeout in said) for said in door.said] == [(True, True)] * len(door.said)


def test_the_size_of_the_pool(configure: Configure) -> None:
    configure(max_pool_size=1, max_overflow=1, pool_timeout=1)
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(get_engine().connect())
        begun = time.monotonic()
        with pytest.raises(sa.exc.TimeoutError):
            get_engine().connect()
        assert 0.8 < time.monotonic() - begun < 5


@pytest.mark.parametrize("seconds", [1, -1])
def test_the_age_of_connections(seconds: int, configure: Configure) -> None:
    configure(connection_recycle_time=seconds)
    seen = []
    for pause in (0, 1.2):
        time.sleep(pause)
        with get_engine().connect() as connection:
            seen.append(connection.connection.dbapi_connection)
    assert (seen[0] is not seen[1]) is (seconds == 1)


@pytest.mark.parametrize("way", SQLALCHEMY_WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("waits, mode", [(True, 2), (False, 0)], ids=["synchronous", "not"])
@databases.only_on("sqlite")
def test_sqlite_synchronous(waits: bool, mode: int, way: Way, configure: Configure) -> None:
    found = []

    def look(connection: Any, *_arguments: object) -> None:
        found.append(connection.execute("PRAGMA synchronous").fetchone()[0])

    file = configure(sqlite_synchronous=waits)
    event.listen(Pool, "checkout", look)
    try:
        way(file)
    finally:
        event.remove(Pool, "checkout", look)
    assert set(found) == {mode}


@every_way
def test_connection_debug(way: Way, configure: Configure, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "nova_db_sqlalchemy.statements")
    way(configure(connection_debug=50))
    assert any("SELECT" in record.getMessage() for record in caplog.records)
