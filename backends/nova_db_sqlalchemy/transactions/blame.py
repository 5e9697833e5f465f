"""What a database does not tell of a violation, looked up: which column, and which value.

For databases whose transaction can go on after an error, so that the rows as they were are still to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from nova_db.engine import TRUE, Eq, In, Ne, Predicate, Query, Row, all_of
from nova_db.engine.assignments import is_plain, updater
from nova_db.exceptions import DBDataError, DBError
from nova_db_sqlalchemy.connections.errors import Fault, Written, alone, raised
from nova_db_sqlalchemy.connections.quoting import without_quotes
from nova_db_sqlalchemy.tables.catalog import CATALOG, referring

Look = Callable[[Query], list[Row]]
"""Reads, on the connection that the error happened on."""


class Blame(NamedTuple):
    """The columns that break a rule, and the value in them, a tuple for several."""

    table: str
    columns: tuple[str, ...]
    value: Any
    message: str | None = None
    """What to tell of it, None where the violation alone is told."""

    def error(self, fault: Fault, cause: BaseException, written: Written) -> DBError:
        """The exception to raise."""
        cause = without_quotes(cause, self.table, self.columns)
        message = self.message or (fault.message and f"{self.table}.{', '.join(self.columns)}: {fault.message}")
        fault = fault._replace(message=message, table=self.table, columns=self.columns)
        return raised(cause, fault, written, self.value)


def find_duplicate(look: Look, table: str, columns: tuple[str, ...], written: Written) -> Blame | None:
    """Which of the rows that were being written has values, in the columns of a unique rule, that another one has."""
    key = CATALOG[table].primary_key
    seen = set()
    for row in _rows_to_be(look, table, written):
        values = tuple([row.get(column) for column in columns])
        if None in values:
            continue
        others = all_of(*[Eq(column, value) for column, value in zip(columns, values, strict=True)])
        if row.get(key) is not None and key not in columns and written.source is None:
            others = all_of(others, Ne(key, row[key]))  # it may have been written already
        if values in seen or look(Query(table, others, columns=(key,), limit=1)):
            return Blame(table, columns, alone(values))
        seen.add(values)
    return None


def find_taken(look: Look, written: Written) -> Blame | None:
    """Which key or unique rule the rows that were being written break, if any."""
    for table in dict.fromkeys(table for table, _ in written.batches):
        rules = [rule.columns for rule in CATALOG[table].uniques]
        if written.is_insert:
            rules.insert(0, (CATALOG[table].primary_key,))
        for columns in rules:
            found = find_duplicate(look, table, columns, written)
            if found is not None:
                return found
    return None


def find_reference(look: Look, written: Written) -> Blame | None:
    """Which foreign key points at no row, or which row still points at one that was to change or go."""
    for table in dict.fromkeys(table for table, _ in written.batches):
        for row in _rows_to_be(look, table, written):
            for key in CATALOG[table].foreign_keys:
                value = row.get(key.column)
                if value is not None and not look(Query(key.table, Eq(key.remote, value), limit=1)):
                    return Blame(table, (key.column,), value)
    changes = list(_changes(look, written))
    for reference in referring(written.table):
        gone = [
            old[reference.remote]
            for old, new in changes
            if new is None or new[reference.remote] != old[reference.remote]
        ]
        query = Query(reference.table, In(reference.column, gone), columns=(reference.column,), limit=1)
        found = look(query) if gone else []
        if found:
            return Blame(reference.table, (reference.column,), found[0][reference.column])
    return None


def find_sum(look: Look, written: Written) -> Blame | None:
    """Which sum leaves the range of its column: the first one, in the order in which rows are updated."""
    if not written.added():
        return None
    try:
        for _ in _changes(look, written):
            pass  # what a row becomes is worked out, or refused
    except DBDataError as refused:
        return blame_of(refused)
    return None


def blame_of(refused: DBDataError) -> Blame:
    """What an error tells that Python has found."""
    return Blame(str(refused.table), tuple(refused.columns), refused.value, str(refused))


def _changes(look: Look, written: Written) -> Iterator[tuple[Row, Row | None]]:
    """The rows that were to change or to go, as they were, each with what it would have become; None: it would go."""
    table, assigned = written.table, list(written.rows_of(written.table))
    key = CATALOG[table].primary_key
    wanted: list[tuple[Predicate, Mapping[str, Any] | None]] = []
    if written.by_key:
        spared = written.where or TRUE
        wanted = [(all_of(Eq(key, values[key]), spared), values) for values in assigned]
    elif written.where is not None:
        wanted = [(written.where, values) for values in assigned or (None,)]
    for where, values in wanted:
        for row in look(Query(table, where, order=written.order, limit=written.limit)):
            yield row, None if values is None else updater(CATALOG[table], values)(row)


def _rows_to_be(look: Look, table: str, written: Written) -> Iterator[Mapping[str, Any]]:
    """The rows that the call would have left; of new ones what is given."""
    if written.source is not None and written.where is not None:
        yield from look(Query(written.source, written.where))
    elif written.by_key:
        key = CATALOG[table].primary_key
        for values in written.rows_of(table):
            yield from map(updater(CATALOG[table], values), look(Query(table, Eq(key, values[key]))))
    elif written.where is None:
        for row in written.rows_of(table):
            yield {name: value for name, value in row.items() if is_plain(value)}
    else:
        for values in written.rows_of(table):
            yield from map(updater(CATALOG[table], values), look(Query(table, written.where)))
