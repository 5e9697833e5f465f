"""The rows of a table as cells, and their index entries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from nova_db.engine.keys import HIGHEST_ID
from nova_db.engine.matching import Probe
from nova_db.engine.ordering import page, total_order
from nova_db.engine.predicates import Predicate
from nova_db.engine.query import Query
from nova_db.engine.rows.cells.cells import Buffer, Cells
from nova_db.engine.rows.cells.packing import counter_name, pack
from nova_db.engine.rows.cells.paths import LAST, Path, Range, indexes, plan
from nova_db.engine.rows.layout import Layout, layout
from nova_db.engine.rows.table import Rows
from nova_db.engine.values import Row


class Codec(NamedTuple):
    """How the rows of a table become bytes."""

    encode: Callable[[Row], bytes]
    decode: Callable[[bytes], Row]


class CellRows(Rows):
    """The rows of a table: a cell each, and for each index one whose value is the packed key."""

    __slots__ = ("_cells", "_codec", "_counter", "_indexes", "_prefix")

    def __init__(self, layout: Layout, cells: Cells, codec: Codec) -> None:
        self.layout = layout
        self._cells = cells
        self._codec = codec
        self._prefix = indexes(layout.name)[0].prefix
        self._indexes = indexes(layout.name)[1:]
        self._counter = counter_name(layout.name)

    def get(self, key: Any) -> Row | None:
        return self._read(pack(key))

    def all(self) -> Iterator[Row]:
        decode = self._codec.decode
        for _, value in self._cells.scan(self._prefix, self._prefix + LAST):
            yield decode(value)

    def keys(self, lookup: str, value: Any) -> Collection[Any]:
        columns = self.layout.lookups.get(lookup, (lookup,))
        by_key = self.layout.by_key
        found = self._beginning_with(columns, value if len(columns) > 1 else (value,))
        if found is None:
            return [by_key(row) for row in self.all() if row[lookup] == value]
        return [by_key(row) for row in found]

    def having(self, column: str, value: Any, alive: Any = None) -> list[Row]:
        if value is None:
            return []
        found = self._beginning_with((column,), (value,))
        if found is None:
            found = (row for row in self.all() if row[column] == value)
        rows = [row for row in found if alive is None or row["deleted"] == alive]
        if len(rows) > 1:
            rows.sort(key=self.layout.by_key)
        return rows

    def holds(self, lookup: str, value: Any) -> bool:
        columns = self.layout.lookups.get(lookup, (lookup,))
        begin = self._begin(columns, value if len(columns) > 1 else (value,))
        if begin is None:
            return super().holds(lookup, value)
        return next(self._cells.scan(begin, begin + LAST), None) is not None

    def find(self, where: Predicate, probe: Probe, limit: int | None = None) -> list[Row]:
        return self.page(Query(self.layout.name, where, limit=limit), probe)

    def page(self, query: Query, probe: Probe) -> list[Row]:
        order = total_order(query.order, self.layout.key)
        way = plan(self.layout.name, query.where.shape(), order)
        if way.impossible:
            return []
        parameters = query.where.parameters()
        path = way.ordered or way.path
        ranges = list(path.ranges(parameters))
        if way.ordered is None:
            rows = self._along(path, ranges)
            return page(filter(way.test(parameters, probe), rows), order, query.after, query.limit)
        is_descending = order[0].descending
        rows = self._in_order(path, path.rest(ranges, parameters, query.after, is_descending), is_descending)
        return list(islice(filter(way.test(parameters, probe), rows), query.limit))

    def put(self, key: Any, old: Row | None, new: Row | None) -> None:
        cells, packed = self._written(), pack(key)
        if new is None:
            cells.delete(self._prefix + packed)
        else:
            cells.put(self._prefix + packed, self._codec.encode(new))
        for columns, prefix in self._indexes:
            before = None if old is None else [old[column] for column in columns]
            after = None if new is None else [new[column] for column in columns]
            if before == after:
                continue
            if before is not None:
                cells.delete(prefix + b"".join(map(pack, before)) + packed)
            if after is not None:
                cells.put(prefix + b"".join(map(pack, after)) + packed, packed)

    def count(self, given: int | None) -> int:
        last = int.from_bytes(self._cells.get(self._counter) or b"\0")
        number = last + 1 if given is None else given
        if last < number <= HIGHEST_ID:
            self._written().put(self._counter, number.to_bytes(4))
        return number

    def last_id(self) -> int:
        """The highest id so far."""
        return int.from_bytes(self._cells.get(self._counter) or b"\0")

    def _written(self) -> Buffer:
        assert isinstance(self._cells, Buffer), "a reader does not write"
        return self._cells

    def _read(self, packed: bytes) -> Row | None:
        data = self._cells.get(self._prefix + packed)
        return None if data is None else self._codec.decode(data)

    def _rows_of(self, packed: Iterable[bytes]) -> Iterator[Row]:
        for key in packed:
            row = self._read(key)
            if row is not None:
                yield row

    def _begin(self, columns: tuple[str, ...], values: Iterable[Any]) -> bytes | None:
        """Where the entries of an index begin whose first columns have these values; None without such an index."""
        if columns == (self.layout.key,):
            return self._prefix + b"".join(map(pack, values))
        for index in self._indexes:
            if index.columns[: len(columns)] == columns:
                return index.prefix + b"".join(map(pack, values))
        return None

    def _beginning_with(self, columns: tuple[str, ...], values: Iterable[Any]) -> Iterable[Row] | None:
        begin = self._begin(columns, values)
        if begin is None:
            return None
        if columns == (self.layout.key,):
            return self._rows_of([begin[len(self._prefix) :]])
        return self._rows_of([value for _, value in self._cells.scan(begin, begin + LAST)])

    def _along(self, path: Path, ranges: Iterable[Range]) -> Iterator[Row]:
        """The rows that a path leads to; all entries are read before the first row is given."""
        if path.index.prefix == self._prefix:
            decode = self._codec.decode
            return iter([decode(value) for begin, end in ranges for _, value in self._cells.scan(begin, end)])
        return self._rows_of([value for begin, end in ranges for _, value in self._cells.scan(begin, end)])

    def _in_order(self, path: Path, where: Range, is_descending: bool) -> Iterator[Row]:
        """The rows of a path as it has them, one after the other."""
        is_row = path.index.prefix == self._prefix
        for _, value in self._cells.scan(*where, backwards=is_descending):
            row = self._codec.decode(value) if is_row else self._read(value)
            if row is not None:
                yield row


class CellTables(dict[str, CellRows]):
    """The rows of all tables of a transaction, by name, made when first asked for."""

    __slots__ = ("_cells", "_codec")

    def __init__(self, cells: Cells, codec: Callable[[Layout], Codec]) -> None:
        super().__init__()
        self._cells = cells
        self._codec = codec

    def __missing__(self, name: str) -> CellRows:
        found = layout(name)
        rows = self[name] = CellRows(found, self._cells, self._codec(found))
        return rows
