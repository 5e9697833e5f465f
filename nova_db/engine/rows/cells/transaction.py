"""A transaction of a store of cells: what it writes is kept beside the store until it commits."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from nova_db.engine.rows.cells.cells import Buffer, Cells
from nova_db.engine.rows.cells.relations import attacher
from nova_db.engine.rows.cells.table import CellTables
from nova_db.engine.rows.codec import Codec
from nova_db.engine.rows.layout import Layout
from nova_db.engine.rows.transaction import RowTransaction
from nova_db.engine.values import Row

_NOTHING: Final = nullcontext()


class CellTransaction(RowTransaction):
    """A transaction that sees the cells as they were when it began, and what it has written itself.

    The author of a store says how writes become the store's (``_apply``), and what else ends with it (``_leave``).
    """

    __slots__ = ("cells", "tables")

    def __init__(
        self,
        committed: Cells,
        codec: Callable[[Layout], Codec],
        *,
        writes: bool,
        latch: AbstractContextManager[Any] = _NOTHING,
    ) -> None:
        """``codec`` says how the rows of a table become bytes; ``latch`` is entered for the length of each call."""
        self.cells = Buffer(committed) if writes else committed
        self.tables = CellTables(self.cells, codec)
        super().__init__(self.tables, writes=writes, latch=latch)

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
        """Write all cells of a writer, or remove those that have None, at once and for good."""

    @abc.abstractmethod
    def _leave(self) -> None:
        """Let go of what the transaction has held; asked once."""

    _attacher = staticmethod(attacher)  # type: ignore[assignment] # the tables are ours

    def _own(self, rows: list[Row]) -> list[Row]:
        return rows  # nobody else has what was just made of a cell, or made into one

    def _mark(self) -> int:
        return self.cells.mark() if isinstance(self.cells, Buffer) else 0

    def _undo(self, mark: int) -> None:
        if isinstance(self.cells, Buffer):
            self.cells.undo(mark)

    def _commit(self) -> None:
        self._is_open = False
        try:
            if isinstance(self.cells, Buffer) and self.cells.writes:
                with self._latch:
                    self._apply(self.cells.writes)
        finally:
            self._leave()

    def _roll_back(self) -> None:
        self._is_open = False
        self._leave()
