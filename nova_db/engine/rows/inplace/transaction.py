"""Transactions that change rows where they are, and keep an undo log.

Each call that writes holds the engine's latch, so that nobody sees a change half made; a reader holds it for the length
of a call too.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from nova_db.engine.rows.inplace.locks import Locks
from nova_db.engine.rows.inplace.state import State
from nova_db.engine.rows.inplace.versions import Before, Change, Former
from nova_db.engine.rows.process import INHERITED
from nova_db.engine.rows.table import Rows, Tables
from nova_db.engine.rows.transaction import RowTransaction
from nova_db.engine.values import Row
from nova_db.exceptions import DBConnectionError


class InPlaceTransaction(RowTransaction):
    """A transaction, either way."""

    __slots__ = ("_state",)

    _state: State[Any]


class InPlaceReader(InPlaceTransaction):
    """A reader.  It has nothing that others wait for, and sees what is committed.

    If it is a snapshot, that is as of its first call, else as of each call.
    """

    __slots__ = ("_kept", "_snapshot")

    def __init__(self, locks: Locks, state: State[Any], *, snapshot: bool) -> None:
        # What the base's does stands here, as each reading call makes one.
        self._rows = state.stored
        self._latch = locks.latch
        self.writes = False
        self._is_open = True
        self.error = None
        self._state = state
        self._snapshot = snapshot
        self._kept: dict[str, Former] | None = None

    def keep(self, before: Mapping[str, Former]) -> None:
        """Go on seeing these versions, except where earlier ones are kept already: newer ones are being committed."""
        kept = self._kept
        if kept is not None:
            for table, former in before.items():
                mine = kept.get(table)
                if mine is None:
                    mine = kept[table] = former.like()
                for key, row in former.rows.items():
                    mine.add(key, row)

    def _seen(self) -> Tables:
        """The rows that are committed, or were when it looked first."""
        state, kept = self._state, self._kept
        if kept is None and self._snapshot:
            self._kept = {}
            state.readers[self] = threading.get_ident()
        writer = state.writer
        if not kept and (writer is None or not writer.log):
            return self._rows
        return state.views(kept)

    def _commit(self) -> None:
        self._is_open = False
        if self._kept is not None:
            self._state.readers.pop(self, None)

    _roll_back = _commit

    def _mark(self) -> None:
        """Nothing: there will be nothing to undo."""

    def _undo(self, mark: object) -> None:
        """Undo nothing."""


class InPlaceWriter(InPlaceTransaction):
    """A writer.  It has the engine's turn from its making to its end, and sees what it has written."""

    __slots__ = ("_before", "_locks", "log")

    def __init__(self, locks: Locks, state: State[Any]) -> None:
        super().__init__(state.stored, writes=True, latch=locks.latch)
        self._state = state
        self._locks = locks
        self._before: Before | None = None
        self.log: list[Change] = []
        """To be read; it grows and shrinks under the engine's latch."""

    def before(self) -> Mapping[str, Former]:
        """The committed versions of the rows that were changed, by table."""
        if self._before is None:
            self._before = Before(self.log)
        return self._before.tables()

    def abandon(self) -> None:
        """Roll back the copy of a transaction that a fork has made; the transaction itself goes on in the parent."""
        self._is_open = False
        self.error = DBConnectionError(message=INHERITED)
        self._take_back()

    def _put(self, rows: Rows, old: Sequence[Row] | None, new: Sequence[Row] | None) -> None:
        layout = rows.layout
        keys = [*map(layout.by_key, old or new or ())]
        # The log comes first, so that a copy of the process, made by a fork at any moment, can undo it.
        self.log.append((layout.name, keys, old, new))
        rows.put_all(keys, old, new)

    def _mark(self) -> int:
        return len(self.log)

    def _undo(self, mark: Any) -> None:
        with self._latch:
            self._take_back(mark)

    def _take_back(self, mark: int = 0) -> None:
        """Undo all changes but the first ``mark``.  Interrupted anywhere, it can be done again."""
        log, rows = self.log, self._rows
        if self._before is not None:
            self._before.read_again_from(mark)
        while len(log) > mark:  # one less each time
            table, keys, old, new = log[-1]
            rows[table].put_all(keys, new, old)
            log.pop()

    def _commit(self) -> None:
        state = self._state
        try:
            with self._latch:
                if state.readers:
                    state.publish(self)
                state.writer = None
        finally:
            self._leave()

    def _roll_back(self) -> None:
        if self._locks.is_inside():
            # The garbage collector ends what somebody has forgotten, in the middle of a call of another transaction.
            thread = threading.Thread(target=self.rollback, name="rollback")
            self._locks.turn.pass_on(thread)
            thread.start()
        else:
            with self._latch:
                self._take_back()
                self._state.writer = None
            self._leave()

    def _leave(self) -> None:
        self._is_open = False
        self.log = []
        self._locks.turn.release()
