"""What engines take on trust of those who call them, checked in tests.

The conformance suite and our own tests switch the guards on; otherwise all that they cost is a look at ``users``.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Concatenate, ParamSpec, TypeVar

from nova_db.engine.predicates import TRUE, Predicate
from nova_db.engine.query import Order, Query
from nova_db.engine.transaction import Transaction
from nova_db.engine.values import Row, Values
from nova_db.schema import Relation

_P = ParamSpec("_P")
_R = TypeVar("_R")

users: list[object] = []
"""Who wants the guards, of whatever thread; without anybody they are off."""


class BrokenPromise(AssertionError):
    """What an engine was told when it was asked for a transaction is not what was done with it."""


@contextlib.contextmanager
def enforced() -> Iterator[None]:
    """Check, in all threads, while the block runs; blocks nest, and end in any order."""
    user = object()
    users.append(user)
    try:
        yield
    finally:
        users.remove(user)


def one_call(work: Callable[Concatenate[Transaction, _P], _R]) -> Callable[Concatenate[Transaction, _P], _R]:
    """The same work, for a reader that was opened with ``snapshot=False``: a second call on it is a BrokenPromise."""

    def guarded(tx: Transaction, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return work(OneCall(tx), *args, **kwargs)

    return guarded


class OneCall(Transaction):
    """A transaction on which one call may be made.

    What a second one sees may be of another moment than what the first one saw, on some engines and at some times.
    """

    __slots__ = ("_first", "_tx")

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._first: str | None = None

    def _once(self, call: str) -> Transaction:
        if self._first is not None:
            raise BrokenPromise(
                f"{_who()}: {call} is a second call, after {self._first}, on a reader that was opened with "
                f"snapshot=False, so the two may see different states of the database. Make it one call, or open the "
                f"reader with snapshot=True."
            )
        self._first = call
        return self._tx

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        return self._once(f"insert({', '.join([table for table, _ in batches])})").insert(*batches)

    def select(self, query: Query) -> list[Row]:
        return self._once(f"select({query.table})").select(query)

    def aggregate(
        self, table: str, where: Predicate = TRUE, *, sums: tuple[str, ...] = (), group_by: tuple[str, ...] = ()
    ) -> list[Row]:
        return self._once(f"aggregate({table})").aggregate(table, where, sums=sums, group_by=group_by)

    def update(self, table: str, where: Predicate, values: Values) -> int:
        return self._once(f"update({table})").update(table, where, values)

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        return self._once(f"update_returning({query.table})").update_returning(query, values)

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        return self._once(f"update_each({table})").update_each(table, changes, where)

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        return self._once(f"claim({table})").claim(table, where, values, order=order, limit=limit)

    def delete(self, table: str, where: Predicate) -> int:
        return self._once(f"delete({table})").delete(table, where)

    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        return self._once(f"move({source})").move(source, target, where, order=order, limit=limit)

    def serialize(self, *names: str) -> None:
        self._once(f"serialize({', '.join(names)})").serialize(*names)

    def savepoint(self) -> AbstractContextManager[None]:
        return self._once("savepoint()").savepoint()

    def related(self, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
        return self._once(f"related({relation.name})").related(relation, keys)

    def commit(self) -> None:
        self._tx.commit()

    def rollback(self) -> None:
        self._tx.rollback()


def _who() -> str:
    """The outermost function that was given the guarded reader, by its name and place."""
    frame, inner = sys._getframe(2), sys._getframe(2)
    named = None
    # Up to the guard, or to the thread's first frame.
    while frame.f_back is not None and frame.f_code.co_name != "guarded":
        inner = frame
        if frame.f_code.co_name != "<lambda>" and frame.f_code.co_filename != __file__:
            named = frame
        frame = frame.f_back
    found = named or inner
    return f"{found.f_code.co_qualname} ({found.f_code.co_filename}:{found.f_code.co_firstlineno})"
