"""The rows of a table as cells, and their index entries."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from nova_db.engine.keys import HIGHEST_ID
from nova_db.engine.matching import Probe
from nova_db.engine.ordering import page
from nova_db.engine.predicates import Eq, Predicate, all_of
from nova_db.engine.query import Order, Query
from nova_db.engine.rows.cells.cells import Buffer, Cells
from nova_db.engine.rows.cells.packing import pack
from nova_db.engine.rows.cells.paths import LAST, Lead, Path, Stored, changed_entries, lead, plan, stored
from nova_db.engine.rows.cells.relations import attacher
from nova_db.engine.rows.codec import Codec
from nova_db.engine.rows.layout import Layout, layout
from nova_db.engine.rows.table import Rows
from nova_db.engine.values import Row


class CellRows(Rows):
    """The rows of a table: a cell each, and for each index one whose value is the packed key."""

    __slots__ = ("_cells", "_codec", "_prefix", "_stored")

    attacher = staticmethod(attacher)  # type: ignore[assignment] # the tables are ours

    def __init__(self, layout: Layout, cells: Cells, codec: Codec, stored: Stored) -> None:
        self.layout = layout
        self._cells = cells
        self._codec = codec
        self._stored = stored
        self._prefix = stored.prefix

    def get(self, key: Any) -> Row | None:
        return next(self._codec.decode(filter(None, [self._cells.get(self._prefix + pack(key))])), None)

    def all(self) -> Iterator[Row]:
        return self._codec.decode(value for _, value in self._cells.scan(self._prefix, self._prefix + LAST))

    def keys(self, lookup: str, value: Any) -> Collection[Any]:
        columns = self.layout.lookups.get(lookup, (lookup,))
        values = value if len(columns) > 1 else (value,)
        where = all_of(*[Eq(column, part) for column, part in zip(columns, values, strict=True)])
        return [self.layout.by_key(row) for row in self.find(where, lambda *_: ())]

    def having(self, column: str, value: Any, alive: Any = None) -> list[Row]:
        if value is None:
            return []
        way = lead(self.layout.name, (column,))
        if way is None or way.is_key:
            return self.gathered(column, (value,), alive).get(value, [])
        rows = self._led(way, (value,), alive)
        return [row for row in rows if alive is None or row["deleted"] == alive]

    def gathered(self, column: str, values: Iterable[Any], alive: Any = None) -> dict[Any, list[Row]]:
        """``having`` of many values at once, by value; those that no row has are left out."""
        way = lead(self.layout.name, (column,))
        if way is None:
            wanted = {value for value in values if value is not None}
            rows = [row for row in self.all() if row[column] in wanted]
        else:
            rows = self._led(way, values, alive)
        found: dict[Any, list[Row]] = {}
        for row in rows:
            if alive is None or row["deleted"] == alive:
                value = row[column]
                if value in found:
                    found[value].append(row)
                else:
                    found[value] = [row]
        return found

    def holds(self, lookup: str, value: Any) -> bool:
        columns = self.layout.lookups.get(lookup, (lookup,))
        way = lead(self.layout.name, columns)
        if way is None:
            return super().holds(lookup, value)
        begin = way.prefix + (pack(value) if len(columns) == 1 else b"".join(map(pack, value)))
        if way.is_key:
            return self._cells.get(begin) is not None
        return next(iter(self._cells.scan(begin, begin + LAST)), None) is not None

    def find(self, where: Predicate, probe: Probe, limit: int | None = None) -> list[Row]:
        return self._found(where, (), None, limit, probe)

    def page(self, query: Query, probe: Probe) -> list[Row]:
        return self._found(query.where, query.order, query.after, query.limit, probe)

    def put(self, key: Any, old: Row | None, new: Row | None) -> None:
        write, packed, entries = self._written().put, pack(key), self._stored.entries
        write(self._prefix + packed, None if new is None else self._codec.encode(new))
        if old is not None and new is not None:
            columns = self._stored.columns
            changed = [name for name in columns if new[name] is not old[name] and new[name] != old[name]]
            if not changed:
                return
            entries = changed_entries(self.layout.name, frozenset(changed))
        before = () if old is None else entries(old)
        after = () if new is None else entries(new)
        for entry in before:
            if entry is not None:
                write(entry + packed, None)
        for entry in after:
            if entry is not None:
                write(entry + packed, packed)

    def count(self, given: int | None) -> int:
        last = int.from_bytes(self._cells.get(self._stored.counter) or b"\0")
        number = last + 1 if given is None else given
        if last < number <= HIGHEST_ID:
            self._written().put(self._stored.counter, number.to_bytes(4))
        return number

    def last_id(self) -> int:
        """The highest id so far."""
        return int.from_bytes(self._cells.get(self._stored.counter) or b"\0")

    def _written(self) -> Buffer:
        assert isinstance(self._cells, Buffer), "a reader does not write"
        return self._cells

    def _led(self, way: Lead, values: Iterable[Any], alive: Any) -> list[Row]:
        """The rows that some values lead to, by their keys, of each value; perhaps others than those that are alive."""
        prefix = self._prefix
        last = pack(alive) if way.goes_on and alive is not None else b""
        begins = [way.prefix + pack(value) + last for value in values if value is not None]
        if not way.is_key:
            begins = [prefix + key for _, key in self._cells.scans([(begin, begin + LAST) for begin in begins])]
        rows = list(self._codec.decode(filter(None, self._cells.gets(begins))))
        if not (way.is_sorted or last) and len(rows) > 1:
            rows.sort(key=self.layout.by_key)
        return rows

    def _found(
        self, where: Predicate, order: tuple[Order, ...], after: Sequence[Any] | None, limit: int | None, probe: Probe
    ) -> list[Row]:
        way = plan(self.layout.name, where.shape(), order)
        if way.impossible:
            return []
        parameters = where.parameters()
        if way.otherwise:
            way = way.fitting(parameters)
        test = way.test(parameters, probe)
        if way.key is not None and after is None:
            row = self.get(parameters[way.key])
            return [] if row is None or limit == 0 or not test(row) else [row]
        in_order = way.ordered
        if in_order is not None and way.is_in_order:
            return list(islice(filter(test, self._in_order(in_order, parameters, way.order, after)), limit))
        entries = [value for _, value in self._cells.scans(list(way.path.ranges(parameters)))]
        if in_order is not None and limit is not None and len(entries) ** 2 > limit * self.last_id():
            # The page is likely to be full sooner than so many rows are read and sorted; if not, it was twice the way.
            some = islice(self._in_order(in_order, parameters, way.order, after), len(entries))
            found = list(islice(filter(test, some), limit))
            if len(found) == limit:
                return found
        rows = list(filter(test, self._rows_at(way.path, entries)))
        return rows[:limit] if len(rows) < 2 and after is None else page(rows, way.order, after, limit)

    def _rows_at(self, path: Path, entries: Iterable[bytes]) -> Iterator[Row]:
        """The rows that the cells of a path stand for, or are."""
        if path.index.prefix == self._prefix:
            return self._codec.decode(entries)
        prefix = self._prefix
        keys = (prefix + key for key in entries)
        return self._codec.decode(filter(None, self._cells.gets(list(keys) if type(entries) is list else keys)))

    def _in_order(
        self, path: Path, parameters: Sequence[Any], order: tuple[Order, ...], after: Sequence[Any] | None
    ) -> Iterator[Row]:
        """The rows of a path as it has them, one after the other, from a place on."""
        is_descending = order[0].descending
        begin, end = path.rest(list(path.ranges(parameters)), parameters, after, is_descending)
        cells = self._cells.scan(begin, end, backwards=is_descending)
        return self._rows_at(path, (value for _, value in cells))


class CellTables(dict[str, CellRows]):
    """The rows of all tables of a transaction, by name, made when first asked for."""

    __slots__ = ("_cells", "_codec")

    def __init__(self, cells: Cells, codec: Callable[[Layout], Codec]) -> None:
        super().__init__()
        self._cells = cells
        self._codec = codec

    def __missing__(self, name: str) -> CellRows:
        layout, codec, stored = _parts(self._codec, name)
        rows = self[name] = CellRows(layout, self._cells, codec, stored)
        return rows


@functools.cache  # of the tables
def _parts(made: Callable[[Layout], Codec], table: str) -> tuple[Layout, Codec, Stored]:
    """What is the same in all transactions."""
    found = layout(table)
    return found, made(found), stored(table)
