"""Backends on LMDB with a fault each, found by their import paths: processes that tests start have it too."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from nova_db.engine.file_turns import FileTurn
from nova_db_lmdb import LMDBDriver, LMDBEngine
from nova_db_lmdb.environment import Environment
from nova_db_lmdb.transaction import LMDBTransaction


def write(environment: Environment, writes: Mapping[bytes, bytes | None]) -> None:
    """Write cells, whatever has been written since the transaction began."""
    with environment.lmdb.begin(write=True) as transaction:
        for key, value in writes.items():
            if value is None:
                transaction.delete(key)
            else:
                transaction.put(key, value)


class UncheckedTransaction(LMDBTransaction):
    """Trusts that it was alone."""

    __slots__ = ()

    def _apply(self, writes: Mapping[bytes, bytes | None]) -> None:
        write(self._environment, writes)


class HalfTransaction(LMDBTransaction):
    """Commits in two steps."""

    __slots__ = ()

    def _apply(self, writes: Mapping[bytes, bytes | None]) -> None:
        cells = list(writes.items())
        write(self._environment, dict(cells[: len(cells) // 2]))
        time.sleep(0.01)
        write(self._environment, dict(cells[len(cells) // 2 :]))


class OwnTurn(FileTurn):
    """Locks a file of the process's own, so that threads take turns, and processes do not."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment.turn._path.with_name(f"{os.getpid()}.lock"))


class EndlessTurn(FileTurn):
    """Waits for as long as it takes."""

    def acquire(self, timeout: float) -> None:
        super().acquire(timeout * 1000)


class PlantedEngine(LMDBEngine):
    """An engine with other transactions, or another turn."""

    transaction: type[LMDBTransaction] = LMDBTransaction
    turn: type[FileTurn] | None = None

    def _begin(self, *, writes: bool) -> LMDBTransaction:
        tx = super()._begin(writes=writes)
        tx.__class__ = self.transaction
        return tx

    def _opened(self) -> Environment:
        environment = super()._opened()
        if self.turn is OwnTurn and not isinstance(environment.turn, OwnTurn):
            environment.turn = OwnTurn(environment)
        elif self.turn is EndlessTurn:
            environment.turn.__class__ = EndlessTurn
        return environment


class UnlockedEngine(PlantedEngine):
    turn = OwnTurn


class UnlockedUncheckedEngine(UnlockedEngine):
    transaction = UncheckedTransaction


class HalfEngine(PlantedEngine):
    transaction = HalfTransaction


class EndlessEngine(PlantedEngine):
    turn = EndlessTurn


class UnlockedDriver(LMDBDriver):
    planted: type[LMDBEngine] = UnlockedEngine

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(connection, conf)
        self.engine.__class__ = self.planted


class UnlockedUncheckedDriver(UnlockedDriver):
    planted = UnlockedUncheckedEngine


class HalfDriver(UnlockedDriver):
    planted = HalfEngine


class EndlessDriver(UnlockedDriver):
    planted = EndlessEngine
