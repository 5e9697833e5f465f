"""The functions of :mod:`nova_db`, to be awaited: for services on asyncio.

::

    from nova_db import aio as db

    instance = await db.instance_get_by_uuid(context, uuid)

    async with db.transaction(context):
        ...

Names, arguments, results and exceptions are those of :mod:`nova_db`, and so is the rest of that namespace. Calls run on
a bounded number of threads (``[database] aio_threads``), each in a copy of the context of its caller, so that bound
drivers and :func:`allow_stale_reads` hold. A cancelled call is dropped if it has not begun; one that has begun is
waited for, and only then is its caller cancelled: it has taken effect as a whole, or not at all.

A transaction belongs to the task that opened it. It keeps one thread from its beginning to its end, for whatever that
task awaits of this module in the block; a task that is started in the block is refused. See ``docs/transactions.md``.

Editors and type checkers read ``__init__.pyi``, which :mod:`nova_db.stubs` makes.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import nova_db
from nova_db.aio import transactions as _transactions
from nova_db.driver import FUNCTIONS
from nova_db.driver.types import Context, IsolationName

__all__ = list(nova_db.__all__)


def transaction(context: Context, *, isolation: IsolationName = None) -> _transactions.Transaction:
    """Make the calls of an ``async with`` block one transaction; see :meth:`nova_db.driver.Driver.transaction`."""
    return _transactions.Transaction(context, isolation)


run = _transactions.run


def _awaited(function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        return await _transactions.call(function, args, kwargs)

    awaited.__name__ = awaited.__qualname__ = function.__name__
    awaited.__doc__ = function.__doc__
    awaited.__module__ = __name__
    # What inspect.signature() and help() go by.
    awaited.__wrapped__ = function  # type: ignore[attr-defined]
    return awaited


for _name in {*nova_db.__all__} - {"transaction", "run"}:
    _it = getattr(nova_db, _name)
    globals()[_name] = _awaited(_it) if _name in FUNCTIONS else _it
