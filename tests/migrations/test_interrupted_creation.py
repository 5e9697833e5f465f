"""The creation of the tables, interrupted at every statement, and what the next one makes of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from nova_db.cli import main
from nova_db.context import get_admin_context
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
from nova_db_sqlalchemy.session import create_engine
from tests.migrations import databases

HEAD = migrations.head()
_LOOKS = ("SELECT", "SHOW", "PRAGMA", "DESCRIBE", "SET", "BEGIN", "COMMIT")
STEP = 16
"""On a server that undoes all of it, every so manieth statement is tried: what is left is the same for all."""


class Interrupted:
    """An engine on which a statement that changes something is the last one, as by Ctrl-C."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self.left = 0
        self._found: list[str] = []
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)

    def upgrade_for(self, statements: int, *, done: bool) -> bool:
        """Upgrade, interrupted at a statement, before it runs or once it is done; False: it came through."""
        self.left, self._is_late = statements, done
        try:
            migrations.upgrade(self._engine)
        except KeyboardInterrupt:
            return True
        return False

    def _before(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not self._is_late:
            self._count(statement)

    def _after(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if self._is_late:
            self._count(statement)

    def _count(self, statement: str) -> None:
        self.left -= not statement.lstrip().upper().startswith(_LOOKS)
        if self.left == 0:
            raise KeyboardInterrupt


@contextlib.contextmanager
def interrupted(url: str) -> Iterator[Interrupted]:
    engine = create_engine(url, poolclass=sa.NullPool)
    yield Interrupted(engine)
    engine.dispose()


@databases.only_on("mysql", "mariadb")
def test_at_every_statement_of_a_creation_that_goes_on(empty: str) -> None:
    """Each attempt gets one statement further than the one before: so each of them is once the last one."""
    with interrupted(empty) as attempts:
        statements = 1  # one story: each attempt begins with what the one before has left
        while attempts.upgrade_for(statements, done=bool(statements % 2)):
            with contextlib.closing(SQLAlchemyDriver(empty)) as driver:
                found = migrations.status(empty)
                if found["current"] is None and found["unfinished"]:
                    with pytest.raises(migrations.InterruptedUpgrade, match="`nova-db sync` again, which completes it"):
                        driver.service_get_all(get_admin_context())
            assert found["problem"] is None
            statements += 1
    assert statements > 20
    _assert_whole(empty)


@databases.only_on("sqlite", "postgresql")
def test_at_a_statement_of_a_creation_that_is_undone(empty: str) -> None:
    statements, attempts_made = 1, 0  # one story: nothing of an attempt is left to the next
    with interrupted(empty) as attempts:
        while attempts.upgrade_for(statements, done=bool(attempts_made % 2)):
            assert databases.table_names(empty) == set()
            statements, attempts_made = statements + STEP, attempts_made + 1
    assert attempts_made > 3
    _assert_whole(empty)


@databases.only_on("mysql", "mariadb")
def test_one_that_was_cut_short_is_told_by_the_commands(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    with interrupted(empty) as attempts:
        assert attempts.upgrade_for(60, done=False)
    for command in ("version", "check"):  # one story
        assert main(["--connection", empty, command]) == 2
        printed = capsys.readouterr()
        where, what = printed.err.splitlines()
        assert f"schema revision none, an upgrade to {HEAD} was cut short or is under way" in where
        assert what == (
            "nova-db: An upgrade of the database is under way, or was cut short: nova-db sync waits for it, or "
            "completes it."
        )
        assert printed.out == ""
    assert main(["--connection", empty, "sync"]) == 0
    capsys.readouterr()
    assert main(["--connection", empty, "check"]) == 0
    assert f"schema revision {HEAD}\n" in capsys.readouterr().err


@databases.only_on("mysql", "mariadb")
def test_rows_that_came_meanwhile_stay(empty: str) -> None:
    with interrupted(empty) as attempts:
        assert attempts.upgrade_for(60, done=False)
    with databases.connected(empty) as connection:
        connection.exec_driver_sql("INSERT INTO volumes (id, deleted) VALUES ('kept', 0)")
    assert migrations.upgrade(empty) == HEAD
    with databases.connected(empty) as connection:
        assert connection.exec_driver_sql("SELECT id FROM volumes").scalars().all() == ["kept"]
    _assert_whole(empty)


def _assert_whole(url: str) -> None:
    assert migrations.status(url)["synced"]
    assert migrations.check(url) == []
    assert migrations.revision_differences(url) == []
