"""Writing on SQLite: one writer at a time, so nothing races; ids follow one another within a statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from nova_db.engine import Query, Row, Values
from nova_db.exceptions import DBDuplicateEntry, DBError, DBReferenceError
from nova_db_sqlalchemy.blame import Blame, find_duplicate, find_reference
from nova_db_sqlalchemy.catalog import CATALOG
from nova_db_sqlalchemy.errors import Fault, Written, translated
from nova_db_sqlalchemy.writer import Writer, keyed, runs_by_key

if TYPE_CHECKING:
    from nova_db_sqlalchemy.link import Link

MOST_VARIABLES: Final = 30_000
"""SQLite's own default bound is 32,766."""


class SQLiteWriter(Writer):
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
        insert = self._engine.statements.insert(table, columns)
        if len(rows) == 1:
            sql, parameters = insert.sql, insert.bind(rows[0])
        else:
            sql = insert.sql + f", ({', '.join('?' * len(columns))})" * (len(rows) - 1)
            parameters = tuple([value for row in rows for value in insert.bind(row)])
        link = self._link or self._start()
        self._touch(table)
        try:
            cursor = link.cursor
            cursor.execute(sql, parameters)
        except self._engine.dialect.errors as error:
            raise self._failed(link, error, Written(((table, rows),))) from error
        last: int = cursor.lastrowid
        return last

    def _translated(self, link: Link, error: BaseException, fault: Fault, written: Written | None) -> DBError:
        """The exception to raise; what SQLite does not tell of a violation is looked up."""
        found = None if written is None else self._blamed(link, fault, written)
        if found is None:
            return translated(error, fault, written)
        return fault.kind(error, table=found.table, columns=found.columns, value=found.value)

    def _blamed(self, link: Link, fault: Fault, written: Written) -> Blame | None:
        def look(query: Query) -> list[Row]:
            values = query.where.parameters()
            statement = self._engine.statements.select(query).fitting(values)
            bound = values if statement.bind is None else statement.bind(values)
            link.cursor.execute(statement.sql, bound)
            rows: list[Row] = statement.read(link.cursor.fetchall())
            return rows

        try:
            if fault.kind is DBDuplicateEntry:
                return find_duplicate(look, str(fault.table), fault.columns, written)
            return find_reference(look, written) if fault.kind is DBReferenceError else None
        except sqlite3.Error:
            return None  # the violation is worth more than its details
