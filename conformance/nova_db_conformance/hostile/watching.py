"""An engine that counts what becomes of its transactions."""

from __future__ import annotations

from typing import Any

from nova_db.engine import Engine


@Engine.register
class WatchedEngine:
    """Does what another engine does, and counts, from ``begin`` on, transactions left open and writers committed."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._open: dict[int, Any] = {}
        self.commits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    @property
    def open(self) -> int:
        """How many transactions have not ended."""
        return len(self._open)

    def begin(self) -> WatchedEngine:
        """Count anew."""
        self.commits = 0
        return self

    def end(self) -> None:
        """Undo what was left open, so that it stands in nobody's way."""
        for tx in list(self._open.values()):
            tx.rollback()

    def read(self, **wanted: Any) -> Any:
        return self._watched(self._engine.read(**wanted), writes=False)

    def write(self, **wanted: Any) -> Any:
        return self._watched(self._engine.write(**wanted), writes=True)

    def _watched(self, tx: Any, *, writes: bool) -> Any:
        watched = _WatchedTransaction(self, tx, writes)
        self._open[id(watched)] = watched
        return watched

    def ended(self, tx: object, *, committed: bool) -> None:
        """Count a transaction out."""
        self._open.pop(id(tx), None)
        self.commits += committed


class _WatchedTransaction:
    def __init__(self, engine: WatchedEngine, tx: Any, writes: bool) -> None:
        self._engine = engine
        self._tx = tx
        self._writes = writes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def commit(self) -> None:
        self._engine.ended(self, committed=self._writes)
        self._tx.commit()

    def rollback(self) -> None:
        self._engine.ended(self, committed=False)
        self._tx.rollback()
