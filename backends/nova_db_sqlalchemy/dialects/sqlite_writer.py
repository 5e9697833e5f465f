"""Writing on SQLite: one writer at a time, so nothing races; ids follow one another within a statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from nova_db.engine import Row, Values
from nova_db.exceptions import DBDuplicateEntry, DBError, DBReferenceError
from nova_db_sqlalchemy.catalog import CATALOG, referring
from nova_db_sqlalchemy.conversion import row_binder
from nova_db_sqlalchemy.errors import Fault, Written, alone, plain_values, translated
from nova_db_sqlalchemy.writer import Writer, keyed, runs_by_key

if TYPE_CHECKING:
    from nova_db_sqlalchemy.link import Link

ROWS_AT_ONCE: Final = 100
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
        at_once = min(ROWS_AT_ONCE, MOST_VARIABLES // len(columns))
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
        except self._errors as error:
            raise self._failed(link, error, Written(((table, rows),))) from error
        last: int = cursor.lastrowid
        return last

    def _translated(self, link: Link, error: BaseException, fault: Fault, written: Written | None) -> DBError:
        """The exception to raise; what SQLite does not tell of a violation is looked up."""
        if written is not None and fault.kind in (DBDuplicateEntry, DBReferenceError):
            find = self._duplicate if fault.kind is DBDuplicateEntry else self._reference
            try:
                found = find(link, fault, written)
            except sqlite3.Error:
                found = None  # the violation itself is worth more than its details
            if found is not None:
                table, columns, value = found
                return fault.kind(error, table=table, columns=columns, value=value)
        return translated(error, fault, written)

    def _duplicate(self, link: Link, fault: Fault, written: Written) -> tuple[str, Sequence[str], Any] | None:
        table, columns = str(fault.table), fault.columns
        if written.source is not None:
            pairs = " AND ".join(f"a.{_quoted(column)} = b.{_quoted(column)}" for column in columns)
            chosen = ", ".join(f"a.{_quoted(column)}" for column in columns)
            query = f"SELECT {chosen} FROM {_quoted(written.source)} a JOIN {_quoted(table)} b ON {pairs} LIMIT 1"
            row = link.connection.execute(query).fetchone()
            return (table, columns, alone(row)) if row else None
        seen = set()
        for row, parameters in self._values(table, written.rows_of(table), columns):
            if row in seen or self._is_there(link, table, columns, parameters):
                return table, columns, alone(row)
            seen.add(row)
        return None

    def _reference(self, link: Link, fault: Fault, written: Written) -> tuple[str, Sequence[str], Any] | None:
        for table, rows in written.batches:
            for key in CATALOG[table].foreign_keys:
                for row, parameters in self._values(table, rows, (key.column,)):
                    if row[0] is not None and not self._is_there(link, key.table, (key.remote,), parameters):
                        return table, (key.column,), row[0]
        if written.where is None:
            return None
        for reference in referring(written.table):
            values = written.where.parameters()
            shaped = self._engine.statements.referred(reference, written.table, written.where.shape())
            statement = shaped.fitting(values)
            bound = values if statement.bind is None else statement.bind(values)
            found = statement.read(link.connection.execute(statement.sql, bound).fetchall())
            if found:
                return reference.table, (reference.column,), found[0][reference.column]
        return None

    def _values(
        self, table: str, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]
    ) -> Iterable[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        """The values of rows in some columns, each with its parameters."""
        kinds = CATALOG[table].column
        bind = row_binder([(column, kinds[column].kind) for column in columns], self._dialect.parameter_forms)
        for row in plain_values(rows, columns):
            yield row, bind(dict(zip(columns, row, strict=True)))

    def _is_there(self, link: Link, table: str, columns: Sequence[str], parameters: Sequence[Any]) -> bool:
        condition = " AND ".join(f"{_quoted(column)} = ?" for column in columns)
        query = f"SELECT 1 FROM {_quoted(table)} WHERE {condition} LIMIT 1"
        return link.connection.execute(query, parameters).fetchone() is not None


def _quoted(name: str) -> str:
    return f'"{name}"'
