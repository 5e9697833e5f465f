"""What the tests of the primitives share: short ways to read and write, conflicts that re-run, threads that report."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from nova_db.engine import TRUE, Engine, Predicate, Query, Row, Transaction
from nova_db.exceptions import DBDeadlock
from nova_db.schema import TABLES
from nova_db_conformance.harness.base import EngineTestCase
from nova_db_conformance.harness.promises import about
from nova_db_conformance.harness.races import HANG_SECONDS

_T = TypeVar("_T")
_U = TypeVar("_U")

GRACE_SECONDS = 0.1
"""How long a test lets other threads get to the interesting place; being late makes it easier, never wrong."""

_MOST_ATTEMPTS = 2000


class _RolledBack(Exception):
    """Ends a transaction whose work is not to be kept."""


def transact(engine: Engine, work: Callable[[Transaction], _T]) -> _T:
    """Do some work in a writer and commit, from the start again after every conflict."""
    for _ in range(_MOST_ATTEMPTS):
        tx = engine.write()
        try:
            result = work(tx)
        except DBDeadlock:
            tx.rollback()
        except BaseException:
            tx.rollback()
            raise
        else:
            try:
                tx.commit()
            except DBDeadlock:
                pass
            else:
                return result
        time.sleep(random.uniform(0, 0.002))
    raise AssertionError(f"{_MOST_ATTEMPTS} conflicts in a row")


def in_thread(work: Callable[[], _T]) -> Future[_T]:
    """Start a thread; its result, or exception, is in the future."""
    future: Future[_T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


class PrimitivesTestCase(EngineTestCase):
    """A test of the primitives."""

    def complete(self, table: str, **values: Any) -> Row:
        """A row to insert: the values given, and the defaults."""
        return TABLES[table].insert_values(values)

    def select(self, table: str, where: Predicate = TRUE, **parts: Any) -> list[Row]:
        """The rows that a new reader gives."""
        with self.reader() as tx:
            return tx.select(Query(table, where, **parts))

    def ids(self, table: str, where: Predicate = TRUE, **parts: Any) -> list[Any]:
        """The primary keys of the rows that a new reader gives."""
        return [row[TABLES[table].primary_key] for row in self.select(table, where, **parts)]

    def assertCounted(self, table: str, where: Predicate, count: int) -> None:
        """Check how many rows a condition finds where they are counted, and where they are changed."""
        with self.reader() as tx, about("Transaction.aggregate"):
            self.assertEqual([{"count": count}], tx.aggregate(table, where))
        tx = self.engine.write()
        try:
            matched = tx.update(table, where, {"updated_at": None})
        finally:
            tx.rollback()
        with about("Transaction.update"):
            self.assertEqual(count, matched)

    def transact(self, work: Callable[[Transaction], _T]) -> _T:
        """Do some work in a writer and commit, from the start again after every conflict."""
        return transact(self.engine, work)

    def in_thread(self, work: Callable[[Transaction], _T]) -> Future[_T]:
        """Start a thread that does some work in a writer, as ``transact``."""
        return in_thread(lambda: transact(self.engine, work))

    def overlapping(
        self, first: Callable[[Transaction], _T], second: Callable[[Transaction], _U], *, rollback: bool = False
    ) -> tuple[_T, _U]:
        """Do work in two writers that are open at once, where the engine allows that; both results.

        The second begins once the first has done its work and is about to commit, or to roll back.  Both are run again
        after a conflict, so either may turn out to have been the first.
        """
        done = threading.Event()

        def hold(tx: Transaction) -> _T:
            result = first(tx)
            done.set()
            self.let_others_run()
            if rollback:
                raise _RolledBack(result)
            return result

        def follow() -> _U:
            done.wait(HANG_SECONDS)
            return transact(self.engine, second)

        other = in_thread(follow)
        try:
            result = transact(self.engine, hold)
        except _RolledBack as end:
            result = end.args[0]
        return result, self.outcome(other)

    def outcome(self, future: Future[_T]) -> _T:
        """What became of a thread; it has ample time to end."""
        return future.result(HANG_SECONDS)

    def let_others_run(self) -> None:
        """Give other threads the time to get where they wait, or to slip through where they must not."""
        time.sleep(GRACE_SECONDS)
