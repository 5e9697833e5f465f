"""The rows of a table as cells, and their index entries."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from operator import ne
from typing import Any

from nova_db.engine.keys import HIGHEST_ID
from nova_db.engine.matching import Probe
from nova_db.engine.ordering import page
from nova_db.engine.predicates import Eq, Predicate, all_of
from nova_db.engine.query import Order, Query
from nova_db.engine.rows.cells.cells import Buffer, Cells
from nova_db.engine.rows.cells.entries import Stored, moves, stored
from nova_db.engine.rows.cells.packing import pack
from nova_db.engine.rows.cells.paths import LAST, Lead, Path, Range, lead, plan
from nova_db.engine.rows.cells.relations import attacher
from nova_db.engine.rows.codec import Codec
from nova_db.engine.rows.layout import Layout, layout
from nova_db.engine.rows.table import Rows
from nova_db.engine.values import Row


class CellRows(Rows):
    """The rows of a table: a cell each, and for each index one whose value is the packed key."""

    __slots__ = ("_cells", "_codec", "_prefix", "_stored")

    attacher = staticmethod(attacher)  # type: ignore[assignment] # the tables are ours

    def __init__(self, cells: Cells, parts: tuple[Layout, Codec, Stored, bytes]) -> None:
        self._cells = cells
        self.layout, self._codec, self._stored, self._prefix = parts

    def get(self, key: Any) -> Row | None:
        cell = self._cells.get(self._prefix + pack(key))
        return None if cell is None else next(self._codec.decode((cell,)))

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
        way = self._stored.leads.get(column)
        if way is None:
            return [row for row in self.all() if row[column] == value and (alive is None or row["deleted"] == alive)]
        if way.is_key:
            row = self.get(value)
            return [] if row is None or (alive is not None and row["deleted"] != alive) else [row]
        begin = way.prefix + pack(value)
        is_sorted = way.is_sorted
        if alive is not None and way.goes_on:
            begin += pack(alive)
            is_sorted, alive = True, None
        rows = list(self._codec.decode(filter(None, self._cells.led(((begin, begin + LAST),), self._prefix))))
        if alive is not None:
            rows = [row for row in rows if row["deleted"] == alive]
        if not is_sorted and len(rows) > 1:
            rows.sort(key=self.layout.by_key)
        return rows

    def gathered(self, column: str, values: Iterable[Any], alive: Any = None) -> dict[Any, list[Row]]:
        """``having`` of many values at once, by value; those that no row has are left out."""
        way = self._stored.leads.get(column)
        if way is None:
            wanted = {value for value in values if value is not None}
            rows = [row for row in self.all() if row[column] in wanted]
        else:
            rows = self._gathered(way, values, alive)
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
        write, stored, packed = self._written().put, self._stored, pack(key)
        write(stored.prefix + packed, None if new is None else self._codec.encode(new))
        if old is not None and new is not None:
            before, after = stored.deciding(old), stored.deciding(new)
            if before == after:
                return
            for gone, come in moves(self.layout.name, tuple(map(ne, before, after)))(before, after):
                if gone is not None:
                    write(gone + packed, None)
                if come is not None:
                    write(come + packed, packed)
            return
        for entry in stored.entries(old or new):  # type: ignore[arg-type] # one of them is a row
            if entry is not None:
                write(entry + packed, None if new is None else packed)

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

    def _gathered(self, way: Lead, values: Iterable[Any], alive: Any) -> list[Row]:
        """The rows that some values lead to, by their keys, of each value; perhaps others than those that are alive."""
        last = pack(alive) if way.goes_on and alive is not None else b""
        begins = [way.prefix + pack(value) + last for value in values if value is not None]
        if way.is_key:
            cells = self._cells.gets(begins)
        else:
            cells = self._cells.led([(begin, begin + LAST) for begin in begins], self._prefix)
        rows = list(self._codec.decode(filter(None, cells)))
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
            if way.direct is not None and after is None and (limit is None or in_order.is_unique):
                begin = way.direct[0] + pack(parameters[way.direct[1]])
                cells = self._cells.led(((begin, begin + LAST),), self._prefix)
                return list(islice(filter(test, self._codec.decode(filter(None, cells))), limit))
            return list(islice(filter(test, self._in_order(in_order, parameters, way.order, after, limit)), limit))
        ranges = way.path.ranges(parameters)
        if in_order is not None and limit is not None:
            entries = [value for begin, end in ranges for _, value in self._cells.scan(begin, end)]
            if len(entries) ** 2 > limit * self.last_id():
                # The page is likely full sooner than so many rows are read and sorted.  If not, it was twice the way.
                some = islice(self._in_order(in_order, parameters, way.order, after, limit), len(entries))
                found = list(islice(filter(test, some), limit))
                if len(found) == limit:
                    return found
            rows = list(filter(test, self._rows_at(way.path, entries)))
        else:
            rows = list(filter(test, self._rows_in(way.path, ranges)))
        return rows[:limit] if len(rows) < 2 and after is None else page(rows, way.order, after, limit)

    def _rows_in(self, path: Path, ranges: Sequence[Range]) -> Iterator[Row]:
        """The rows of some ranges of a path."""
        if path.index.prefix != self._prefix:
            return self._codec.decode(filter(None, self._cells.led(ranges, self._prefix)))
        scan = self._cells.scan
        return self._codec.decode(value for begin, end in ranges for _, value in scan(begin, end))

    def _rows_at(self, path: Path, entries: Iterable[bytes]) -> Iterator[Row]:
        """The rows that the cells of a path stand for, or are."""
        if path.index.prefix == self._prefix:
            return self._codec.decode(entries)
        return self._codec.decode(filter(None, self._cells.gets(map(self._prefix.__add__, entries))))

    def _in_order(
        self,
        path: Path,
        parameters: Sequence[Any],
        order: tuple[Order, ...],
        after: Sequence[Any] | None,
        limit: int | None,
    ) -> Iterator[Row]:
        """The rows of a path as it has them, one after the other, from a place on, as far as they are asked for."""
        is_descending = order[0].descending
        begin, end = path.rest(path.ranges(parameters), parameters, after, is_descending)
        if (limit is None or path.is_unique) and not is_descending:  # all, or the one that there is
            return self._rows_in(path, ((begin, end),))
        cells = self._cells.scan(begin, end, backwards=is_descending)
        return self._rows_at(path, (value for _, value in cells))


class CellTables(dict[str, CellRows]):
    """The rows of all tables of a transaction, by name, made when first asked for."""

    __slots__ = ("_cells", "_parts")

    def __init__(self, cells: Cells, codec: Callable[[Layout], Codec]) -> None:
        super().__init__()
        self._cells = cells
        self._parts = _parts(codec)

    def __missing__(self, name: str) -> CellRows:
        rows = self[name] = CellRows(self._cells, self._parts[name])
        return rows


class _Parts(dict[str, tuple[Layout, Codec, Stored, bytes]]):
    """What is the same in all transactions, by table."""

    def __init__(self, codec: Callable[[Layout], Codec]) -> None:
        super().__init__()
        self._codec = codec

    def __missing__(self, name: str) -> tuple[Layout, Codec, Stored, bytes]:
        found = layout(name)
        parts = self[name] = found, self._codec(found), stored(name), stored(name).prefix
        return parts


_parts = functools.cache(_Parts)  # of the codecs
