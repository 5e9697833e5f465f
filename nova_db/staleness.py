"""Callers that accept slightly old data, for which a replica of the database may answer.

::

    with nova_db.allow_stale_reads():
        instances = nova_db.instance_get_all_by_filters(context, {"host": host})

It is a permission of the current context in the sense of :mod:`contextvars`: threads and tasks that run already do not
get it; a task that the block starts, and a thread that is given a copy of the context, have it until they end. A block
that ends elsewhere than it began, as that of a suspended generator does which another task closes, has ended for all:
their contexts cannot be told from those that are made of the opener's later.
"""

from __future__ import annotations

import contextlib
import inspect
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ParamSpec, Self, TypeVar

from nova_db.tasks import running_task

_P = ParamSpec("_P")
_R = TypeVar("_R")
_F = TypeVar("_F", bound=Callable[..., Any])


class _Word:
    """What a block says for whoever is in it: whether slightly old data will do."""

    __slots__ = ("__weakref__", "allows", "before", "is_left", "is_over", "task", "thread")

    def __init__(self, allows: bool) -> None:
        self.allows = allows
        self.is_over = False
        self.is_left = False
        """Whether it may still be the last word of a context that nobody can reach."""
        self.before = _innermost()
        # The objects, not their numbers: those are given anew to later threads and tasks.
        self.thread = threading.current_thread()
        self.task = running_task()
        _last.set(self)

    def end(self) -> None:
        """No longer count for who opened the block; this may be another context than that one."""
        is_last = _last.get() is self
        self.is_left = not (is_last and self._is_opener())
        self.is_over = True
        if is_last:
            _last.set(self.before)

    def counts(self) -> bool:
        """Whether the block goes on, or is the one in which the current thread or task was started."""
        return not self.is_over or not (self.is_left or self._is_opener())

    def _is_opener(self) -> bool:
        return self.thread is threading.current_thread() and self.task is running_task()


_last: ContextVar[_Word | None] = ContextVar("nova_db_stale_reads", default=None)


def stale_reads_allowed() -> bool:
    """Whether the current context accepts slightly old data."""
    word = _innermost()
    return word is not None and word.allows


def _innermost() -> _Word | None:
    """The last word that counts here."""
    word = _last.get()
    while word is not None and not word.counts():  # the one before is older, so there is an end
        word = word.before
    return word


class StaleReads(contextlib.ContextDecorator):
    """A block, or a function, in which stale reads are allowed; made by :func:`allow_stale_reads`, for use once."""

    def __init__(self) -> None:
        self._word: _Word | None = None

    def __call__(self, func: _F) -> _F:
        """Decorate a function: each call is a block.

        :raises TypeError: the function only makes a coroutine or generator, so the block would end before that runs.
        """
        kind = _unstarted(func)
        if kind is not None:
            raise TypeError(
                f"@allow_stale_reads() cannot decorate {getattr(func, '__qualname__', func)}, {kind}: the block would "
                f"end before it runs. Write `with nova_db.allow_stale_reads():` inside of it."
            )
        return super().__call__(func)

    def __enter__(self) -> None:
        if self._word is not None:
            raise RuntimeError("a block of allow_stale_reads() is entered once: call it again for another block")
        self._word = _Word(allows=True)

    def __exit__(self, *exception: object) -> None:
        if self._word is not None:
            self._word.end()

    def _recreate_cm(self) -> Self:
        return type(self)()


def allow_stale_reads() -> StaleReads:
    """Let functions that only read answer from a replica of the database, for a ``with`` block or a decorated function.

    What they return may lag behind by as much as the replica does, the caller's own writes included: a record just
    created may not be found yet, one just changed may come back as it was. Each call sees one state, but a later call
    may see an older one. Functions that write, or may have to, and all calls inside of a transaction go to the primary
    as ever; so a transaction is how to read what is current in such a block.

    Without a replica (``[database] slave_connection``), or while it cannot be read from, the primary answers. Blocks
    nest, and may end in another order, task or thread than they began in. While a generator is suspended in a block,
    the block is its consumer's too. A coroutine or generator needs the block inside of it; decorating one is a
    TypeError.
    """
    return StaleReads()


def on_primary(call: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Call, and have the primary answer all that it reads: what follows a write, or decides on one."""
    word = _Word(allows=False)
    try:
        return call(*args, **kwargs)
    finally:
        word.end()


def _unstarted(func: Callable[..., Any]) -> str | None:
    """What a function makes in place of running, None if it runs when it is called."""
    plain = getattr(func, "__func__", func)  # of a static, class or bound method
    for each in (plain, getattr(plain, "__call__", None)):  # noqa: B004 - not whether, but how it is called
        if inspect.iscoroutinefunction(each):
            return "a coroutine function"
        if inspect.isasyncgenfunction(each):
            return "an async generator function"
        if inspect.isgeneratorfunction(each):
            return "a generator function"
    return None
