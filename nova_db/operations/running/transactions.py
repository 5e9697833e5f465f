"""How a call becomes a transaction: one call is one transaction, calls inside an open one join it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

from nova_db import events
from nova_db.operations.running.blocks import Block, finished, level_of, require_plain
from nova_db.operations.running.ending import committed
from nova_db.operations.running.replicas import Replica, ReplicaUnavailable
from nova_db.operations.running.retries import Retries
from nova_db.operations.running.sessions import Session, Sessions

if TYPE_CHECKING:
    from nova_db.driver.types import Context
    from nova_db.engine import Engine, Transaction

R = TypeVar("R")


class TransactionalDriver(Sessions):
    """Runs operations on an engine, each in a transaction, again after a conflict or a lost connection."""

    def __init__(self, engine: Engine, *, retries: Retries | None = None, replica: Replica | None = None) -> None:
        super().__init__(engine)
        self.replica = replica
        self._retries = retries or Retries()

    def transaction(self, context: Context, *, isolation: str | None = None) -> AbstractContextManager[Session]:
        """Several calls as one transaction; see ``Driver.transaction``."""
        return Block(self, level_of(isolation, "transaction"), retries=self._retries)

    def run(self, context: Context, function: Callable[[Session], R], *, isolation: str | None = None) -> R:
        """Several calls as one transaction, again after a conflict; see ``Driver.run``."""
        level = level_of(isolation, "run")
        require_plain(function)

        def attempt(losses: int) -> R:
            with Block(self, level, losses) as session:
                return finished(function(session), function)

        return self._retries.run(attempt) if self._session() is None else attempt(0)

    def close(self) -> None:
        """Release what the engine holds; what is in use, when its transaction ends."""
        self.engine.close()
        if self.replica is not None:
            self.replica.close()

    def _read_stale(self, call: Callable[[Transaction], R], *, snapshot: bool) -> R:
        """Read from the replica; from the primary while that does not answer."""
        if self.replica is not None:
            try:
                return self.replica.read(call, snapshot=snapshot)
            except ReplicaUnavailable:
                if events.Fallback.observers:
                    events.report(events.Fallback(self.replica.name, self.replica.is_down))
        return self._read(call, snapshot=snapshot)

    def _read(self, call: Callable[[Transaction], R], *, snapshot: bool) -> R:
        """Read from the primary, for whoever has no operation for it."""
        return self._retries.run(lambda _: committed(self.engine.read(snapshot=snapshot), call))
