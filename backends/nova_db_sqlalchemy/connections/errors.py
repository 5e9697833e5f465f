"""From a DB-API library's errors to the API's own: what happened, and which table, columns and value are to blame."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from nova_db.engine import Add, Order, Predicate
from nova_db.engine.assignments import is_plain
from nova_db.engine.keys import used_up
from nova_db.exceptions import DBDataError, DBDeadlock, DBError, DBReferenceError
from nova_db.schema import Kind
from nova_db_sqlalchemy.connections.quoting import without_quotes
from nova_db_sqlalchemy.tables.catalog import CATALOG

NOT_SYNCED = "it is not what this version expects; run `nova-db sync`"
"""What to say of a table or column that does not exist."""
RIGHTS = (
    "The database's user may not do that: README has the rights that are needed to make and upgrade tables, and those "
    "for services."
)
"""What to say where the user lacks a right."""
_DETAIL = re.compile(r"=\((.*)\)", re.DOTALL)


class Fault(NamedTuple):
    """What a server reads from an error of its DB-API library."""

    kind: type[DBError] = DBError
    message: str | None = None
    """The text, None where the exception's own words do."""
    table: str | None = None
    columns: tuple[str, ...] = ()
    detail: str | None = None
    """The values as the server writes them, if it tells: those of several columns with commas between."""
    ends_transaction: bool = False
    """Whether the transaction is gone as a whole, so that no savepoint brings it back."""


Batches = Sequence[tuple[str, Iterable[Mapping[str, Any]]]]
"""Rows or assignments, by table."""


class Written(NamedTuple):
    """What a failed call was writing, to find the value to blame."""

    batches: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]
    """Rows or assignments, by table."""
    where: Predicate | None = None
    """Which rows of the first table were to be changed or removed; of those updated by key, which were not spared."""
    source: str | None = None
    """The table that the rows were to come from."""
    is_insert: bool = False
    """Whether the rows are new, and complete."""
    by_key: bool = False
    """Whether each is an update of the row whose key it holds."""
    order: tuple[Order, ...] = ()
    limit: int | None = None
    """Which of the rows that match were to be changed, where not all were."""

    @classmethod
    def of(cls, batches: Batches, where: Predicate | None = None, source: str | None = None, **kind: Any) -> Written:
        """The same, with rows that can be gone through again and again."""
        return cls([(table, list(rows)) for table, rows in batches], where, source, **kind)

    @property
    def table(self) -> str:
        """The table that was written to, the first of several."""
        return self.batches[0][0]

    def rows_of(self, table: str | None) -> Iterator[Mapping[str, Any]]:
        """What was being written to a table."""
        return (row for name, rows in self.batches if name == table for row in rows)

    def added(self) -> tuple[str, ...]:
        """The columns that were to grow by a number: the only values that nobody has checked before."""
        rows = self.rows_of(self.table)
        return tuple(dict.fromkeys(name for row in rows for name, value in row.items() if type(value) is Add))


def translated(error: BaseException, fault: Fault, written: Written | None) -> DBError:
    """The exception to raise for a fault, with the library's error rid of what it quotes."""
    if fault.kind is DBDataError and not fault.columns and written is not None:
        fault = fault._replace(table=written.table, columns=written.added())
    value = blamed_value(fault, written) if fault.columns else None
    error = without_quotes(error, fault.table, fault.columns)
    return raised(error, fault, written, value)


def raised(error: BaseException, fault: Fault, written: Written | None, value: Any) -> DBError:
    """The exception for a fault whose blame is known; of a broken reference it says which side broke it."""
    sides: dict[str, str] = {}
    if fault.kind is DBReferenceError and written is not None and fault.table in CATALOG:
        parents = [key.table for key in CATALOG[fault.table].foreign_keys if (key.column,) == fault.columns]
        # No table refers to itself, and no call writes to both sides but by inserts, which take nothing away.
        side = "lacking" if any(table == fault.table for table, _ in written.batches) else "holding"
        sides.update((side, parent) for parent in parents)
    return fault.kind(error, message=fault.message, table=fault.table, columns=fault.columns, value=value, **sides)


def blamed_value(fault: Fault, written: Written | None) -> Any:
    """The value in the blamed columns, a tuple for several; None where it cannot be known."""
    table, columns = fault.table, fault.columns
    rows = list(plain_values(written.rows_of(table), columns)) if written is not None else []
    if fault.detail is None:
        return alone(rows[0]) if len(rows) == 1 else None
    for row in rows:
        if ", ".join(_server_text(value) for value in row) == fault.detail:
            return alone(row)
    texts = (fault.detail,) if len(columns) == 1 else tuple(fault.detail.split(", "))
    if table not in CATALOG or len(texts) != len(columns):  # a comma within a value: nobody knows where it ends
        return None
    kinds = CATALOG[table].column
    return alone(tuple([_parsed(kinds[column].kind, text) for column, text in zip(columns, texts, strict=True)]))


def detail_of(text: str | None) -> str | None:
    """The values in a server's ``Key (columns)=(values) ...``, whatever language the rest is in."""
    found = _DETAIL.search(text or "")
    return found[1] if found else None


def missing(what: str) -> Fault:
    """A table or column that does not exist."""
    return Fault(message=f"The database lacks {what}: {NOT_SYNCED}.")


def unsuitable(error: BaseException) -> Fault | None:
    """What Python itself refuses to hand to a database: half a surrogate pair, an integer of more than 64 bits."""
    if isinstance(error, UnicodeError):
        return Fault(DBDataError, "A text cannot be encoded for the database.")
    if isinstance(error, OverflowError):
        return Fault(DBDataError, "A number is too large for the database.")
    return None


def full() -> Fault:
    """A disk, or what the server may use of it, that takes no more."""
    return Fault(message="The database's disk is full; nothing of the call was kept.")


def no_more_ids(table: str) -> Fault:
    """An insert for which there is no id left: no value that was given is to blame."""
    column = CATALOG[table].primary_key
    return Fault(DBDataError, str(used_up(table, column)), table, (column,), detail="")


def forbidden(words: str) -> Fault:
    """A statement for which the user lacks a right; the server's words name statement and table."""
    return Fault(message=f"{words}. {RIGHTS}")


def cancelled() -> Fault:
    """A statement that the server has ended, as an operator or a time-out told it to."""
    return Fault(message="The server has cancelled the statement; nothing of the call was kept.")


def conflict(*, why: str | None = None) -> Fault:
    """A conflict with another transaction."""
    return Fault(DBDeadlock, why, ends_transaction=True)


def plain_values(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The values that rows or assignments have in some columns, where they are plain."""
    for row in rows:
        if all(column in row and is_plain(row[column]) for column in columns):
            yield tuple([row[column] for column in columns])


def alone(values: tuple[Any, ...]) -> Any:
    """The values of a rule's columns as ``DBError.value`` shows them."""
    return values[0] if len(values) == 1 else values


def _server_text(value: Any) -> str:
    if isinstance(value, datetime):
        text = value.isoformat(" ")
        return text.rstrip("0") if value.microsecond else text
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def _parsed(kind: Kind, text: str) -> Any:
    try:
        if kind in (Kind.INTEGER, Kind.BIGINT):
            return int(text)
        if kind is Kind.DATETIME:
            return datetime.fromisoformat(text)
    except ValueError:
        return None
    return text
