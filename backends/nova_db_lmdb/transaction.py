"""Transactions: LMDB's own, whose nested ones are the savepoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import lmdb

from nova_db.engine.rows.cells import Cells, CellTransaction
from nova_db_lmdb.environment import Environment
from nova_db_lmdb.rows import codec


class LMDBCells(Cells):
    """What is seen in the innermost of the LMDB transactions that are open in one another."""

    __slots__ = ("open",)

    def __init__(self, transaction: lmdb.Transaction) -> None:
        self.open = [transaction]

    def get(self, key: bytes) -> bytes | None:
        return cast("bytes | None", self.open[-1].get(key))

    def put(self, key: bytes, value: bytes) -> None:
        self.open[-1].put(key, value)

    def delete(self, key: bytes) -> None:
        self.open[-1].delete(key)

    def scan(self, begin: bytes, end: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        with self.open[-1].cursor() as cursor:
            found = cursor.set_range(end if backwards else begin)
            if backwards:
                found = cursor.prev() if found else cursor.last()
            while found and begin <= (cell := cast("tuple[bytes, bytes]", cursor.item()))[0] < end:  # or at the last
                yield cell
                found = cursor.prev() if backwards else cursor.next()


class LMDBTransaction(CellTransaction):
    """A transaction; a reader sees what was committed when it began, a writer has the turn until it ends."""

    __slots__ = ("_environment", "_open")

    def __init__(self, environment: Environment, *, writes: bool) -> None:
        cells = LMDBCells(environment.lmdb.begin(write=writes))
        super().__init__(cells, codec, writes=writes, latch=environment)
        self._environment = environment
        self._open = cells.open

    def _mark(self) -> int:
        self._open.append(self._environment.lmdb.begin(write=True, parent=self._open[-1]))
        return len(self._open) - 1

    def _release(self, mark: int) -> None:
        self._open.pop().commit()

    def _undo(self, mark: int) -> None:
        while len(self._open) > mark:  # one less each time
            self._open.pop().abort()

    def _commit(self) -> None:
        self._end(self._open[0].commit)

    def _roll_back(self) -> None:
        self._is_open = False
        if not self._environment.is_inherited:
            self._end(self._open[0].abort)

    def _end(self, end: Callable[[], None]) -> None:
        self._is_open = False
        try:
            with self._latch:
                end()
        finally:
            if self.writes and not self._environment.is_inherited:
                self._environment.turn.release()
