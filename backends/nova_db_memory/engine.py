"""The engine: one transaction at a time, snapshots, and what becomes of it in a forked process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from nova_db import forking
from nova_db.engine import Capability, Engine, Isolation
from nova_db.exceptions import DBError
from nova_db.schema import TABLES
from nova_db_memory.storage import Store, Stores
from nova_db_memory.transaction import MemoryTransaction


class Gate:
    """Lets one thread in at a time: with one writer, or with any number of readers."""

    __slots__ = ("_lock", "_readers", "writer")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._readers = 0
        self.writer: MemoryTransaction | None = None

    def enter(self, *, alone: bool) -> None:
        """Wait for the other threads.  A thread's own transactions cannot be waited for: where they hinder, DBError."""
        self._lock.acquire()
        if self.writer is not None or (alone and self._readers):
            self._lock.release()
            raise DBError(message="This thread has a transaction open on the in-memory database already; end it first.")
        if not alone:
            self._readers += 1

    def leave(self, *, alone: bool) -> None:
        """Let others in."""
        if alone:
            self.writer = None
        else:
            self._readers -= 1
        self._lock.release()


class Snapshot(NamedTuple):
    """The rows of an engine at one moment, to be restored any number of times, in any engine."""

    stores: Mapping[str, Store]


class MemoryEngine(Engine):
    """An engine over dicts.  Making one costs microseconds, its tables are made on first use."""

    capabilities = frozenset()
    missing: Mapping[Capability, str] = {
        Capability.PERSISTENT: "rows are kept in the memory of one process",
        Capability.CONCURRENT_WRITERS: "one lock makes transactions serial",
    }

    def __init__(self, name: str = "") -> None:
        self.name = name
        self._gate = Gate()
        self._stores = Stores()
        forking.register(after_in_child=self.after_fork_in_child)

    def read(self, *, snapshot: bool = True) -> MemoryTransaction:
        """Open a reader; others wait until it ends."""
        return self._open(writes=False)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> MemoryTransaction:
        """Open a writer; others wait until it ends."""
        return self._open(writes=True)

    def snapshot(self) -> Snapshot:
        """The rows as they are, in microseconds: a table is copied when it is next written to."""
        with self._alone():
            for store in self._stores.values():
                store.shared = True
            return Snapshot(dict(self._stores))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to the rows and id counters of a snapshot."""
        with self._alone():
            self._stores = Stores(snapshot.stores)

    def create_schema(self) -> None:
        """Nothing is to be done: a table is there as soon as it is used."""

    def clear(self) -> None:
        """Remove all rows and start the id counters anew."""
        self.restore(Snapshot({}))

    def describe(self) -> Mapping[str, str]:
        """The engine's name, and the URL that leads to it."""
        return {"engine": "memory", "url": f"memory://{self.name}"}

    def counters(self) -> Mapping[str, int]:
        """The highest id given so far, by table."""
        with self._alone():
            return {name: self._stores[name].next_id - 1 for name, table in TABLES.items() if table.autoincrement}

    def after_fork_in_child(self) -> None:
        """Go on with what was committed: the threads that held the gate are gone, their transactions with them."""
        gate, self._gate = self._gate, Gate()
        if gate.writer is not None:
            gate.writer.abandon()

    def _open(self, *, writes: bool) -> MemoryTransaction:
        gate = self._gate
        gate.enter(alone=writes)
        tx = MemoryTransaction(self._stores, gate, writes=writes)
        if writes:
            gate.writer = tx
        return tx

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        gate = self._gate
        gate.enter(alone=True)
        try:
            yield
        finally:
            gate.leave(alone=True)
