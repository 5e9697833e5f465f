"""Primary keys: an update may repeat a row's own, and give no other; and there is a highest one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from nova_db.engine.predicates import Eq, In, Predicate, all_of
from nova_db.engine.query import Query
from nova_db.exceptions import DBDataError

if TYPE_CHECKING:
    from nova_db.engine.transaction import Transaction
    from nova_db.engine.values import Row, Values
    from nova_db.schema import Table

HIGHEST_ID: Final = 2**31 - 1
"""No id is above it, whoever counts: the columns hold no more, and nobody could look it up."""


def require_own(table: Table, row: Mapping[str, Any], given: Any) -> None:
    """DBDataError unless a key that is given is the row's own."""
    name = table.primary_key
    if row[name] != given:
        raise DBDataError(
            message=f"{table.name}.{name}: the key of a row never changes, and this row's is {row[name]!r}",
            table=table.name,
            columns=[name],
            value=given,
        )


def of_own_key(tx: Transaction, table: Table, query: Query, values: Values) -> tuple[Predicate, Row]:
    """An update whose values give a primary key, without it: of the row that has the key, if it is the only one found.

    For engines that would have to look: ``query`` says which rows are to be updated, and they are locked.
    """
    rest = dict(values)
    given = rest.pop(table.primary_key)
    for row in tx.select(query.replace(columns=(table.primary_key,), load=(), lock=True)):
        require_own(table, row, given)
    return all_of(query.where, Eq(table.primary_key, given)), rest


def each_of_own_key(
    tx: Transaction, table: Table, changes: Sequence[tuple[Any, Values]], where: Predicate
) -> list[tuple[Any, Row]]:
    """Updates of single rows some of which give a primary key, without it; it must be the row's own."""
    name = table.primary_key
    others = {key: values[name] for key, values in changes if values.get(name, key) != key}
    if others:
        for row in tx.select(Query(table.name, all_of(In(name, others), where), columns=(name,), lock=True)):
            require_own(table, row, others[row[name]])
    return [(key, {column: value for column, value in values.items() if column != name}) for key, values in changes]


def used_up(table: str, column: str) -> DBDataError:
    """The error of an insert for which there is no id left."""
    message = f"{table}.{column}: the ids are used up, {HIGHEST_ID} is the highest and was given before"
    return DBDataError(message=message, table=table, columns=[column])
