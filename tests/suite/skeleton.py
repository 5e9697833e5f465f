"""Backends as their authors have them on the way: nothing is written, only the first stages are, or there is a bug."""

from __future__ import annotations

from typing import Any

from nova_db.engine import Engine, Isolation, Transaction
from nova_db.operations import EngineDriver
from nova_db_conformance.harness.stages import STAGES
from nova_db_memory import MemoryDriver, MemoryEngine


def _named(method: Any, name: str) -> Any:
    """A method under the name that it has to have, in tracebacks, too."""
    method.__name__ = name
    method.__code__ = method.__code__.replace(co_name=name)
    return method


def _unwritten(name: str) -> Any:
    def primitive(self: Any, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    return _named(primitive, name)


def _handed_on(name: str) -> Any:
    def primitive(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.inner, name)(*args, **kwargs)

    return _named(primitive, name)


def _transaction(**methods: Any) -> Any:
    """A class of transactions that have these methods, and those of another transaction for the rest."""
    missing = sorted(Transaction.__abstractmethods__ - methods.keys())
    handed_on = {name: _handed_on(name) for name in missing}
    start = {"__init__": lambda self, inner: setattr(self, "inner", inner)}
    return type("PlantedTransaction", (Transaction,), {**start, **handed_on, **methods})


class PlantedEngine(MemoryEngine):
    """The engine in memory, but for its transactions."""

    transactions: Any

    def read(self, *, snapshot: bool = True) -> Any:
        return self.transactions(super().read(snapshot=snapshot))

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> Any:
        return self.transactions(super().write(isolation=isolation, losses=losses))


class PlantedDriver(EngineDriver):
    """A driver on an engine whose transactions are of a class that it names."""

    transactions: Any

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        engine = PlantedEngine()
        engine.transactions = self.transactions
        super().__init__(engine, conf)


class SkeletonDriver(EngineDriver):
    """Nothing is written yet."""

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        methods = {name: _unwritten(name) for name in sorted(Engine.__abstractmethods__)}
        super().__init__(type("SkeletonEngine", (Engine,), methods)(), conf)


def _later_than(key: str) -> dict[str, Any]:
    """The methods of transactions that only the stages after one take."""
    last = [stage.key for stage in STAGES].index(key) + 1
    written = {name for stage in STAGES[:last] for name in stage.primitives}
    names = sorted(name for name in Transaction.__abstractmethods__ if f"Transaction.{name}" not in written)
    return {name: _unwritten(name) for name in names}


class RowsDriver(PlantedDriver):
    """What it takes to insert and to select is written, and no more."""

    transactions = _transaction(**_later_than("rows"))


def _miscounting(self: Any, table: str, where: Any, values: Any) -> int:
    return max(int(self.inner.update(table, where, values)) - 1, 0)


class MiscountingDriver(PlantedDriver):
    """An update counts one row too few."""

    transactions = _transaction(update=_miscounting)


class MisnamingDriver(MemoryDriver):
    """The engine is right; of the functions one tells another name than the one that is stored."""

    def key_pair_get(self, context: Any, user_id: Any, name: Any) -> Any:
        return {**super().key_pair_get(context, user_id, name), "name": "another"}
