"""The rows of one table: what the author of a row store writes, and what the base makes of it."""

from __future__ import annotations

import abc
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice, repeat
from typing import Any

from nova_db.engine.matching import Probe
from nova_db.engine.ordering import page, total_order
from nova_db.engine.query import Order, Query
from nova_db.engine.rows import access
from nova_db.engine.rows.layout import Layout
from nova_db.engine.rows.ordered import Walk, walk
from nova_db.engine.rows.relations import attacher
from nova_db.engine.values import Row


class Readable(abc.ABC):
    """The rows of one table, as a transaction sees them.

    A row is a dict with every column.  One that was handed over, either way, is replaced and never edited, so whoever
    holds it holds a version of it.
    """

    __slots__ = ("layout",)

    layout: Layout

    @abc.abstractmethod
    def get(self, key: Any) -> Row | None:
        """The row with a primary key."""

    @abc.abstractmethod
    def all(self) -> Iterable[Row]:
        """All rows, in any order; who asks changes none before having seen them all."""

    @abc.abstractmethod
    def keys(self, lookup: str, value: Any) -> Collection[Any]:
        """The primary keys of the rows that have a value, which is not null, in a look-up of the layout; in any order.

        A column that is no look-up may be asked for too: semijoins and relations do.
        """

    def among(self, lookup: str, value: Any) -> Iterable[Row]:
        """The rows that have a value in a look-up, and perhaps others, by primary key; not all may be gone over."""
        return self.having(lookup, value)

    attacher = staticmethod(attacher)
    """What sets relations on copies of rows, where all tables are of one kind."""

    find = access.find  # not by way of a method of its own: it is on every call's path

    def page(self, query: Query, probe: Probe) -> list[Row]:
        """The rows that a query asks for, in its order."""
        where, order, after, limit = query.where, query.order, query.after, query.limit
        if after is None and (not order or order == (Order(self.layout.key),)):
            return self.find(where, probe, limit)
        way = walk(self.layout.name, where.shape(), order) if limit is not None else None
        some = None if way is None else self.walked(way, where.parameters(), after)
        if way is None or some is None:
            return page(self.find(where, probe), total_order(order, self.layout.key), after, limit)
        return list(islice(filter(way.test(where.parameters(), probe), some), limit))

    def walked(self, way: Walk, parameters: Sequence[Any], after: Sequence[Any] | None) -> Iterable[Row] | None:
        """The rows of a way that come after a place, in its order, one after the other; None: no order is kept."""
        return None

    def having(self, column: str, value: Any, alive: Any = None) -> list[Row]:
        """The rows in which a column equals a value, by primary key; all, or those that are live.  Null equals none."""
        if value is None:
            return []
        get = self.get
        if column == self.layout.key:
            row = get(value)
            return [] if row is None or (alive is not None and row["deleted"] != alive) else [row]
        keys = self.keys(column, value)
        if len(keys) > 1:
            keys = sorted(keys)
        if alive is None:
            return [row for key in keys if (row := get(key)) is not None]
        return [row for key in keys if (row := get(key)) is not None and row["deleted"] == alive]


class Rows(Readable):
    """The rows of one table, as a transaction sees and changes them."""

    __slots__ = ()

    @abc.abstractmethod
    def put(self, key: Any, old: Row | None, new: Row | None) -> None:
        """Replace a version of a row by another, in the indexes as well; None stands for no row, before or after."""

    def put_all(self, keys: Sequence[Any], old: Sequence[Row] | None, new: Sequence[Row] | None) -> None:
        """``put`` for the rows of one call, each by another key, in the order of the keys; None: for none of them."""
        put = self.put
        for key, before, after in zip(keys, old or repeat(None), new or repeat(None), strict=False):
            put(key, before, after)

    @abc.abstractmethod
    def count(self, given: int | None) -> int:
        """The next id, ``HIGHEST_ID + 1`` where none is left; or the one given, which moves the counter on."""

    def counted(self, many: int) -> Sequence[int]:
        """``count`` for so many rows that give none."""
        return [self.count(None) for _ in range(many)]

    def holds(self, lookup: str, value: Any) -> bool:
        """Whether some row has a value in a look-up, or as its key; a writer may rely on the answer until it ends.

        A store whose writers do not exclude one another sees to that here.
        """
        return self.get(value) is not None if lookup == self.layout.key else bool(self.keys(lookup, value))

    def holds_any(self, lookup: str, values: Collection[Any]) -> bool:
        """Whether some row has one of the values; it asks ``holds``."""
        return any(self.holds(lookup, value) for value in values)


Tables = Mapping[str, Readable]
"""What a transaction reads from, by name."""
