"""A record with its relations in one round trip: plain selects, one for each table, that travel together.

A document of all relations takes the server longer to write than the rows take to send.  Each select joins the tables
that lead from the record to its rows, in that order: the record is found by a unique key, and each table behind it by
an index, whatever the server thinks of their sizes.
"""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from nova_db.engine import Query, Row
from nova_db.engine.predicates import Shape
from nova_db.engine.relations import Plan, attach, plan
from nova_db.schema import Relation
from nova_db_sqlalchemy.sql.conditions import has_regexp
from nova_db_sqlalchemy.sql.conversion import pair_reader
from nova_db_sqlalchemy.sql.documents import known_of, literal
from nova_db_sqlalchemy.tables.catalog import CATALOG, is_single
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.conversion import Forms
    from nova_db_sqlalchemy.sql.grammar import Expression

_LONGEST: Final = 10_000
Has = Callable[["Expression"], "Expression"]
"""From a column to the condition that it has the value, or one of the values, that lead to a relation."""
Known = Mapping[str, Has]
"""Conditions by the column of the record whose value, or of the records whose values, they name."""
Pairs = list[tuple[Any, Row]]
Pieces = Sequence[Sequence[Any]]
"""The rows of the selects of a packet, in their order."""


class Travel(enum.Enum):
    """How selects travel."""

    ALONE = enum.auto()
    """In a transaction of their own."""
    HELD = enum.auto()
    """In one that sees one state."""
    LOCKING = enum.auto()
    """In one that each select shows something newer to: the record is locked first, and stays as it is."""


class Way(NamedTuple):
    """The tables that lead to the rows of a relation, joined in the order in which they are to be read."""

    joined: sa.FromClause
    conditions: tuple[Expression, ...]
    is_linked: bool = False
    """Whether rows may come more than once, as somewhere on the way a table of links may have a pair twice."""


class Leg(NamedTuple):
    """A relation in a packet."""

    relation: Relation
    way: Way
    key: Expression
    """Which row of the table before a row belongs to."""
    target: sa.FromClause


Travelling = tuple[str, Shape, "tuple[str, ...] | None", tuple[str, ...]]
"""What a packet depends on: table, condition, columns, relations."""


def travelling(query: Query) -> Travelling | None:
    """The shape of a query for one record with relations, if it may be answered by a packet."""
    if not query.load or query.after is not None:
        return None
    shape = (query.table, query.where.shape(), query.columns, query.load)
    if not _can_travel(*shape) or any(map(_is_long, query.where.parameters())):
        return None
    return shape


def _is_long(value: object) -> bool:
    """Whether a value is not to be sent with each select."""
    return isinstance(value, str) and len(value) > _LONGEST


@lru_cache(1024)  # callers choose columns and conditions
def _can_travel(table: str, where: Shape, columns: tuple[str, ...] | None, load: tuple[str, ...]) -> bool:
    """Whether the record is found by a unique key, and its columns lead to its relations."""
    if has_regexp(where) or not is_single(CATALOG[table], where):
        return False
    return columns is None or needed(table, load) <= set(columns)


