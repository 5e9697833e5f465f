"""Calls of event loops, and their transactions: which thread a call goes to, and whose a transaction is.

The context of a task carries the transaction that it has open (:mod:`nova_db.ownership`), as one that is never the
caller's own to the functions of :mod:`nova_db`; the context in which its thread works carries the thread's.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from nova_db import api, conf
from nova_db.aio.threads import Lease, Work, crews
from nova_db.engine.holders import describe, here
from nova_db.exceptions import DBConnectionError, DBDeadlock, DBError, DBTransactionError
from nova_db.operations.running.blocks import Block, finished
from nova_db.operations.running.retries import GIVEN_UP, Attempts, Retries
from nova_db.operations.running.sessions import Session, carry, drop
from nova_db.ownership import CARRIED
from nova_db.tasks import running_task

if TYPE_CHECKING:
    from nova_db.driver.types import Context, IsolationName

_T = TypeVar("_T")
_Values = dict[contextvars.ContextVar[Any], Any]
_UNSET = object()
MOMENT = 0.1
"""The seconds for which one waits in any case: a thread is free a little later than its last caller goes on."""
_LOG = logging.getLogger(__name__)


class Held:
    """An open transaction as the context of its task carries it."""

    __slots__ = ("_since", "_task", "_thread", "driver", "is_open", "lease", "target", "values")

    def __init__(self, session: object, target: object, lease: Lease, values: _Values) -> None:
        self.driver = session.driver if isinstance(session, Session) else target
        self.target = target
        """The driver in force when it was opened."""
        self.lease = lease
        self.values = values
        """What the opening has set in the context of its thread."""
        self.is_open = True
        self._task = running_task()
        self._thread = here.thread
        self._since = time.monotonic()

    def require_mine(self) -> None:
        """DBTransactionError, always: asked by the functions of nova_db for a call in the thread of the event loop."""
        self.require_owner()
        raise DBTransactionError(
            message="The call is one of nova_db, in a task that has a transaction of nova_db.aio open: it cannot join, "
            "because that has a thread of its own, and would keep the event loop waiting. Await the function of "
            "nova_db.aio instead."
        )

    def require_owner(self) -> None:
        """DBTransactionError in another task than the one that opened it."""
        if self._task is not running_task():
            raise DBTransactionError(
                message=f"The call would join a transaction that {describe(self._thread, self._task)}, has "
                f"had open for {time.monotonic() - self._since:.3g} seconds, and that it carries along "
                f"in its context without being that task. It can neither join (each is used by one at a time) nor have "
                f"a transaction of its own, which would wait for the one that waits for it. Call before or after the "
                f"transaction, or start work that has nothing to do with it in nova_db.detached_context(), as in "
                f"asyncio.create_task(work(), context=nova_db.detached_context()). (On Python 3.11 asyncio.wait_for "
                f"starts a task: use asyncio.timeout.)"
            )


async def call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call in a thread: that of the transaction that the task has open, or any."""
    held = _joined() if CARRIED.get() else None
    context = contextvars.copy_context()
    work = Work(partial(function, *args, **kwargs), context)
    context.run(GIVEN_UP.set, work.given_up)
    if held is None:
        crews().calls.submit(work)
    else:
        _set(held.values, context)
        held.lease.submit(work)
    return await work.outcome()


