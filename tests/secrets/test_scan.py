"""Every marked column is filled, whatever prints or logs is run at its most talkative, and what is told searched."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nova_db.cli import main
from nova_db.cli.compare import shown
from nova_db.conf import get_conf
from nova_db.context import get_admin_context
from nova_db.engine import TRUE, Eq, In, Order, Query, Transaction
from nova_db.moving import compare, copy
from nova_db.schema import TABLES, Table
from tests.moving.cases import engine_of
from tests.secrets.telling import MARKED, TellingTestCase, token

ADMIN = get_admin_context()


class TestScan(TellingTestCase):
    """A run through everything."""

    def write(self, work: Callable[[Transaction], object]) -> None:
        """Some work in a transaction of the driver that talks."""
        tx = self.talking.write()
        try:
            work(tx)
        except BaseException:
            tx.rollback()
            raise
        tx.commit()

    def run_through(self) -> None:
        """All of it."""
        tables = [TABLES[name] for name in sorted({table for table, _ in self.planted})]
        with self.listening():
            for table in tables:
                self.reads_and_writes(table)
                self.refusals(table)
            self.functions()
            if self.backend.name == "sqlalchemy":
                self.reports(tables)
                self.commands()
            self.comparisons()

    def reads_and_writes(self, table: Table) -> None:
        """The primitives, with every relation in every way that it is loaded."""
        self.insert_with(table, {})
        shadow = table.shadow
        if shadow is not None:
            self.insert_with(shadow, {"id": shadow.lookup("id", 9)})
            self.write(lambda tx: tx.select(Query(shadow.name)))
        for column in self.columns(table):
            self.column_read(table.name, column, table.primary_key)
        for other in TABLES.values():
            for name, relation in other.relations.items():
                if relation.table == table.name:
                    self.relation_read(other.name, name)

    def column_read(self, table: str, column: str, key: str) -> None:
        """A column, looked for and written in each way."""
        value, where = token(table, column), Eq(column, token(table, column))
        again = {column: value}
        self.write(lambda tx: tx.select(Query(table, where)))
        self.write(lambda tx: tx.select(Query(table, columns=(column,), order=(Order(column),))))
        self.write(lambda tx: tx.select(Query(table, order=(Order(column),), limit=1, lock=True)))
        self.write(lambda tx: tx.aggregate(table, group_by=(column,)))
        self.write(lambda tx: tx.update(table, where, again))
        self.write(lambda tx: tx.update_returning(Query(table, where), again))
        self.write(lambda tx: tx.claim(table, In(column, [value, "x"]), again, order=(Order(key),)))
        self.told.write(f"{Query(table, where & In(column, [value]))!r}")

    def relation_read(self, table: str, path: str) -> None:
        """A relation, of one row, of all, and of those that are written."""
        self.write(lambda tx: tx.select(Query(table, load=(path,), limit=1)))
        self.write(lambda tx: tx.select(Query(table, load=(path,))))
        self.write(lambda tx: tx.update_returning(Query(table, load=(path,)), {"updated_at": None}))

    def refusals(self, table: Table) -> None:
        """Values that do not fit, by the checks of values and by those of the server, beside secrets."""
        for column in self.columns(table):
            self.values_refused(table, column)
        self.fails(lambda: self.insert_with(table, {table.primary_key: 77}, times=2))
        for reference in table.foreign_keys:
            lost: Any = "nowhere" if reference.remote == "uuid" else 2**30
            self.refused(table, {reference.column: lost})
        if self.backend.name == "sqlalchemy":  # memory takes what has gone past the checks
            for required in [each.name for each in table.columns if not each.nullable and not each.primary_key]:
                self.refused(table, {required: None})
                self.update_refused(table.name, {required: None})

    def values_refused(self, table: Table, column: str) -> None:
        """Values that a column does not take."""
        value, most = token(table.name, column), table.column[column].length or 0
        half = {column: f"{value}\ud800"}
        bad: list[Any] = [value * (most // len(value) + 1), f"{value}\0", half[column], [value], {value: value}]
        for each in bad:
            self.fails(partial(table.update_values, {column: each}))
        if self.backend.name == "sqlalchemy":
            self.update_refused(table.name, half)
            self.fails(lambda: self.write(lambda tx: tx.select(Query(table.name, Eq(column, half[column])))))
        if (self.connection or "").startswith("postgresql"):
            self.update_refused(table.name, {column: f"{value}\0"})

    def insert_with(self, table: Table, values: dict[str, Any], times: int = 1) -> None:
        """Insert a row of tokens but for these values, as often as that."""
        rows = [self.row(table, **values)] * times  # which makes their parents in transactions of its own
        self.write(lambda tx: tx.insert((table.name, rows)))

    def refused(self, table: Table, values: dict[str, Any]) -> None:
        """A row of tokens but for these values is refused."""
        self.fails(lambda: self.insert_with(table, values))

    def update_refused(self, table: str, values: dict[str, Any]) -> None:
        """An update of all rows is refused."""
        self.fails(lambda: self.write(lambda tx: tx.update(table, TRUE, values)))

    def functions(self) -> None:
        """Functions of the API that take and give secrets, and what they refuse."""
        api = self.talker
        value, system = token("instance_metadata", "value"), token("instance_system_metadata", "value")
        data = token("instances", "user_data")
        one = api.instance_create(
            ADMIN, {"user_data": data, "metadata": {"k": value}, "system_metadata": {"password_0": system}}
        )
        uuid = one["uuid"]
        for _ in range(2):
            api.instance_get_by_uuid(ADMIN, uuid)
            api.instance_get_all_by_filters(ADMIN, {"metadata": {"k": value}})
        api.instance_update(ADMIN, uuid, {"metadata": {"k": f"{value} "}})
        api.instance_metadata_get(ADMIN, uuid)
        wrong: list[Any] = [value, [value], {"k": [value]}, {"k": value * 99}, {"k": f"{value}\0"}]
        for bad in wrong:
            self.fails(partial(api.instance_metadata_update, ADMIN, uuid, bad, False))
            self.fails(partial(api.instance_create, ADMIN, {"metadata": bad}))
            self.fails(partial(api.instance_system_metadata_update, ADMIN, uuid, bad, False))
        self.fails(lambda: api.cell_create(ADMIN, {"password": [token("cells", "password")]}))
        self.fails(lambda: api.console_create(ADMIN, {"password": token("consoles", "password"), "pool_id": 2**30}))
        text: Any = token("consoles", "password")
        self.fails(lambda: api.console_create(ADMIN, text))

    def reports(self, tables: list[Table]) -> None:
        """ORM sessions on the database."""
        from sqlalchemy import orm

        import nova_db_sqlalchemy.session as sessions
        from nova_db_sqlalchemy import models

        with_echo = sessions.create_engine(self.connection, echo="debug")
        self.addCleanup(with_echo.dispose)
        for engine in (sessions.get_engine(self.connection), with_echo):
            for table in tables:
                model = getattr(models, table.model)
                with orm.Session(engine) as session:
                    found = session.query(model).all()
                    self.told.write(repr(found))
                with orm.Session(engine) as session:
                    taken = {**self.row(table), table.primary_key: getattr(found[0], table.primary_key)}
                    session.add(model(**taken))
                    self.fails(session.commit)
                with orm.Session(engine) as session:
                    column = self.columns(table)[0]
                    half = model(**{**self.row(table), column: token(table.name, column) + "\ud800"})
                    session.add(half)
                    self.fails(session.commit)

    def commands(self) -> None:
        """The command, on this database and on one that differs."""
        other = self.another("sqlalchemy")
        copy(self.talking, engine_of(other))
        self.differ(engine_of(other))
        here, there = str(self.connection), str(other.connection)
        for argv in (["status"], ["check"], ["version"]):
            main(["--connection", here, *argv])
        main(["compare", "--show", "1000", here, there])
        main(["copy", "--from", here, "--to", there])
        main(["copy", "--from", here, "--to", f"{there}?nothing=1"])
        main(["--connection", here, "archive", "--until-complete"])
        main(["--connection", here, "purge", "--all"])
        get_conf().reset()
        get_conf().clear_default("max_retries", group="database")

    def comparisons(self) -> None:
        """What programs compare and copy."""
        second = self.another_engine("memory")
        copy(self.talking, second)
        self.differ(second)
        for difference in compare(self.talking, second, most_differences=10**4).differences:
            self.told.write(" ".join(shown(difference)))
        self.fails(lambda: copy(self.talking, second))

    def differ(self, engine: Any) -> None:
        """Change what was planted."""
        tx = engine.write()
        for table, column in self.planted:
            tx.update(table, TRUE, {column: f"-{token(table, column)}"})
        tx.commit()

    def test_no_secret_is_told(self) -> None:
        self.run_through()

        self.assertEqual(set(), self.found())
        self.assertGreater(self.failures, 50)
        if self.backend.name == "sqlalchemy":
            told = self.told.getvalue()
            self.assertIn("nova_db_sqlalchemy.statements INFO row (", told)
            self.assertIn("'***'", told)
            self.assertIn("sqlalchemy.engine.Engine", told)

    def test_what_is_no_secret_is_found(self) -> None:
        unmarked = {("instances", "display_name"), ("consoles", "instance_name"), ("instance_metadata", "key")}
        self.assertFalse(unmarked & MARKED)
        self.planted = MARKED | unmarked
        self.run_through()

        self.assertEqual(unmarked, self.found())
