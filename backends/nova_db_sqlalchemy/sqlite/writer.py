"""Writing on SQLite: one writer at a time, so nothing races; ids follow one another within a statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nova_db.engine import Row, Values
from nova_db.engine.keys import HIGHEST_ID, used_up
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.transactions.looking_writer import LookingWriter
from nova_db_sqlalchemy.transactions.writer import keyed, runs_by_key

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.write_statements import Insert

MOST_VARIABLES: Final = 4096
"""So many parameters has an insert at most.  SQLite takes more, but a connection keeps its last statements prepared."""
FEW: Final = 16
"""Up to so many rows, each number of them has an insert of its own; beyond, it is one for each power of two."""


class Chunk(NamedTuple):
    """Rows of one batch, inserted by one statement: all have a key, or all want one."""

    batch: int
    table: str
    rows: Sequence[Values]
    has_key: bool


class SQLiteWriter(LookingWriter):
    """A writer on SQLite."""

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        made: list[list[Row]] = [[] for _ in batches]
        chunks = [chunk for batch, (table, rows) in enumerate(batches) for chunk in _chunks(batch, table, rows)]
        for place, chunk in enumerate(chunks):
            made[chunk.batch] += self._insert(chunks, place)
        return made

    def serialize(self, *names: str) -> None:
        self.hold()  # no other writer can begin from here on

    def _insert(self, chunks: Sequence[Chunk], place: int) -> list[Row]:
        """Insert the rows at a place among the chunks, in one statement."""
        chunk = chunks[place]
        table, rows = CATALOG[chunk.table], chunk.rows
        key, columns = table.primary_key, table.names
        if not chunk.has_key:
            columns = tuple(column for column in columns if column != key)
        insert = self._database.statements.insert(chunk.table, columns)
        sql, parameters = _filled(insert, rows, len(columns))
        connection = self._connection or self._start()
        self._database.dirty.add(chunk.table)
        try:
            cursor = connection.cursor
            cursor.execute(sql, parameters)
        except self._database.server.errors as error:
            written = [(each.table, each.rows) for each in chunks[place:]]
            raise self._failed(connection, error, written, is_insert=True) from error
        if chunk.has_key:
            return [dict(row) for row in rows]
        last = cursor.lastrowid
        if last > HIGHEST_ID:  # the database would count on, to where nobody can look anything up
            failure = used_up(chunk.table, key)
            self._give_up(failure)
            raise failure
        numbers = range(last - len(rows) + 1, last + 1)
        return [keyed(row, key, number) for row, number in zip(rows, numbers, strict=True)]


def _chunks(batch: int, table: str, rows: Sequence[Values]) -> Iterator[Chunk]:
    """The rows as they are inserted, in one statement each."""
    at_once = 1 << (MOST_VARIABLES // len(CATALOG[table].names)).bit_length() - 1
    for has_key, alike in runs_by_key(rows, CATALOG[table].primary_key):
        for start in range(0, len(alike), at_once):
            yield Chunk(batch, table, alike[start : start + at_once], has_key)


def _filled(insert: Insert, rows: Sequence[Values], width: int) -> tuple[str, Sequence[Any]]:
    """An insert of rows and its parameters; what there are more of than rows is left out by a limit."""
    if len(rows) == 1:
        return insert.sql, insert.bind(rows[0])
    one = f", ({', '.join('?' * width)})"
    parameters = [value for row in rows for value in insert.bind(row)]
    size = 1 << (len(rows) - 1).bit_length()
    if len(rows) <= FEW or len(rows) == size:
        return insert.sql + one * (len(rows) - 1), parameters
    parameters += [None] * (width * (size - len(rows)))
    head, _, _ = insert.sql.rpartition(" VALUES ")
    return f"{head} SELECT * FROM (VALUES {(one * size)[2:]}) LIMIT ?", [*parameters, len(rows)]
