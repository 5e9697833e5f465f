"""Open transactions, and whose they are.

The context carries a transaction (:mod:`nova_db.ownership`).  Whoever carries one without being its thread and task is
told; whoever shares its thread without carrying it may read beside it, but not write: it would wait for a lock that its
own thread holds.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol, cast

from nova_db import forking
from nova_db.engine import Isolation
from nova_db.engine.holders import describe, here
from nova_db.exceptions import DBTransactionError
from nova_db.ownership import CARRIED
from nova_db.schema.coercion import described
from nova_db.tasks import running_task

if TYPE_CHECKING:
    from threading import Thread

    from nova_db.engine import Engine, Transaction

carried = CARRIED.get


class Carried(Protocol):
    """What a context carries: a session, or what stands for one that is used in another thread."""

    driver: object
    is_open: bool

    def require_mine(self) -> None:
        """DBTransactionError where the call cannot join."""


class Session:
    """An open transaction as callers hold it: opaque, of one driver, one thread and one task."""

    __slots__ = ("_after_commit", "driver", "is_open", "isolation", "since", "task", "thread", "tx")

    def __init__(self, driver: object, tx: Transaction, isolation: Isolation) -> None:
        self.driver = driver
        self.tx = tx
        self.isolation = isolation
        self.is_open = True
        self.thread = here.thread
        self.task = running_task()
        self.since = time.monotonic()
        self._after_commit: list[Callable[[], None]] = []

    def require_mine(self) -> None:
        """DBTransactionError in another thread or task than the one that opened it."""
        if self.thread is not here.thread or self.task is not running_task():
            raise DBTransactionError(
                message=f"The call would join a transaction that {self.holder()}, and that it carries along "
                f"in its context without being that thread or task. It can neither join (each is used by one at a "
                f"time) nor have a transaction of its own, which would wait for the one that waits for it. Call before "
                f"or after the transaction, or start work that has nothing to do with it in "
                f"nova_db.detached_context(), as in asyncio.create_task(work(), context=nova_db.detached_context())."
            )

    def holder(self) -> str:
        """Who has it open, and since when."""
        return f"{describe(self.thread, self.task)}, has had open for {time.monotonic() - self.since:.3g} seconds"


def carry(session: Carried) -> None:
    """Let the calls of the current context join a transaction."""
    CARRIED.set((*[each for each in CARRIED.get() if each.is_open], session))


def drop(session: Carried) -> None:
    """Undo ``carry``, once; in a context that does not carry the transaction nothing changes."""
    # No reset(token): a generator or ExitStack may be closed in another context than the one that it was entered in.
    sessions = list(CARRIED.get())
    for place in reversed(range(len(sessions))):
        if sessions[place] is session:
            del sessions[place]
            CARRIED.set(tuple(sessions))
            return


class Sessions:
    """The open transactions of one driver."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # By thread: who writes in a thread that is here, without carrying the transaction, would wait for himself.
        # Each thread changes its own entry only, or one that it ends, so that nothing needs a lock.  A forked child
        # has none of these threads.
        self._held: dict[Thread, Session] = forking.renewed(self, "_held", dict)

    def _session(self) -> Session | None:
        """The open transaction that a call joins, or None."""
        for session in reversed(CARRIED.get()):
            if session.driver is self and session.is_open:
                session.require_mine()
                return cast("Session", session)  # what else a context carries has refused
        return None

    def _given(self, session: object | None, function: str) -> Session | None:
        """The session that a caller passed, which a call then joins; TypeError for what is none of this driver's."""
        if session is None:
            return None
        found = described(session)
        if type(session) is Session:
            if session.driver is self and session.is_open:
                session.require_mine()
                return session
            found = "one that has ended" if session.driver is self else "one of another driver"
        raise TypeError(
            f"{function}(): session must be None or an open session of this driver, as nova_db.transaction(context) "
            f"yields it, not {found}."
        )

    @contextlib.contextmanager
    def _lend(self, tx: Transaction) -> Iterator[Session]:
        """A session on the running operation's transaction, for a callback of the caller."""
        session = self._session()
        if session is not None:
            yield session
            return
        session = Session(self, tx, Isolation.READ_COMMITTED)
        self._enter(session)
        try:
            yield session
        finally:
            self._leave(session)

    def _after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once the outermost transaction has been committed; at once when none is open."""
        session = self._session()
        if session is None:
            callback()
        else:
            session._after_commit.append(callback)

    def _require_alone(self) -> None:
        """Refuse to write where the thread has a transaction open that the call does not join."""
        held = self._held.get(here.thread)
        if held is not None:
            raise DBTransactionError(
                message=f"The call would write beside a transaction that {held.holder()}: it is not a part of "
                f"that, and would wait for what its own thread holds. End the transaction before other tasks of the "
                f"thread go on (no await inside), or use nova_db.aio, whose transactions have threads of their own."
            )

    def _enter(self, session: Session) -> None:
        self._held[session.thread] = session
        carry(session)

    def _leave(self, session: Session) -> None:
        session.is_open = False
        drop(session)
        if self._held.get(session.thread) is session:
            del self._held[session.thread]
