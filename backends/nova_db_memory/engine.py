"""The engine: one writer at a time, readers beside it, snapshots, and what becomes of it all in a forked process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from nova_db import forking
from nova_db.engine import Capability, Engine, Isolation
from nova_db.schema import TABLES
from nova_db_memory.locks import Locks
from nova_db_memory.state import State
from nova_db_memory.storage import Store, Stores
from nova_db_memory.transaction import MemoryTransaction

LOCK_TIMEOUT: Final = 30.0
"""For how many seconds a writer waits for its turn, where nothing else is said."""


class Snapshot(NamedTuple):
    """The rows of an engine at one moment, to be restored any number of times, in any engine."""

    stores: Mapping[str, Store]


class MemoryEngine(Engine):
    """An engine over dicts.  Making one costs microseconds, its tables are made on first use."""

    capabilities = frozenset()
    missing: Mapping[Capability, str] = {
        Capability.PERSISTENT: "rows are kept in the memory of one process",
        Capability.CONCURRENT_WRITERS: "writers take turns",
    }

    def __init__(self, name: str = "", *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        self.name = name
        self._lock_timeout = lock_timeout
        self.locks = Locks()
        self._state = State(Stores())
        forking.register(after_in_child=self.after_fork_in_child)

    def read(self, *, snapshot: bool = True) -> MemoryTransaction:
        """Open a reader.  It waits for nobody, and nobody for it."""
        return MemoryTransaction(self.locks, self._state, writes=False, snapshot=snapshot)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> MemoryTransaction:
        """Open a writer, once it is its turn; DBDeadlock when that takes too long.  Alone, it is serializable."""
        self.locks.turn.acquire(self._lock_timeout)
        state = self._state
        state.writer = tx = MemoryTransaction(self.locks, state, writes=True)
        return tx

    def snapshot(self) -> Snapshot:
        """The rows as they are, in microseconds: a table is copied when it is next written to.  Waits for a writer."""
        with self._alone():
            for store in self._state.stores.values():
                store.shared = True
            return Snapshot(dict(self._state.stores))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to the rows and id counters of a snapshot.  Waits for a writer; readers keep what they had."""
        with self._alone():
            self._state = State(Stores(snapshot.stores))

    def create_schema(self) -> None:
        """Nothing is to be done: a table is there as soon as it is used."""

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
            stores = self._state.stores
            return {name: stores[name].next_id - 1 for name, table in TABLES.items() if table.autoincrement}

    def after_fork_in_child(self) -> None:
        """Go on with what was committed: the threads that had the turn or the latch are gone."""
        self.locks.turn.after_fork_in_child()
        self._state.after_fork_in_child()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self.locks.turn.acquire(self._lock_timeout)
        try:
            with self.locks.latch:
                yield
        finally:
            self.locks.turn.release()
