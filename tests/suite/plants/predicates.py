"""Mistakes in conditions, in order, in what is counted, and in relations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nova_db.engine import TRUE, In, Order, Predicate, Query, Row
from nova_db.engine.matching import matcher
from nova_db.engine.predicates import Shape
from nova_db.schema import Relation
from tests.suite.plants.registry import Planted, but, planted_engine


class Altered(Predicate):
    """A condition whose leaves ask something else."""

    __slots__ = ()

    def __init__(self, where: Predicate, change: Callable[[Shape], Shape]) -> None:
        self._shape = _altered(where.shape(), change)
        self._bound = tuple(where.parameters())


def _altered(shape: Shape, change: Callable[[Shape], Shape]) -> Shape:
    if shape[0] in ("and", "or"):
        return (shape[0], *(_altered(part, change) for part in shape[1:]))
    return change(shape)


class Asking(Planted):
    """A transaction that asks for something else than it is asked for."""

    __slots__ = ()

    def change(self, shape: Shape) -> Shape:
        """The leaf that it has in the place of another."""
        return shape

    def select(self, query: Query) -> list[Row]:
        return super().select(but(query, where=Altered(query.where, self.change)))

    def aggregate(self, table: str, where: Predicate = TRUE, **how: Any) -> list[Row]:
        return super().aggregate(table, Altered(where, self.change), **how)

    def update(self, table: str, where: Predicate, values: Any) -> int:
        return super().update(table, Altered(where, self.change), values)


@planted_engine("predicates")
class LessOrEqual(Asking):
    """Compares by ``<=`` where it should by ``<``."""

    __slots__ = ()

    def change(self, shape: Shape) -> Shape:
        return ("le", *shape[1:]) if shape[0] == "lt" else shape


@planted_engine("predicates")
class NoNotEqual(Asking):
    """Has a null differ from every value."""

    __slots__ = ()

    def change(self, shape: Shape) -> Shape:
        return ("or", shape, ("null", shape[1])) if shape[0] == "ne" else shape


@planted_engine("predicates")
class CaseMatters(Planted):
    """Finds part of a text in the same letter case alone."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        found = super().select(query)
        shape, values = query.where.shape(), query.where.parameters()
        return [row for row in found if shape[0] != "contains" or values[0] in row[shape[1]]]


@planted_engine("predicates")
class AnyCase(Asking):
    """Has texts be equal that differ in letter case, as a server's collation may."""

    __slots__ = ()

    def change(self, shape: Shape) -> Shape:
        return ("eqfold", shape[1]) if shape[0] == "eq" and shape[1] in ("host", "name", "display_name") else shape


@planted_engine("predicates")
class EmptyInIsAll(Asking):
    """Takes a list of no values for no condition."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        empty = isinstance(query.where, In) and not query.where.parameters()[0]
        return super().select(but(query, where=TRUE) if empty else query)


@planted_engine("predicates")
class OneColumnOfEach(Asking):
    """Looks in a semijoin at the first pair of columns alone."""

    __slots__ = ()

    def change(self, shape: Shape) -> Shape:
        return (*shape[:2], shape[2][:1], *shape[3:]) if shape[0] == "exists" else shape


@planted_engine("predicates")
class NotExistsIsExists(Asking):
    """Forgets that a semijoin is negated."""

    __slots__ = ()

    def change(self, shape: Shape) -> Shape:
        return (*shape[:4], False) if shape[0] == "exists" else shape


@planted_engine("rows")
class NullsLast(Planted):
    """Has nulls come last in an order."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        found = super().select(query)
        if not query.order or query.limit is not None or query.order[0].column not in (found or [{}])[0]:
            return found
        first = query.order[0]
        return sorted(found, key=lambda row: (row[first.column] is None) is not first.descending)


@planted_engine("rows")
class KeysDescendToo(Planted):
    """Gives rows that are alike in a descending order by descending key."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        key = self._rows[query.table].layout.key
        order = query.order
        if order and order[-1].descending and key not in [part.column for part in order]:
            order = (*order, Order(key, descending=True))
        return super().select(but(query, order=order))


@planted_engine("rows")
class PagesOverlap(Planted):
    """Begins a page with the row of the marker."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        after = query.after
        if after is None or not isinstance(after[-1], int):
            return super().select(query)
        last = query.order[-1] if query.order else Order("id")
        back = after[-1] + 1 if last.descending and last.column == "id" else after[-1] - 1
        return super().select(but(query, after=(*after[:-1], back)))


@planted_engine("rows")
class LimitBeforeOrder(Planted):
    """Cuts rows to the limit before it sorts them."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        if not query.order or query.limit is None or query.after is not None:
            return super().select(query)
        found = super().select(but(query, order=(), columns=None))[: query.limit]
        keys = [row[self._rows[query.table].layout.key] for row in found]
        return super().select(but(query, where=In(self._rows[query.table].layout.key, keys)))


@planted_engine("predicates")
class NullSums(Planted):
    """Sums no rows to null, as SQL does."""

    __slots__ = ()

    def aggregate(self, table: str, where: Predicate = TRUE, **how: Any) -> list[Row]:
        found = super().aggregate(table, where, **how)
        for row in found:
            if not row["count"]:
                row.update(dict.fromkeys(how.get("sums", ())))
        return found


@planted_engine("predicates")
class NoNullGroup(Planted):
    """Leaves out the group of rows that have a null."""

    __slots__ = ()

    def aggregate(self, table: str, where: Predicate = TRUE, **how: Any) -> list[Row]:
        groups = how.get("group_by", ())
        return [row for row in super().aggregate(table, where, **how) if all(row[name] is not None for name in groups)]


@planted_engine("predicates")
class DeadRelations(Planted):
    """Brings along soft-deleted rows with a relation."""

    __slots__ = ()

    def _out(self, query: Query, tables: Any, rows: list[Row]) -> list[Row]:
        found = super()._out(query, tables, rows)
        for row in found if "metadata" in query.load else ():
            ends = tables["instance_metadata"].having("instance_uuid", row["uuid"])
            row["metadata"] = [each.copy() for each in ends]
        return found


@planted_engine("changes")
class RelatedBackwards(Planted):
    """Gives the rows at the other end of a relation by descending key."""

    __slots__ = ()

    def related(self, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
        return super().related(relation, keys)[::-1]


@planted_engine("predicates")
class ResidueAfterLimit(Planted):
    """Filters by a pattern what is left after the limit."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        if query.limit is None or "regexp" not in repr(query.where.shape()) or query.columns is not None:
            return super().select(query)
        test = matcher(query.where, lambda *_: ())
        return [row for row in super().select(but(query, where=TRUE)) if test(row)]
