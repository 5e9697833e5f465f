"""The engine: dicts, and snapshots of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from nova_db.engine import Capability
from nova_db.engine.rows import Layout
from nova_db.engine.rows.inplace import LOCK_TIMEOUT, InPlaceEngine, State, Stored
from nova_db.schema import TABLES
from nova_db_memory.storage import Content, Store


class Snapshot(NamedTuple):
    """The rows of an engine at one moment, to be restored any number of times, in any engine."""

    tables: Mapping[str, Content]


class MemoryEngine(InPlaceEngine[Store]):
    """An engine over dicts.  Making one costs microseconds, its tables are made on first use."""

    missing: Mapping[Capability, str] = {
        **InPlaceEngine.missing,
        Capability.PERSISTENT: "rows are kept in the memory of one process",
    }

    def __init__(self, name: str = "", *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        super().__init__(Store, lock_timeout=lock_timeout)
        self.name = name
        self._restored: Mapping[str, Content] = {}
        """What tables hold that were not used since they were restored."""

    def snapshot(self) -> Snapshot:
        """The rows as they are, in microseconds: a table is copied when it is next written to.  Waits for a writer."""
        with self._alone() as state:
            return Snapshot({**self._restored, **{name: store.share() for name, store in state.stored.items()}})

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to the rows and id counters of a snapshot.  Waits for a writer; readers keep what they had."""
        tables = snapshot.tables

        def make(layout: Layout) -> Store:
            return Store(layout, tables.get(layout.name))

        with self._alone():
            self._restored = tables
            self._state = State(Stored(make))

    def clear(self) -> None:
        """Remove all rows and start the id counters anew."""
        self.restore(Snapshot({}))

    def describe(self) -> Mapping[str, str]:
        """The engine's name, and the URL that leads to it."""
        return {"engine": "memory", "url": self.location()}

    def location(self) -> str:
        """The URL that leads to it."""
        return f"memory://{self.name}"

    def counters(self) -> Mapping[str, int]:
        """The highest id given so far, by table."""
        with self.locks.latch:
            stored = self._state.stored
            counted = (name for name, table in TABLES.items() if table.autoincrement)
            return {name: stored[name].next_id - 1 for name in counted}
