"""Callers that accept slightly old data, for which a replica of the database may answer.

::

    with nova_db.allow_stale_reads():
        instances = nova_db.instance_get_all_by_filters(context, {"host": host})

It is a permission of the current context in the sense of :mod:`contextvars`: threads and tasks that run already do not
get it; a task that the block starts, and a thread that is given a copy of the context, have it until they end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")
_allowed: ContextVar[bool] = ContextVar("nova_db_stale_reads", default=False)

stale_reads_allowed = _allowed.get
"""Whether the current context accepts slightly old data."""


@contextlib.contextmanager
def allow_stale_reads() -> Iterator[None]:
    """Let functions that only read answer from a replica of the database, for a ``with`` block or a decorated function.

    What they return may lag behind by as much as the replica does, the caller's own writes included: a record just
    created may not be found yet, one just changed may come back as it was. Each call sees one state, but a later call
    may see an older one. Functions that write, or may have to, and all calls inside of a transaction go to the primary
    as ever; so a transaction is how to read what is current in such a block.

    Without a replica (``[database] slave_connection``), or while it cannot be read from, the primary answers. Blocks
    nest. A coroutine needs the block inside of it, where a decorator would end before it runs.
    """
    token = _allowed.set(True)
    try:
        yield
    finally:
        _allowed.reset(token)


def current(call: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Call, and have the primary answer all that it reads: what follows a write, or decides on one."""
    token = _allowed.set(False)
    try:
        return call(*args, **kwargs)
    finally:
        _allowed.reset(token)