@cache
def joining(table: str, load: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a record that lead to its relations."""
    return tuple(dict.fromkeys(relation.local for relation, _ in plan(table, load)))


@cache
def needed(table: str, load: tuple[str, ...]) -> frozenset[str]:
    """The columns of a record that ``attach`` looks at."""
    is_asked = any("source" in relation.live for relation, _ in plan(table, load))
    return frozenset((*joining(table, load), *(["deleted"] if is_asked else [])))


def legs_of(table: str, load: tuple[str, ...], known: Known, condition: Expression | None = None) -> list[Leg]:
    """The relations of a record, each before those below it, as ``attach`` asks for them.

    :param known: values of columns of the record, which lead to its relations without a look at it.
    :param condition: what finds the record, for the others.
    """
    source = SQL_METADATA.tables[table]
    start = Way(source, () if condition is None else (condition,))
    return list(_legs(source, plan(table, load), start, known))


def among(values: Expression) -> Has:
    """The condition that a column has one of the values of a list."""

    def has(column: Expression) -> Expression:
        return column.op("IN", is_comparison=True)(values)

    return has


def known_columns(condition: Expression) -> Known:
    """The columns that a condition gives a value to."""
    is_list = isinstance(condition, sa.BooleanClauseList) and condition.operator is operator.and_
    parts = condition.clauses if is_list else (condition,)
    return {
        part.left.name: partial(operator.eq, part.right)
        for part in parts
        if isinstance(part, sa.BinaryExpression)
        and part.operator is operator.eq
        and isinstance(part.left, sa.Column)
        and isinstance(part.right, sa.BindParameter)
    }


def _legs(source: sa.FromClause, relations: Plan, before: Way, known: Known) -> Iterator[Leg]:
    for relation, below in relations:
        leg = _leg(source, relation, before, known.get(relation.local))
        yield leg
        yield from _legs(leg.target, below, leg.way, {})


def _leg(source: sa.FromClause, relation: Relation, before: Way, has: Has | None) -> Leg:
    target = SQL_METADATA.tables[relation.table].alias()
    via, conditions = relation.via, []
    if via is None:
        first, key = target, target.c[relation.remote]
    else:
        first = SQL_METADATA.tables[via.table].alias()
        key = first.c[via.local]
        if "via" in relation.live:
            conditions.append(first.c.deleted == literal(CATALOG[via.table].live_value))
    joined: sa.FromClause = first
    if has is None:
        joined = before.joined.join(first, key == source.c[relation.local])
        conditions = [*before.conditions, *conditions]
    else:
        conditions = [has(key), *conditions]
    if via is not None:
        joined = joined.join(target, target.c[relation.remote] == first.c[via.remote])
    if "target" in relation.live:
        conditions.append(target.c.deleted == literal(CATALOG[relation.table].live_value))
    return Leg(relation, Way(joined, tuple(conditions), before.is_linked or via is not None), key, target)


def select_of(leg: Leg) -> sa.Select[Any]:
    """The select of the rows of a relation, each after its key."""
    known = known_of(leg.relation)
    select = sa.select(leg.key.label("related_to"), *[column for column in leg.target.c if column.name not in known])
    return select.select_from(leg.way.joined).where(*leg.way.conditions).prefix_with("STRAIGHT_JOIN")


def legs_reader(legs: Sequence[Leg], forms: Forms) -> Callable[[Pieces], Iterator[Pairs]]:
    """A function from the rows of relations to records, each after its key, by primary key."""
    readers = [_reader(leg, forms) for leg in legs]
    return lambda pieces: (read(rows) for read, rows in zip(readers, pieces, strict=True))


def _reader(leg: Leg, forms: Forms) -> Callable[[Sequence[Any]], Pairs]:
    table = CATALOG[leg.relation.table]
    key, is_linked = table.primary_key, leg.way.is_linked
    read = pair_reader([(column.name, column.kind) for column in table.columns], forms, known_of(leg.relation))

    def pairs(rows: Sequence[Any]) -> Pairs:
        found = read(rows)
        if len(found) > 1:
            found.sort(key=lambda pair: pair[1][key])
            if is_linked:
                found = list({(owner, row[key]): (owner, row) for owner, row in found}.values())
        return found

    return pairs


class Received:
    """The relations of a packet that has arrived, for ``attach``, which asks for them in their order."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterator[Pairs]) -> None:
        self._pairs = pairs

    def related(self, relation: Relation, keys: Sequence[Any]) -> Pairs:
        """What has come for the next relation."""
        return next(self._pairs)


def attached(table: str, rows: list[Row], load: tuple[str, ...], pairs: Iterator[Pairs]) -> list[Row]:
    """Rows with the relations that have come for them."""
    attach(Received(pairs), table, rows, load)
    return rows
