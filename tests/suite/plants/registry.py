"""What there is to know of each planted mistake, and how an engine comes to have one."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from nova_db.driver import FUNCTIONS, Driver
from nova_db.engine import Isolation, Query, Transaction
from nova_db.engine.rows.transaction import RowTransaction
from nova_db.operations.running.declarations import writes
from nova_db_lmdb import LMDBDriver, LMDBEngine
from nova_db_memory import MemoryDriver, MemoryEngine

Base = Literal["memory", "lmdb", "sqlite", "kv"]
T = TypeVar("T", bound=type)


@dataclass(frozen=True, slots=True)
class Plant:
    """A backend with a mistake: what it is built on, and the stage, or the stage and the family, that must find it."""

    name: str
    path: str
    kind: Literal["engine", "driver"]
    base: Base
    stage: str
    family: str
    mistake: str


PLANTS: dict[str, Plant] = {}
"""By name."""


class Planted(RowTransaction):
    """The methods of a transaction that are wrong; the rest is the base's."""

    __slots__ = ()


class Meddling(MemoryDriver):
    """A driver whose functions do more than they should in the transaction of a call."""

    @writes()
    def meddle(self, tx: Transaction, context: Any, work: Callable[[Transaction], Any]) -> Any:
        """Do something in a transaction, the caller's own where there is one."""
        return work(tx)


def but(query: Query, **parts: Any) -> Query:
    """The same query, but for some parts."""
    kept = {name: getattr(query, name) for name in Query.__slots__}
    return Query(**{**kept, **parts})


def planted_engine(stage: str, base: Base = "memory") -> Callable[[type[Planted]], Any]:
    """Have a backend stand in the place of the methods that are wrong, whose transactions have them."""

    def made(methods: type[Planted]) -> Any:
        make = _on_lmdb if base == "lmdb" else _on_memory
        driver = make(methods)
        driver.__doc__, driver.__qualname__ = methods.__doc__, methods.__qualname__
        _note(driver, "engine", base, stage, "")
        return driver

    return made


def planted_driver(family: str = "", *, stage: str = "functions", base: Base = "memory") -> Callable[[T], T]:
    """Note a driver whose functions, of one family, are wrong; or an engine that is written out."""

    def noted(driver: T) -> T:
        _declare(driver)
        _note(driver, "driver" if family else "engine", base, stage, family)
        return driver

    return noted


def _declare(driver: type) -> None:
    """Have functions that hand their arguments on, whatever they are, say that they take those of the contract."""
    for each in driver.__mro__:
        for name in FUNCTIONS & vars(each).keys() if each.__module__.startswith("tests.") else ():
            method: Any = vars(each)[name]
            if inspect.getfullargspec(method).varkw:
                method.__signature__ = inspect.signature(getattr(Driver, name))


def _note(driver: type, kind: Literal["engine", "driver"], base: Base, stage: str, family: str) -> None:
    name, mistake = driver.__qualname__, (driver.__doc__ or "").strip()
    assert name not in PLANTS, name
    PLANTS[name] = Plant(name, f"{driver.__module__}.{name}", kind, base, stage, family, mistake)


def _on_memory(methods: type[Planted]) -> type:
    class Engine(MemoryEngine):
        def read(self, *, snapshot: bool = True) -> Any:
            return made_wrong(super().read(snapshot=snapshot), methods)

        def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> Any:
            return made_wrong(super().write(isolation=isolation, losses=losses), methods)

    return _driver(methods, MemoryDriver, Engine)


def _on_lmdb(methods: type[Planted]) -> type:
    class Engine(LMDBEngine):
        def _begin(self, *, writes: bool) -> Any:
            return made_wrong(super()._begin(writes=writes), methods)

    return _driver(methods, LMDBDriver, Engine)


def made_wrong(tx: Any, methods: Any) -> Any:
    """A transaction, which has these methods from now on."""
    right: Any = type(tx)
    tx.__class__ = _mixed(methods, right)
    return tx


@functools.cache
def _mixed(*bases: Any) -> type:
    return type(bases[0].__name__, bases, {"__slots__": ()})


def _driver(methods: type, base: type, engine: type) -> type:
    """A driver whose engine, made as always, becomes one of another class."""

    def start(self: Any, connection: str | None = None, conf: Any = None) -> None:
        base.__init__(self, connection, conf)  # type: ignore[misc] # a driver's, which takes these
        self.engine.__class__ = engine

    return type(methods.__name__, (base,), {"__init__": start, "__module__": methods.__module__})
