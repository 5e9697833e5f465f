"""Which transactions a context carries, and how work is started that carries none.

An open transaction belongs to the context (:mod:`contextvars`), the thread and the task that opened it: their calls
join it.  Copies of the context, which tasks and some threads are started with, carry it along; there a call is refused.
"""

from __future__ import annotations

import contextvars
from contextvars import ContextVar
from typing import Any

CARRIED: ContextVar[tuple[Any, ...]] = ContextVar("nova_db_transactions", default=())
"""The open transactions of all drivers, the innermost last.  Some may have ended, where a generator that opened one was
closed in another context; they count as none."""


def detached_context() -> contextvars.Context:
    """A copy of the current context that carries no transaction, for work that is to have its own.

    ``asyncio.create_task(work(), context=nova_db.detached_context())`` starts a task, and
    ``threading.Thread(target=nova_db.detached_context().run, args=(work,))`` a thread, that may outlive the transaction
    in which it is started.  What such a task writes while the thread has the transaction open is refused all the same.
    """
    context = contextvars.copy_context()
    context.run(CARRIED.set, ())
    return context
