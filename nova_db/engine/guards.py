"""What engines take on trust of those who call them, checked in tests.

The conformance suite and our own tests switch the guards on; otherwise all that they cost is a look at ``users``.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from nova_db.engine.forwarding import ForwardingTransaction
from nova_db.engine.transaction import Transaction

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


class OneCall(ForwardingTransaction):
    """A transaction on which one call may be made.

    What a second one sees may be of another moment than what the first one saw, on some engines and at some times.
    """

    __slots__ = ("_first",)

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._first: str | None = None

    def _before(self, primitive: str, *names: str, columns: Sequence[str] | None = ()) -> None:
        call = f"{primitive}({', '.join(names)})"
        if self._first is not None:
            raise BrokenPromise(
                f"{_who()}: {call} is a second call, after {self._first}, on a reader that was opened with "
                f"snapshot=False, so the two may see different states of the database. Make it one call, or open the "
                f"reader with snapshot=True."
            )
        self._first = call


def _who() -> str:
    """The outermost function that was given the guarded reader, by its name and place."""
    frame, inner = sys._getframe(3), sys._getframe(3)
    named = None
    # Up to the guard, or to the thread's first frame.
    while frame.f_back is not None and frame.f_code.co_name != "guarded":
        inner = frame
        if frame.f_code.co_name != "<lambda>" and frame.f_code.co_filename != __file__:
            named = frame
        frame = frame.f_back
    found = named or inner
    return f"{found.f_code.co_qualname} ({found.f_code.co_filename}:{found.f_code.co_firstlineno})"
