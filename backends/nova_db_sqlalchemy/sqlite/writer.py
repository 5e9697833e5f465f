"""Writing on SQLite: one writer at a time, so nothing races; ids follow one another within a statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nova_db.engine import Row, Values
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.transactions.looking_writer import LookingWriter
from nova_db_sqlalchemy.transactions.writer import keyed, runs_by_key

MOST_VARIABLES: Final = 30_000
"""SQLite's own default bound is 32,766."""


class SQLiteWriter(LookingWriter):
    """A writer on SQLite."""

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        return [self._insert(table, rows) for table, rows in batches]

    def serialize(self, *names: str) -> None:
        self.hold()  # no other writer can begin from here on

    def _insert(self, table: str, rows: Sequence[Values]) -> list[Row]:
        key = CATALOG[table].primary_key
        made: list[Row] = []
        for has_key, alike in runs_by_key(rows, key):
            made += self._insert_run(table, alike, has_key=has_key)
        return made

    def _insert_run(self, name: str, rows: Sequence[Values], *, has_key: bool) -> list[Row]:
        """Insert rows that all have a key, or all want one."""
        table = CATALOG[name]
        key, columns = table.primary_key, table.names
        if not has_key:
            columns = tuple(column for column in columns if column != key)
        made: list[Row] = []
        at_once = MOST_VARIABLES // len(columns)
        for start in range(0, len(rows), at_once):
            chunk = rows[start : start + at_once]
            last = self._insert_chunk(name, columns, chunk)
            if has_key:
                made += [dict(row) for row in chunk]
            else:
                numbers = range(last - len(chunk) + 1, last + 1)
                made += [keyed(row, key, number) for row, number in zip(chunk, numbers, strict=True)]
        return made

    def _insert_chunk(self, table: str, columns: tuple[str, ...], rows: Sequence[Values]) -> int:
        """Insert rows in one statement; the id of the last one."""
        insert = self._database.statements.insert(table, columns)
        if len(rows) == 1:
            sql, parameters = insert.sql, insert.bind(rows[0])
        else:
            sql = insert.sql + f", ({', '.join('?' * len(columns))})" * (len(rows) - 1)
            parameters = tuple([value for row in rows for value in insert.bind(row)])
        connection = self._connection or self._start()
        self._database.dirty.add(table)
        try:
            cursor = connection.cursor
            cursor.execute(sql, parameters)
        except self._database.server.errors as error:
            raise self._failed(connection, error, ((table, rows),)) from error
        return cursor.lastrowid
