"""A transaction of a store of cells: what it writes is kept beside the store until it commits."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from nova_db.engine.rows.cells.cells import Buffer, Cells
from nova_db.engine.rows.cells.table import CellTables
from nova_db.engine.rows.codec import Codec
from nova_db.engine.rows.layout import Layout
from nova_db.engine.rows.process import OneProcess
from nova_db.engine.rows.transaction import RowTransaction


class CellTransaction(RowTransaction):
    """A transaction that sees the cells as they were when it began, and what it has written itself.

    The author of a store gives two methods, which nobody but the base calls:

    ``_apply(writes)`` makes the writes of a transaction the store's: it sets each cell to its value, and removes those
    that have None, which need not be there.  All of them at once: others, in whatever process, see all or nothing, also
    if this one is killed amid it.  And for good: on return they are where a crash does not reach them.  It is called at
    most once, at the commit of a writer that has written something, within the latch, while the writer has what
    ``_begin`` has given it, a turn say.  It may raise ``DBDeadlock`` (somebody else has committed since the transaction
    began, so that what it has read is no longer true: the call is run again), ``DBCommitUnknown`` (nobody can tell
    whether the cells are written), ``DBConnectionError`` or ``DBError``, and what the latch makes one of these; after
    all but ``DBCommitUnknown``, nothing of it is written.

    ``_leave()`` lets go of what the transaction has held: the snapshot, and a writer's turn.  It is called once for
    each transaction, at its end, whether it was committed or rolled back, and after an ``_apply`` that failed too; not
    within the latch, and perhaps in another thread than the one that began it.  It raises nothing.  In a process that
    was forked meanwhile it is not called: what the transaction holds is the parent's.
    """

    __slots__ = ("_process", "cells", "tables")

    def __init__(
        self,
        committed: Cells,
        codec: Callable[[Layout], Codec],
        *,
        writes: bool,
        latch: AbstractContextManager[Any] | None = None,
    ) -> None:
        """``codec`` says how the rows of a table become bytes; ``latch`` is entered for the length of each call, and by
        default lets none through in a forked process.
        """
        self._process = OneProcess()
        self.cells = Buffer(committed) if writes else committed
        self.tables = CellTables(self.cells, codec)
        super().__init__(self.tables, writes=writes, latch=self._process if latch is None else latch)

    def cell(self, key: bytes) -> bytes | None:
        """The value of a cell, whatever it means."""
        with self._latch:
            return self.cells.get(key)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Buffer]:
        """The cells of a writer, to be changed whatever they mean."""
        assert isinstance(self.cells, Buffer), "a reader does not write"
        with self._latch:
            yield self.cells

    @abc.abstractmethod
    def _apply(self, writes: Mapping[bytes, bytes | None]) -> None:
        """Write all cells of a writer, or remove those that have None, at once and for good; see the class."""

    @abc.abstractmethod
    def _leave(self) -> None:
        """Let go of what the transaction has held; asked once, and raises nothing; see the class."""

    _is_own = True  # nobody else has what was just made of a cell, or made into one

    def _mark(self) -> int:
        return self.cells.mark() if isinstance(self.cells, Buffer) else 0

    def _undo(self, mark: int) -> None:
        if isinstance(self.cells, Buffer):
            self.cells.undo(mark)

    def _commit(self) -> None:
        self._is_open = False
        try:
            with self._latch:
                if isinstance(self.cells, Buffer) and self.cells.writes:
                    self._apply(self.cells.writes)
        finally:
            self._end()

    def _roll_back(self) -> None:
        self._is_open = False
        self._end()

    def _end(self) -> None:
        """Let go of what the transaction has held, unless that is the parent's."""
        if not self._process.is_inherited:
            self._leave()
