"""Settings that would change what values and statements mean; and encodings that cannot hold every text."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from nova_db.cli import main
from nova_db.exceptions import DBConnectionError, DBError
from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.provisioning import drop_database, make_database
from nova_db_sqlalchemy.session import get_engine, session_scope
from tests.migrations.databases import administrator
from tests.sqlalchemy.exactness import POSTGRESQL_SETTINGS, assert_described, assert_exact, call, report


@pytest.fixture
def database(server: str) -> Iterator[tuple[str, Callable[[str], None]]]:
    """A database with tables of its own, and what changes its settings."""
    url = make_database(server)
    migrations.upgrade(url)
    name = sa.make_url(url).database

    def configure(setting: str) -> None:
        with administrator(sa.make_url(server)) as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} {setting}")

    yield url, configure
    drop_database(url)


def test_no_setting_changes_what_values_mean(
    database: tuple[str, Callable[[str], None]], subtests: pytest.Subtests
) -> None:
    url, configure = database
    for name, value in POSTGRESQL_SETTINGS.items():
        with subtests.test(name=name):
            configure(f"SET {name} = '{value}'")
            get_engine(url).dispose()
            assert_exact(url)
            configure(f"RESET {name}")


def test_nor_do_all_of_them_together(database: tuple[str, Callable[[str], None]]) -> None:
    url, configure = database
    for name, value in POSTGRESQL_SETTINGS.items():  # one story: a database that is set against us altogether
        configure(f"SET {name} = '{value}'")
    assert_exact(url)
    assert_described(url)
    with session_scope(url) as session:
        assert session.execute(sa.text("SHOW transaction_isolation")).scalar() == "read committed"
    with get_engine(url).connect() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
        connection.commit()
    migrations.upgrade(url)
    assert_described(url)


def test_what_a_session_cannot_set_is_refused(
    database: tuple[str, Callable[[str], None]], subtests: pytest.Subtests
) -> None:
    url, configure = database
    configure("SET session_replication_role = 'replica'")
    get_engine(url).dispose()
    told = r"session_replication_role is replica: ALTER ROLE \.\.\. RESET session_replication_role"
    for use in (call, report, migrations.upgrade, migrations.check):
        with subtests.test(use=use), pytest.raises((DBError, sa.exc.DBAPIError), match=told):
            use(url)
    with pytest.raises(DBConnectionError) as refused:
        call(url)
    assert refused.value.may_pass is False


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_encodings_that_cannot_hold_every_text(
    encoding: str, server: str, subtests: pytest.Subtests, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"nova_db_test_{encoding.lower()}"
    url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    told = f"The database {name} is in the encoding {encoding}"
    with _database(server, f"{name} ENCODING '{encoding}' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"):
        for use in (call, report, migrations.upgrade, migrations.check, migrations.status, migrations.script):
            with subtests.test(use=use), pytest.raises(migrations.WrongEncoding, match=told):
                use(url)
        for command in (["sync"], ["version"], ["check"], ["status"], ["archive"], ["seed"]):
            with subtests.test(command=command):
                assert main(["--connection", url, *command]) == 2
                assert told in " ".join(capsys.readouterr().err.split())


@contextlib.contextmanager
def _database(server: str, definition: str) -> Iterator[None]:
    name = definition.partition(" ")[0]
    with administrator(sa.make_url(server)) as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {definition}")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
