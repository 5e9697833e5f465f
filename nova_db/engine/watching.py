"""Seeing, from below the retries, each call that is made of an engine's transactions, and failing some of them.

A wrapper around a driver sees calls of the API; what becomes of one (its reads and writes, each attempt of it) is seen
here, on every engine. While nobody watches a driver its engine is its own, so this costs nothing.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from nova_db.engine.forwarding import ForwardingTransaction
from nova_db.engine.interface import Engine
from nova_db.engine.transaction import Isolation, Transaction
from nova_db.schema import TABLES


class Access(NamedTuple):
    """A call that is about to be made of an open transaction; its text tells what is read and written."""

    primitive: str
    """The method of ``Transaction``; ``rollback`` is none of those that are seen."""
    names: tuple[str, ...] = ()
    """The tables, or what is serialized."""
    is_in_writer: bool = False
    """Whether the transaction is a writer."""
    columns: Sequence[str] | None = ()
    """The columns that are read; None: all of the table's."""

    def __str__(self) -> str:
        columns = self.columns
        if columns is None:
            tables = [TABLES[name] for name in self.names if name in TABLES]
            columns = [column.name for table in tables for column in table.columns]
        return " ".join([self.primitive, ", ".join(self.names), f"({', '.join(columns)})" if columns else ""]).rstrip()


@contextlib.contextmanager
def watched(driver: Any, watch: Callable[[Access], None]) -> Iterator[None]:
    """Have ``watch`` called before each call on the transactions that the driver opens in the block, in any thread.

    The driver is one that is made of an engine, and its ``engine`` another object meanwhile. What the watch raises, the
    call raises; where that is ``commit``, the transaction has been rolled back. Blocks nest, and the innermost is
    called first; they end in any order.
    """
    mine: Any = _WatchedEngine(driver.engine, watch)
    driver.engine = mine
    try:
        yield
    finally:
        if driver.engine is mine:
            driver.engine = mine._engine
        else:
            outer = driver.engine
            while outer._engine is not mine:  # ends at ours, which whoever came later has wrapped
                outer = outer._engine
            outer._engine = mine._engine


class Plan:
    """Which call fails, and how many were made."""

    def __init__(self, failing: int, error: Callable[[], BaseException]) -> None:
        self.failing = failing
        self.error = error
        self.calls = 0
        """How many were made so far."""
        self._numbers = itertools.count(1)

    @property
    def happened(self) -> bool:
        """Whether the call that fails was reached."""
        return self.calls >= self.failing

    def count(self) -> None:
        """Count a call, and fail if it is the one."""
        number = next(self._numbers)  # each thread gets its own, so that one of them fails
        self.calls = max(self.calls, number)
        if number == self.failing:
            raise self.error()


@contextlib.contextmanager
def failing_at(
    driver: Any,
    number: int,
    error: Callable[[], BaseException],
    *,
    primitives: Collection[str] | None = None,
    readers: bool = False,
) -> Iterator[Plan]:
    """Make the ``number``-th call on the transactions of the driver's engine raise, counted from 1 over all of them.

    ``commit`` counts as a call; one that fails has rolled back. ``rollback`` never fails. Calls after the one that
    fails go through, so that what is run again can succeed.

    :param error: makes what is raised: a ``DBDeadlock`` or ``DBConnectionError`` is what the driver runs a call again
        for.
    :param primitives: the methods of ``Transaction`` that are counted, such as ``{"commit"}``; None: all.
    :param readers: whether calls on readers are counted, too, not only those on writers.
    """
    plan = Plan(number, error)

    def watch(access: Access) -> None:
        if (readers or access.is_in_writer) and (primitives is None or access.primitive in primitives):
            plan.count()

    with watched(driver, watch):
        yield plan


@Engine.register
class _WatchedEngine:
    """Does what another engine does, and has its transactions watched."""

    def __init__(self, engine: Any, watch: Callable[[Access], None]) -> None:
        self._engine = engine
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def read(self, *, snapshot: bool = True) -> Transaction:
        return _WatchedTransaction(self._engine.read(snapshot=snapshot), self._watch, is_in_writer=False)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> Transaction:
        return _WatchedTransaction(
            self._engine.write(isolation=isolation, losses=losses), self._watch, is_in_writer=True
        )


class _WatchedTransaction(ForwardingTransaction):
    __slots__ = ("_is_in_writer", "_watch")

    def __init__(self, tx: Transaction, watch: Callable[[Access], None], *, is_in_writer: bool) -> None:
        super().__init__(tx)
        self._watch = watch
        self._is_in_writer = is_in_writer

    def _before(self, primitive: str, *names: str, columns: Sequence[str] | None = ()) -> None:
        self._watch(Access(primitive, names, self._is_in_writer, columns))

    def commit(self) -> None:
        try:
            self._before("commit")
        except BaseException:
            self._tx.rollback()
            raise
        self._tx.commit()
