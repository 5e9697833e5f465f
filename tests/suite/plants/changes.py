"""Mistakes in what changes rows, and in keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nova_db.engine import TRUE, Add, Col, IfChanged, IfNew, Order, Predicate, Query, Row, Values
from nova_db.engine.keys import HIGHEST_ID
from nova_db.exceptions import DBDataError
from tests.suite.plants.registry import Planted, but, planted_engine


@planted_engine("predicates")
class CountsChanged(Planted):
    """Counts the rows whose values change, as MySQL does unless it is told otherwise."""

    __slots__ = ()

    def update(self, table: str, where: Predicate, values: Values) -> int:
        rows = self._rows[table]
        before = rows.find(where, lambda *_: []) if "exists" not in repr(where.shape()) else []
        kept = [dict(row) for row in before]
        count = super().update(table, where, values)
        return count - sum(rows.get(row[rows.layout.key]) == row for row in kept)


@planted_engine("changes")
class OldVersions(Planted):
    """Gives back the rows of an update as they were before it."""

    __slots__ = ()

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        before = super().select(but(query, lock=False))
        super().update_returning(query, values)
        return before


@planted_engine("changes")
class AddOfNull(Planted):
    """Takes a null for 0 where something is added to it."""

    __slots__ = ()

    def update(self, table: str, where: Predicate, values: Values) -> int:
        for name, value in values.items():
            if isinstance(value, Add):
                super().update(table, where & _null(name), {name: 0})
        return super().update(table, where, values)


def _null(name: str) -> Predicate:
    from nova_db.engine import Eq

    return Eq(name, None)


@planted_engine("changes")
class AlwaysChanged(Planted):
    """Moves the time of a change where nothing changes."""

    __slots__ = ()

    def update(self, table: str, where: Predicate, values: Values) -> int:
        plain = {name: value.value if type(value) is IfChanged else value for name, value in values.items()}
        return super().update(table, where, plain)


@planted_engine("changes")
class GivenTimesCount(Planted):
    """Takes a time that a record is written back with for news."""

    __slots__ = ()

    def update(self, table: str, where: Predicate, values: Values) -> int:
        plain = {name: value.value if type(value) is IfNew else value for name, value in values.items()}
        return super().update(table, where, plain)


@planted_engine("changes")
class NewColumns(Planted):
    """Copies a column as the same update leaves it, and not as it was before, as MySQL does."""

    __slots__ = ()

    def update(self, table: str, where: Predicate, values: Values) -> int:
        seen: dict[str, Any] = {}
        for name, value in values.items():
            taken = isinstance(value, Col) and value.name in seen
            seen[name] = seen[value.name] if taken else value
        return super().update(table, where, seen)


@planted_engine("changes")
class ClaimsTheNewest(Planted):
    """Claims the rows with the highest keys."""

    __slots__ = ()

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        key = self._rows[table].layout.key
        return super().claim(table, where, values, order=(*order, Order(key, descending=True)), limit=limit)


@planted_engine("changes")
class ClaimsOne(Planted):
    """Claims a single row whatever the limit."""

    __slots__ = ()

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        return super().claim(table, where, values, order=order, limit=min(limit, 1))


@planted_engine("changes")
class AllKeysMatch(Planted):
    """Takes no notice of the condition of a batch of changes."""

    __slots__ = ()

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        return super().update_each(table, changes)


@planted_engine("changes")
class CountsGiven(Planted):
    """Counts the changes of a batch that were given, and not the rows that were there."""

    __slots__ = ()

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        super().update_each(table, changes, where)
        return len(changes)


@planted_engine("changes")
class MovesCopies(Planted):
    """Leaves the rows that it moves where they were."""

    __slots__ = ()

    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        found = super().select(Query(source, where, order=order, limit=limit))
        super().insert((target, found))
        return len(found)


@planted_engine("changes")
class MovesAll(Planted):
    """Moves all rows whatever the limit."""

    __slots__ = ()

    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        return super().move(source, target, where, order=order)


@planted_engine("changes")
class DeletesOne(Planted):
    """Says of any number of rows that it has removed one."""

    __slots__ = ()

    def delete(self, table: str, where: Predicate) -> int:
        return min(super().delete(table, where), 1)


@planted_engine("changes")
class ReusesIds(Planted):
    """Gives the id of a removed row to the next one."""

    __slots__ = ()

    def delete(self, table: str, where: Predicate) -> int:
        count = super().delete(table, where)
        rows: Any = self._rows[table]
        rows.next_id = 1 + max([key for key in rows.rows if isinstance(key, int)], default=0)
        return count


@planted_engine("rows")
class GivenIdsDoNotCount(Planted):
    """Does not move the counter on to an id that is given."""

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        made = super().insert(*batches)
        for name, rows in batches:
            given = [row["id"] for row in rows if isinstance(row.get("id"), int)]
            if given and len(given) == len(rows):
                table: Any = self._rows[name]
                table.next_id = max(1, table.next_id - max(given))
        return made


@planted_engine("changes")
class NoHighestId(Planted):
    """Counts ids beyond the highest one."""

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        try:
            return super().insert(*batches)
        except DBDataError as error:
            self.error = None
            raise DBDataError(message="no id", table=error.table, columns=[], value=HIGHEST_ID) from None


@planted_engine("changes")
class NewKeys(Planted):
    """Gives a row another key where an update has one."""

    __slots__ = ()

    def update(self, table: str, where: Predicate, values: Values) -> int:
        key = self._rows[table].layout.key
        return super().update(table, where, {name: value for name, value in values.items() if name != key})
