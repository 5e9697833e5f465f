"""Mistakes that the first stages find: rows that are stored and come back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from nova_db.engine import Capability, Query, Row, Values
from nova_db_memory import MemoryDriver, MemoryEngine
from tests.suite.plants.registry import Planted, but, planted_driver, planted_engine


class _Engine(MemoryEngine):
    """To be derived from by an engine that is wrong outside its transactions."""


class _Driver(MemoryDriver):
    """A driver on such an engine."""

    planted: type[MemoryEngine] = _Engine

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(connection, conf)
        self.engine.__class__ = self.planted


@planted_driver(stage="loads")
class HidesShadowTables(_Driver):
    """Does not list what it has in its names of tables."""

    class planted(_Engine):  # noqa: N801 - stands for an attribute
        def tables(self) -> Sequence[str]:
            return [name for name in super().tables() if not name.startswith("instance")]


@planted_driver(stage="loads")
class UndeclaredCapability(_Driver):
    """Neither has a capability nor says why not."""

    class planted(_Engine):  # noqa: N801
        missing: Mapping[Capability, str] = {Capability.PERSISTENT: "it is in memory"}


@planted_driver(stage="loads")
class DescribesByNumbers(_Driver):
    """Describes itself with values that are no text."""

    class planted(_Engine):  # noqa: N801
        def describe(self) -> Mapping[str, Any]:
            return {**super().describe(), "locks": 1}


@planted_engine("rows")
class SharedInserts(Planted):
    """Gives the rows that it keeps to whoever inserts them."""

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        made = super().insert(*batches)
        tables = self._rows
        return [
            [tables[name].get(tables[name].layout.by_key(row)) or row for row in rows]
            for (name, _), rows in zip(batches, made, strict=True)
        ]


@planted_engine("rows")
class SharedRows(Planted):
    """Gives the rows that it keeps to whoever reads them."""

    __slots__ = ()

    def _out(self, query: Query, tables: Any, rows: list[Row]) -> list[Row]:
        if query.columns is None and not query.load:
            return rows
        return super()._out(query, tables, rows)


@planted_engine("rows")
class FirstBatchOnly(Planted):
    """Forgets, of several batches, all but the first to answer with."""

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        return super().insert(*batches)[:1]


@planted_engine("rows")
class LimitZero(Planted):
    """Takes a limit of 0 for none."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        return super().select(but(query, limit=query.limit or None))


@planted_engine("rows")
class AllColumns(Planted):
    """Takes no notice of the columns that are asked for."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        return super().select(but(query, columns=None))


@planted_engine("rows")
class WholeSeconds(Planted):
    """Stores moments without their microseconds."""

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        return super().insert(*((name, [_cut(row) for row in rows]) for name, rows in batches))


def _cut(row: Values) -> dict[str, Any]:
    moments = {name: value.replace(microsecond=0) for name, value in row.items() if isinstance(value, dt.datetime)}
    return {**row, **moments}


@planted_engine("rows")
class EmptyIsNull(Planted):
    """Stores empty texts as nulls."""

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        return super().insert(*((name, [_without_empty(row) for row in rows]) for name, rows in batches))


def _without_empty(row: Values) -> dict[str, Any]:
    return {key: None if value == "" else value for key, value in row.items()}


@planted_engine("rows")
class LastComesFirst(Planted):
    """Gives rows without an order in the order in which they were changed last."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        found = super().select(query)
        return found if query.order or query.limit is not None else found[::-1]


@planted_driver(stage="rows")
class KeepsCounters(_Driver):
    """Does not begin to count anew when it is cleared."""

    class planted(_Engine):  # noqa: N801
        def clear(self) -> None:
            counters = self.counters()
            super().clear()
            for name, highest in counters.items():
                self._state.stored[name].next_id = highest + 1
