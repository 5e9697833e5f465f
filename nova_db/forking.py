"""What a forked child goes on with: locks that nobody holds, and objects that were told of the fork.

A fork copies memory as it is, and of the threads only the one that forks.  A lock that another thread held at that
moment is held for ever in the child.  So whatever outlives a call takes its locks from here: the child gets new ones in
their places, under the same names::

    _lock = forking.lock(__name__, "_lock")  # of a module

    class Pool:
        def __init__(self) -> None:
            self._lock = forking.lock(self, "_lock")
            forking.register(after_in_child=self._forget)

A lock is a plain one of :mod:`threading`; using it costs nothing more.  Holders are referred to weakly, and have to let
themselves be.  Look a lock up by its name each time: who keeps it elsewhere keeps the parent's.  A thread-local needs
none of this: it has no lock, and the thread that lives on keeps what is its own.

The order is that of registration, in the process as a whole: first the locks of the child are renewed, then hooks run,
those before the fork the last registered first, those after it the first registered first.  So a hook may rely on what
was registered before its own.  What a hook raises is logged and goes no further.

On systems without fork all of this does nothing.
"""

from __future__ import annotations

import functools
import itertools
import logging
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import MethodType
from typing import Any, NamedTuple, TypeAlias, TypeVar

__all__ = ["condition", "event", "is_renewed", "lock", "register", "renewed", "rlock"]

Hook: TypeAlias = Callable[[], object]

_T = TypeVar("_T")

# Logging has its own way to survive a fork; having been imported earlier it is usable in every hook.
_LOG = logging.getLogger(__name__)
_numbers = itertools.count()


class _Renewal(NamedTuple):
    """An attribute that is made anew in a child."""

    holder: weakref.ref[Any]
    name: str
    make: Callable[[], object]


class _Hooks(NamedTuple):
    """What is to be called around a fork; each gives the hook, or None once its object is gone."""

    before: Callable[[], Hook | None]
    after_in_parent: Callable[[], Hook | None]
    after_in_child: Callable[[], Hook | None]


# Both by number, in the order of registration.  They are only ever added to, removed from and copied, each by one call
# of a dict.  That is atomic, under the interpreter's lock or, in a free-threaded one, under the dict's own; so no other
# lock is needed, and a fork finds none held.
_renewals: dict[int, _Renewal] = {}
_hooks: dict[int, _Hooks] = {}


def lock(holder: object, name: str) -> threading.Lock:
    """A ``threading.Lock`` to be kept as an attribute, as :func:`renewed` says."""
    return renewed(holder, name, threading.Lock)


def rlock(holder: object, name: str) -> threading.RLock:
    """A ``threading.RLock`` to be kept as an attribute, as :func:`renewed` says."""
    return renewed(holder, name, threading.RLock)


def condition(holder: object, name: str) -> threading.Condition:
    """A ``threading.Condition``, to be kept as an attribute, as :func:`renewed` says."""
    return renewed(holder, name, threading.Condition)


def event(holder: object, name: str) -> threading.Event:
    """A ``threading.Event``, to be kept as an attribute, as :func:`renewed` says; not set in a child."""
    return renewed(holder, name, threading.Event)


def renewed(holder: object, name: str, make: Callable[[], _T]) -> _T:
    """What ``make()`` returns, for the caller to keep as an attribute, which is ``make()`` again in each child.

    :param holder: whose attribute it is: an object or a class, or the name of a module.
    :param name: the attribute.
    :raises TypeError: the object cannot be referred to weakly.
    """
    owner = sys.modules[holder] if isinstance(holder, str) else holder
    number = next(_numbers)
    _renewals[number] = _Renewal(weakref.ref(owner, functools.partial(_drop, _renewals, number)), name, make)
    return make()


def register(
    *, before: Hook | None = None, after_in_parent: Hook | None = None, after_in_child: Hook | None = None
) -> None:
    """Have hooks called around each fork.  Of a bound method the object is held weakly: its hooks end with it."""
    number = next(_numbers)
    forget = functools.partial(_drop, _hooks, number)
    # At its end an object takes all its hooks along: whichever reference is the first to tell, the number is one.
    _hooks[number] = _Hooks(*(_held(hook, forget) for hook in (before, after_in_parent, after_in_child)))


def is_renewed(thing: object) -> bool:
    """Whether a lock, or what it may be, is replaced in a child: it is where :func:`renewed` was told it would be."""
    return any(getattr(holder, name, None) is thing for holder, name, _ in _living(_renewals.copy()))


def _held(hook: Hook | None, forget: Callable[[object], None]) -> Callable[[], Hook | None]:
    if not isinstance(hook, MethodType):
        return lambda: hook
    # Not a WeakMethod: those complain where they outlive the modules of an interpreter that ends.
    function, reference = hook.__func__, weakref.ref(hook.__self__, forget)

    def method() -> Hook | None:
        holder = reference()
        return None if holder is None else MethodType(function, holder)

    return method


def _drop(registry: dict[int, Any], number: int, _reference: object) -> None:
    registry.pop(number, None)


def _living(renewals: Mapping[int, _Renewal]) -> Iterable[tuple[Any, str, Callable[[], object]]]:
    for reference, name, make in renewals.values():
        holder = reference()
        if holder is not None:
            yield holder, name, make


def _call(references: Iterable[Callable[[], Hook | None]]) -> None:
    for reference in references:
        hook = reference()
        if hook is None:
            continue
        try:
            hook()
        except BaseException:  # noqa: BLE001 - the fork happens all the same, and the others have to know of it
            _LOG.exception("What was to be done around a fork failed")


def _before() -> None:
    _call([hooks.before for hooks in reversed(_hooks.copy().values())])


def _after_in_parent() -> None:
    _call([hooks.after_in_parent for hooks in _hooks.copy().values()])


def _after_in_child() -> None:
    for holder, name, make in _living(_renewals.copy()):
        setattr(holder, name, make())
    _call([hooks.after_in_child for hooks in _hooks.copy().values()])


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
