"""What a test of secrets is made with: tokens in columns, and everything that is printed or logged meanwhile."""

from __future__ import annotations

import contextlib
import io
import logging
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from oslo_config import cfg

from nova_db.cli.schemas import engine_driver
from nova_db.conf import register_opts
from nova_db.engine import Engine, Row
from nova_db.exceptions import DBDeadlock, DBTransactionError
from nova_db.loading import load_backend
from nova_db.schema import TABLES, Column, Table
from nova_db_conformance.engine.rows import a_row, a_value
from tests.moving.cases import MovingTestCase

_LOG = logging.getLogger(__name__)
Planted = set[tuple[str, str]]
"""Columns, with their tables."""
MARKED: Planted = {(table.name, column.name) for table in TABLES.values() for column in table.columns if column.secret}


def token(table: str, column: str) -> str:
    """What is put into a column, with which no other text has anything in common."""
    return f"QX{table}.{column}XQ"


class TellingTestCase(MovingTestCase):
    """A test with a driver that logs all it can, and with an ear for what is told."""

    planted: Planted

    def setUp(self) -> None:
        super().setUp()
        self.told = io.StringIO()
        self.failures = 0
        self.planted = MARKED
        self.talker = self.driver
        if self.backend.name == "sqlalchemy":
            conf = cfg.ConfigOpts()
            register_opts(conf)
            conf(args=[], default_config_files=[])
            conf.set_override("connection_debug", 100, group="database")
            self.talker = load_backend("sqlalchemy", self.connection, conf)
            self.addCleanup(self.talker.close)
        self.talking: Engine = engine_driver(self.talker).engine
        if self.talker is not self.driver:
            self.addCleanup(self.talking.clear)  # the fixture's engine knows of its own writes only

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take down what is printed and logged by whomever."""
        handler = logging.StreamHandler(self.told)
        handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
        names = ("", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.orm", "sqlalchemy.pool", "psycopg", "nova_db")
        levels = {name: logging.getLogger(name).level for name in names}
        logging.getLogger().addHandler(handler)
        for name in names:
            logging.getLogger(name).setLevel(logging.DEBUG)
        try:
            with contextlib.redirect_stdout(self.told), contextlib.redirect_stderr(self.told):
                yield
        finally:
            logging.getLogger().removeHandler(handler)
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)

    def fails(self, do: Callable[[], object]) -> None:
        """A call that is to fail: all that its error tells, in whatever way it is looked at."""
        try:
            do()
        except Exception as error:  # noqa: BLE001 - it is looked at, whatever it is
            self.assertNotIsInstance(error, (DBDeadlock, DBTransactionError))  # no refusal of a value
            self.failures += 1
            _LOG.exception("it failed: %r", error)
            causes: list[BaseException | None] = [error, getattr(error, "inner_exception", None)]
            causes += [error.__cause__, error.__context__]
            for cause in filter(None, causes):
                texts = [str(cause), repr(cause), repr(cause.args), *traceback.format_exception(cause)]
                self.told.write("\n".join(texts))
                self.told.write(getattr(cause, "reason", "") or "")
        else:
            self.fail(f"nothing fails in {do}")

    def columns(self, table: Table) -> list[str]:
        """The columns of a table that have tokens in them."""
        return sorted(column for name, column in self.planted if name == table.name)

    def row(self, table: Table, **values: Any) -> Row:
        """A new row of a table with tokens in it."""
        return {**a_row(self, table, value=partial(self._value, table.name)), **values}

    def _value(self, table: str, column: Column) -> Any:
        name, value = table.removeprefix("shadow_"), a_value(column)
        if (name, column.name) in self.planted:
            return token(name, column.name)
        return value.partition(" ")[0] if isinstance(value, str) else value  # the log stays short

    def found(self) -> Planted:
        """The columns whose tokens are told somewhere."""
        told = self.told.getvalue()
        columns = {(table.name, column.name) for table in TABLES.values() for column in table.columns}
        return {each for each in columns if token(*each) in told}
