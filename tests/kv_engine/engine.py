"""The store as an engine, on the base of row stores.

A row is a cell ``(table, "", primary key)``, and for each of its look-ups it has one ``(table, look-up, value, primary
key)``; a name that a transaction serializes has ``("serialize", name)``.  A transaction collects its writes, and the
version at which it began to rely on a cell or on all cells below a prefix.  ``commit`` compares versions, and so does
each call that is to see newer ones: what others have made of a row that is held is shown to nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from nova_db.engine import Capability, Engine, Isolation, Row
from nova_db.engine.rows import Layout, Readable, Rows, RowTransaction, layout, value_of
from nova_db.exceptions import DBDeadlock
from tests.kv_engine.store import Conflict, Key, State, Store


class KVRows(Rows):
    def __init__(self, layout: Layout, cells: Cells, store: Store) -> None:
        self.layout = layout
        self._cells = cells
        self._store = store

    def get(self, key: Any) -> Row | None:
        row: Row | None = self._cells.get((self.layout.name, "", key))
        return row

    def all(self) -> Iterable[Row]:
        return self._cells.below((self.layout.name, "")).values()

    def keys(self, lookup: str, value: Any) -> Collection[Any]:
        if lookup not in self.layout.lookups:
            return [self.layout.by_key(row) for row in self.all() if row[lookup] == value]
        return [key[-1] for key in self._cells.below((self.layout.name, lookup, value))]

    def put(self, key: Any, old: Row | None, new: Row | None) -> None:
        self._cells.put((self.layout.name, "", key), new)
        for lookup, columns in self.layout.lookups.items():
            before, after = (None if row is None else value_of(columns)(row) for row in (old, new))
            if before != after and before is not None:
                self._cells.put((self.layout.name, lookup, before, key), None)
            if before != after and after is not None:
                self._cells.put((self.layout.name, lookup, after, key), True)

    def count(self, given: int | None) -> int:
        return self._store.count(self.layout.name, given)

    def holds(self, lookup: str, value: Any) -> bool:
        self._cells.rely_on((self.layout.name, "" if lookup == self.layout.key else lookup, value))
        return super().holds(lookup, value)


class Cells:
    """What a transaction sees of the store and writes to it, and what it relies on."""

    def __init__(self, state: State, *, is_isolated: bool) -> None:
        self.state = state
        self.is_isolated = is_isolated
        self.writes: dict[Key, Any] = {}
        self.relied_on: dict[Key, int] = {}

    def get(self, key: Key) -> Any:
        if self.is_isolated:
            self.rely_on(key)
        return self.writes[key] if key in self.writes else self.state.cells.get(key, (0, None))[1]

    def below(self, prefix: Key) -> dict[Key, Any]:
        """The cells that begin with a prefix, in order."""
        if self.is_isolated:
            self.rely_on(prefix)
        mine = (key for key in self.writes if key[: len(prefix)] == prefix)
        found = {
            key: self.writes[key] if key in self.writes else self.state.cells[key][1]
            for key in sorted({*self.state.below(prefix), *mine})
        }
        return {key: value for key, value in found.items() if value is not None}

    def put(self, key: Key, value: Any) -> None:
        self.rely_on(key)
        self.writes[key] = value

    def rely_on(self, prefix: Key) -> None:
        """Whatever begins with the prefix is to be, at the commit, as it is now."""
        self.relied_on.setdefault(prefix, self.state.version)


class KVTransaction(RowTransaction):
    def __init__(self, store: Store, *, writes: bool, snapshot: State | None = None) -> None:
        self._store = store
        self._snapshot = snapshot
        self._cells = cells = Cells(snapshot or store.state, is_isolated=writes and snapshot is not None)
        super().__init__(_Tables(cells, store), writes=writes)

    def serialize(self, *names: str) -> None:
        super().serialize(*names)
        self._refresh()
        for name in names:
            self._cells.put(("serialize", name), True)

    def _seen(self) -> Mapping[str, Rows]:
        self._refresh()
        return self._rows

    def _written(self) -> Mapping[str, Rows]:
        self._refresh()
        return self._rows

    def _refresh(self) -> None:
        """A call sees what has been committed by now, unless that has changed what the transaction relies on."""
        cells, state = self._cells, self._snapshot or self._store.state
        if state is not cells.state:
            try:
                state.require(cells.relied_on)
            except Conflict as conflict:
                self.error = DBDeadlock(conflict)
                raise self.error from None
            cells.state = state

    def _lock(self, rows: Readable, found: Sequence[Row]) -> None:
        for row in found:  # written as they are, so that of two who lock a row one is told
            self._cells.put((rows.layout.name, "", rows.layout.by_key(row)), row)

    def _mark(self) -> Any:
        return self._cells.writes.copy(), self._cells.relied_on.copy()

    def _undo(self, mark: Any) -> None:
        self._cells.writes, relied_on = mark
        if not self._cells.is_isolated:  # which goes on relying on what it has seen
            self._cells.relied_on = relied_on

    def _commit(self) -> None:
        self._is_open = False
        try:
            with self._latch:
                if self._cells.writes:
                    self._store.commit(self._cells.writes, self._cells.relied_on)
        except Conflict as conflict:
            raise DBDeadlock(conflict) from None

    def _roll_back(self) -> None:
        self._is_open = False


class _Tables(dict[str, Rows]):
    def __init__(self, cells: Cells, store: Store) -> None:
        super().__init__()
        self._cells = cells
        self._store = store

    def __missing__(self, name: str) -> Rows:
        rows = self[name] = KVRows(layout(name), self._cells, self._store)
        return rows


class KVEngine(Engine):
    capabilities = frozenset({Capability.CONCURRENT_WRITERS})
    missing: Mapping[Capability, str] = {Capability.PERSISTENT: "the store is in memory"}

    def __init__(self) -> None:
        self.store = Store()

    def read(self, *, snapshot: bool = True) -> KVTransaction:
        return KVTransaction(self.store, writes=False, snapshot=self.store.state)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> KVTransaction:
        return KVTransaction(
            self.store, writes=True, snapshot=self.store.state if isolation is Isolation.SERIALIZABLE else None
        )

    def create_schema(self) -> None:
        pass

    def clear(self) -> None:
        self.store.clear()
