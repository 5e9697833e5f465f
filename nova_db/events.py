"""What happens below the calls of the API: statements, conflicts, attempts, waits, a replica that is done without.

A wrapper around a driver sees a call and what it came to. Metrics, traces and budgets want to know what it took::

    with events.observe(count, events.Retry, events.Wait):
        ...

``observe`` is told of all threads, or, with ``here=True``, of what is done in the current context only (in the sense of
:mod:`contextvars`: calls, tasks and ``nova_db.aio``'s threads that go on from here). Observers are called in the thread
in which it happens, in the middle of a call: briefly, and without calling the API. What one of them raises is logged
and goes no further.

Who reports makes an event only where somebody wants its kind, ``if Retry.observers: report(Retry(...))``, so nothing is
paid for but a look at an empty list, and that only where something is out of the ordinary already. Statements are the
exception: whoever sends them is told when they are wanted, see ``follow``. Calls of transactions (``Access``) are no
events: they are watched on one driver at a time, see :mod:`nova_db.engine.watching`.
"""

from __future__ import annotations

import contextlib
import logging
import weakref
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from nova_db import forking

__all__ = ["Conflict", "Event", "Fallback", "Follower", "Retry", "Statement", "Wait", "follow", "observe", "report"]

_LOG = logging.getLogger(__name__)
_lock = forking.lock(__name__, "_lock")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; its kinds are the classes below."""

    observers: ClassVar[list[_Observer]] = []
    """Who wants events of this kind."""

    def __init_subclass__(cls) -> None:
        cls.observers = []


@dataclass(frozen=True, slots=True)
class Statement(Event):
    """A statement is about to be sent; those that begin and end transactions are told too."""

    text: str
    engine: object
    """The engine whose statement it is."""


@dataclass(frozen=True, slots=True)
class Conflict(Event):
    """An attempt of a call has lost against another transaction, and everything of it is undone."""

    error: Exception
    losses: int
    """How many the call has lost so far, this one included."""


@dataclass(frozen=True, slots=True)
class Retry(Event):
    """A call is going to be made again, after a conflict or a lost connection."""

    error: Exception
    attempt: int
    """Which attempt is to come; 2 is the first one again."""
    pause: float
    """How many seconds are waited before."""


@dataclass(frozen=True, slots=True)
class Wait(Event):
    """A call has waited, with or without success."""

    reason: str
    """``connection``, for a free one, or ``turn``, for the end of other writers on engines whose writers take turns.

    What a server makes a statement wait for, as for the lock on a row, it does not tell.
    """
    seconds: float


@dataclass(frozen=True, slots=True)
class Fallback(Event):
    """The primary answers in place of a replica: for one read, each time."""

    replica: str
    """The replica's name in the log."""
    is_down: bool
    """Whether it is down; if not, it gave the one read up."""


class Follower(Protocol):
    """Who reports statements."""

    def follow(self) -> None:
        """``Statement.observers`` has become empty, or has no longer been: report, or stop, from now on."""


_Callback = Callable[[Any], object]
_followers: weakref.WeakSet[Any] = weakref.WeakSet()


class _Observer:
    __slots__ = ("callback", "is_local")

    def __init__(self, callback: _Callback, is_local: bool) -> None:
        self.callback = callback
        self.is_local = is_local


_here: ContextVar[tuple[_Observer, ...]] = ContextVar("nova_db_observers", default=())


@contextlib.contextmanager
def observe(callback: _Callback, *kinds: type[Event], here: bool = False) -> Iterator[None]:
    """Call back for each event of some kinds, while the block runs; without kinds for those of all kinds.

    Blocks nest, and end in any order.

    :param here: only for what happens in this context, and in those that are copied from it meanwhile.
    """
    observer = _Observer(callback, here)
    wanted = kinds or (Statement, Conflict, Retry, Wait, Fallback)
    if here:
        _here.set((*_here.get(), observer))
    for kind in wanted:
        kind.observers.append(observer)
    _tell(wanted)
    try:
        yield
    finally:
        for kind in wanted:
            kind.observers.remove(observer)
        _tell(wanted)
        if here:
            # No reset(token): a generator may be closed in another context than the one that it was entered in.
            _here.set(tuple([each for each in _here.get() if each is not observer]))


def report(event: Event) -> None:
    """Tell an event to those who observe its kind."""
    here = None
    for observer in list(type(event).observers):
        if observer.is_local:
            here = _here.get() if here is None else here
            if observer not in here:
                continue
        try:
            observer.callback(event)
        except Exception:  # noqa: BLE001 - whoever looks on must not make the call fail, nor leave half of its clean-up
            _LOG.exception("An observer of %s failed.", type(event).__name__)


def follow(follower: Follower) -> None:
    """Have ``follower.follow()`` called whenever statements are wanted, or no longer; it is held weakly."""
    with _lock:
        _followers.add(follower)
    if Statement.observers:
        follower.follow()


def _tell(kinds: tuple[type[Event], ...]) -> None:
    if Statement in kinds:
        with _lock:
            followers = list(_followers)
        for follower in followers:
            follower.follow()
