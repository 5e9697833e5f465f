"""Settings that would change what values and statements mean; and character sets that cannot hold every text."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import pytest
import sqlalchemy as sa

from nova_db.cli import main
from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.mariadb import connecting
from nova_db_sqlalchemy.mariadb.session import ServerVersion
from nova_db_sqlalchemy.provisioning import drop_database, make_database
from nova_db_sqlalchemy.session import get_engine, session_scope
from tests.migrations.databases import administrator
from tests.sqlalchemy.exactness import assert_described, assert_exact, call, report

HOSTILE = {
    "autocommit": "0",
    "big_tables": "1",
    "character_set_client": "latin1",
    "character_set_results": "latin1",
    "collation_connection": "utf8mb4_general_ci",
    "completion_type": "'CHAIN'",
    "div_precision_increment": "0",
    "default_storage_engine": "'MyISAM'",
    "foreign_key_checks": "0",
    "group_concat_max_len": "4",
    "innodb_lock_wait_timeout": "1",
    "lc_messages": "'de_DE'",
    "low_priority_updates": "1",
    "max_sort_length": "8",
    "sql_auto_is_null": "1",
    "sql_big_selects": "0",
    "sql_mode": "'ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,IGNORE_SPACE,PIPES_AS_CONCAT'",
    "sql_quote_show_create": "0",
    "sql_safe_updates": "1",
    "sql_select_limit": "1",
    "time_zone": "'+05:45'",
    "timestamp": "86400",
    "TRANSACTION ISOLATION LEVEL": "READ UNCOMMITTED",
    "TRANSACTION": "READ ONLY",
    "unique_checks": "0",
}


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """A database with tables of its own."""
    url = make_database(server)
    migrations.upgrade(url)
    yield url
    get_engine(url).dispose()
    drop_database(url)


@pytest.fixture
def set_against_us(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[str]], None]:
    """Have each connection begin as one whose server, or ``init_connect``, sets this."""
    original = connecting.Connecting.prepare
    hostile: list[str] = []

    def prepare(
        self: connecting.Connecting, connection: connecting.Greeted, run: Callable[[list[str]], object]
    ) -> ServerVersion:
        return original(self, connection, lambda told: run([*hostile, *told]))

    monkeypatch.setattr(connecting.Connecting, "prepare", prepare)

    def set_(names: Sequence[str]) -> None:
        hostile[:] = [
            f"SET SESSION {name} {'' if name.startswith('TRANSACTION') else '= '}{HOSTILE[name]}" for name in names
        ]

    return set_


def test_no_setting_changes_what_values_mean(
    database: str, set_against_us: Callable[[Sequence[str]], None], subtests: pytest.Subtests
) -> None:
    for name in HOSTILE:
        with subtests.test(name=name):
            set_against_us([name])
            get_engine(database).dispose()
            assert_exact(database)


def test_nor_do_all_of_them_together(database: str, set_against_us: Callable[[Sequence[str]], None]) -> None:
    set_against_us([*HOSTILE])
    get_engine(database).dispose()
    assert_exact(database)
    assert_described(database)
    with session_scope(database) as session:
        assert session.execute(sa.text("SELECT @@tx_isolation")).scalar() == "REPEATABLE-READ"


def test_all_of_them_together_while_tables_are_made(
    server: str, set_against_us: Callable[[Sequence[str]], None]
) -> None:
    url = make_database(server)
    set_against_us([*HOSTILE])
    migrations.upgrade(url)
    assert_described(url)
    with session_scope(url) as session:
        engines = session.scalars(
            sa.text("SELECT DISTINCT engine FROM information_schema.tables WHERE table_schema = DATABASE()")
        )
        assert engines.all() == ["InnoDB"]
    get_engine(url).dispose()
    drop_database(url)


@pytest.mark.parametrize("charset", ["utf8mb3", "latin1"])
def test_character_sets_that_cannot_hold_every_text(
    charset: str, server: str, subtests: pytest.Subtests, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"nova_db_test_{charset}"
    url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    told = f"The database {name} is in the character set {charset}"
    with _database(server, name, charset):
        for use in (call, report, migrations.upgrade, migrations.check, migrations.status, migrations.script):
            with subtests.test(use=use), pytest.raises(migrations.WrongEncoding, match=told):
                use(url)
        for command in (["sync"], ["version"], ["check"], ["status"], ["archive"], ["seed"]):
            with subtests.test(command=command):
                assert main(["--connection", url, *command]) == 2
                assert told in " ".join(capsys.readouterr().err.split())
        with administrator(sa.make_url(url)) as connection:  # what the text says
            connection.exec_driver_sql(f"ALTER DATABASE {name} CHARACTER SET utf8mb4")
        migrations.upgrade(url)
        call(url)


def test_the_database_s_counts_no_more_when_the_tables_have_theirs(database: str) -> None:
    url = sa.make_url(database)
    with administrator(url) as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {url.database} CHARACTER SET latin1")
    call(database)
    assert_described(database)


def test_a_table_whose_character_set_cannot(database: str, subtests: pytest.Subtests) -> None:
    with administrator(sa.make_url(database)) as connection:
        connection.exec_driver_sql("ALTER TABLE services CONVERT TO CHARACTER SET utf8mb3")
        connection.exec_driver_sql("CREATE TABLE others (name VARCHAR(5)) CHARACTER SET latin1")
    for use in (report, migrations.upgrade, migrations.check):
        with subtests.test(use=use), pytest.raises(migrations.WrongEncoding, match="The table services is in"):
            use(database)
    with pytest.raises(migrations.WrongEncoding, match="The table services is in") as told:
        call(database)
    statement = str(told.value).partition(": ")[2].rstrip(".")
    with administrator(sa.make_url(database)) as connection:
        connection.exec_driver_sql(statement)
    call(database)
    assert_described(database)


@contextlib.contextmanager
def _database(server: str, name: str, charset: str) -> Iterator[None]:
    with administrator(sa.make_url(server)) as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET {charset}")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
