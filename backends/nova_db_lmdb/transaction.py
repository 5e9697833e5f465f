"""Transactions: a snapshot of LMDB to read, and one transaction of LMDB's for all that was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from nova_db.engine.rows.cells import Cells, CellTransaction
from nova_db.exceptions import DBDeadlock
from nova_db_lmdb.environment import Environment
from nova_db_lmdb.rows import codec


class Snapshot(Cells):
    """What was committed when it was taken."""

    __slots__ = ("get", "transaction")
    get: Callable[[bytes], bytes | None]  # type: ignore[assignment] # a cursor's own: one call, and one cursor for all

    def __init__(self, environment: Environment) -> None:
        self.transaction: Any = environment.lmdb.begin()  # its types leave open whether it gives buffers
        self.get = self.transaction.cursor().get

    def scan(self, begin: bytes, end: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        cursor = self.transaction.cursor()
        if cursor.set_range(end if backwards else begin) and backwards and not cursor.prev():
            return
        # From nowhere it goes on with the last, or with the first, which comes before what was asked for.
        for cell in cursor.iterprev() if backwards else cursor.iternext():
            if not begin <= cell[0] < end:
                return
            yield cell

    def led(self, ranges: Sequence[tuple[bytes, bytes]], prefix: bytes) -> Iterator[bytes | None]:
        cursor, get = self.transaction.cursor(), self.get
        for begin, end in ranges:
            for key, value in cursor if cursor.set_range(begin) else ():
                if key >= end:
                    break
                yield get(prefix + value)


class LMDBTransaction(CellTransaction):
    """A transaction; a writer has the turn until it ends, and LMDB's own lock only while it commits.

    That one belongs to the thread that takes it, and a transaction may be ended by another.
    """

    __slots__ = ("_environment", "_snapshot")

    def __init__(self, environment: Environment, *, writes: bool) -> None:
        self._environment = environment
        with environment:
            self._snapshot = Snapshot(environment)
        super().__init__(self._snapshot, codec, writes=writes, latch=environment)

    def _apply(self, writes: Mapping[bytes, bytes | None]) -> None:
        with self._environment.lmdb.begin(write=True) as transaction:
            # Of a process killed amid its commit, what it wrote may come to light only now.
            if transaction.id() != self._snapshot.transaction.id() + 1:
                raise DBDeadlock(message="What another process has written was seen too late.")
            # Neighbours one after the other: they are on one page.
            transaction.cursor().putmulti(sorted([(key, value) for key, value in writes.items() if value is not None]))
            for key in [key for key, value in writes.items() if value is None]:
                transaction.delete(key)

    def _leave(self) -> None:
        self._snapshot.transaction.abort()
        del self._snapshot.get, self._snapshot.transaction  # whose place among the readers is free only now
        if self.writes:
            self._environment.turn.release()