class Transaction:
    """An ``async with`` block that is a transaction, or, within an open one, a part that is undone by itself.

    :param losses: how many conflicts in a row have been lost already.
    :param lease: the thread to use; None: that of the open transaction, or one until the block ends.
    """

    def __init__(
        self, context: Context, isolation: IsolationName = None, *, losses: int = 0, lease: Lease | None = None
    ) -> None:
        self._asked = partial(api.transaction, context, isolation=isolation)
        self._losses = losses
        self._lent = lease
        self._lease: Lease | None = None
        self._is_lender = self._is_entered = False
        self._held: Held | None = None
        # Entered and left in one and the same context, as a driver's may need it.
        self._context: contextvars.Context = contextvars.copy_context()
        # Both touched by the thread alone, until it has been waited for.
        self._manager: AbstractContextManager[object] | None = None
        self._target: object = None
        self.retries: Retries | None = None
        """How the driver would repeat the block, once it is known; None: as the configuration says."""

    async def __aenter__(self) -> object:
        if self._is_entered:
            raise RuntimeError("A transaction's block can be entered once: call transaction() for each.")
        self._is_entered = True
        outer = _joined()
        self._context = contextvars.copy_context()
        if outer is not None:
            self._lease = outer.lease
            _set(outer.values, self._context)
        else:
            self._lease = self._lent or Lease(crews().transactions)
        self._is_lender = outer is None and self._lent is None
        before = self._context.copy()
        session = await self._begin(self._lease)
        if outer is None:
            changed = {var: value for var, value in self._context.items() if before.get(var, _UNSET) is not value}
            self._held = Held(session, self._target, self._lease, changed)
            carry(self._held)
        return session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self._held is not None:
            drop(self._held)
        if isinstance(error, GeneratorExit):
            self._abandon()  # nothing can be awaited any more
            return False
        return bool(await self._ended(kind, error, trace))

    def __del__(self) -> None:
        self._abandon()  # of a block that was never left, its task having been forgotten

    async def _begin(self, lease: Lease) -> object:
        work = Work(self._enter, self._context)
        patience = None
        if not lease.submit(work):
            seconds = _patience()
            patience = asyncio.get_running_loop().call_later(seconds, work.fail, partial(_exhausted, seconds))
        try:
            return await work.outcome()
        except BaseException as error:
            # A cancellation may have come after the transaction was opened; in the thread one follows the other.
            if isinstance(error, GeneratorExit) or self._manager is None:
                self._abandon()
            else:
                await self._ended(type(error), error, error.__traceback__)
            raise
        finally:
            if patience is not None:
                patience.cancel()

    def _enter(self) -> object:
        self._target = api.get_driver()
        manager = self._asked()
        if isinstance(manager, Block):
            manager.losses = self._losses
            self.retries = manager.retries
        session = manager.__enter__()
        self._manager = manager
        return session

    async def _ended(self, *failure: Any) -> Any:
        work = Work(partial(self._leave, *failure), self._context, is_certain=True)
        self._end(work)
        return await work.outcome()

    def _abandon(self) -> None:
        # Where there is nothing to undo there is no thread either, or one that has yet to find the opening dropped.
        error = GeneratorExit("the task of the transaction has been abandoned")
        self._end(partial(self._context.run, self._leave_quietly, type(error), error, None))

    def _end(self, last: Callable[[], object]) -> None:
        if self._held is not None:
            self._held.is_open = False  # a call that carries it along has come too late
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.submit(last)
            if self._is_lender:
                lease.close()

    def _leave(self, *failure: Any) -> Any:
        manager, self._manager = self._manager, None
        return None if manager is None else manager.__exit__(*failure)

    def _leave_quietly(self, *failure: Any) -> None:
        try:
            self._leave(*failure)
        except BaseException:  # noqa: BLE001 - nobody is there to be told, and the thread has to go on
            _LOG.exception("A transaction whose task had been abandoned could not be rolled back")


async def run(
    context: Context, function: Callable[[Any], Coroutine[Any, Any, _T]], *, isolation: IsolationName = None
) -> _T:
    """Await ``function(session)`` as one transaction, again after a conflict; see ``Driver.run``."""
    _require_async(function)
    if _joined() is not None:
        async with Transaction(context, isolation) as session:
            return finished(await function(session), function)
    # One thread for all attempts: whoever has lost does not queue for one again behind those who come later.
    lease = Lease(crews().transactions)
    attempts: Attempts | None = None
    try:
        while True:  # ended by the first success, and by pause_after
            block = Transaction(context, isolation, losses=attempts.losses if attempts else 0, lease=lease)
            try:
                async with block as session:
                    return finished(await function(session), function)
            except (DBDeadlock, DBConnectionError) as error:
                attempts = attempts or Attempts(block.retries or Retries.from_conf(conf.get_conf()))
                pause = attempts.pause_after(error)
            await asyncio.sleep(pause)
    finally:
        lease.close()


def _joined() -> Held | None:
    """The open transaction that a call of the current task joins, or None."""
    for each in reversed(CARRIED.get()):
        if not each.is_open:
            continue
        if not isinstance(each, Held):
            each.require_mine()
            raise DBTransactionError(
                message="The call is one of nova_db.aio, in a task that has a transaction of nova_db open: it cannot "
                "join, because it runs in another thread. Open the transaction with nova_db.aio.transaction(), or call "
                "the function of nova_db."
            )
        if each.target is api.get_driver():  # loaded, since it has a transaction open: nothing is waited for
            each.require_owner()
            return each
    return None


def _set(values: _Values, context: contextvars.Context) -> None:
    for variable, value in values.items():
        context.run(variable.set, value)


def _patience() -> float:
    seconds: int | None = conf.option("pool_timeout", "database")
    return 30 if seconds is None else seconds or MOMENT


def _exhausted(seconds: float) -> DBError:
    return DBError(
        message=f"No thread for a transaction became free within {seconds:g} seconds: each has one open. "
        f"[database] aio_threads says how many there may be, half of them for transactions, and pool_timeout how long "
        f"one waits."
    )


def _require_async(function: Any) -> None:
    called = getattr(function, "__call__", None)  # noqa: B004 - of an object, it may be the coroutine function
    if not (inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)):
        name = getattr(function, "__qualname__", None) or repr(function)
        raise TypeError(
            f"nova_db.aio.run() takes an async function (async def, or a functools.partial of one), whose calls it "
            f"awaits; {name} is none. Use nova_db.run() for a plain function, in a thread of yours."
        )
