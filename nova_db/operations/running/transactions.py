"""How a call becomes a transaction: one call is one transaction, calls inside an open one join it."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from nova_db.engine import Isolation, guards
from nova_db.operations.running.blocks import Block, finished, level_of, require_plain
from nova_db.operations.running.replicas import Replica, ReplicaUnavailable
from nova_db.operations.running.retries import Retries
from nova_db.operations.running.sessions import Session, Sessions, carried, carry, drop
from nova_db.staleness import stale_reads_allowed

if TYPE_CHECKING:
    from nova_db.driver.types import Context
    from nova_db.engine import Engine, Transaction

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D", bound="TransactionalDriver")
Check = Callable[["Context"], None]


class TransactionalDriver(Sessions):
    """Runs operations on an engine, each in a transaction, again after a conflict or a lost connection."""

    def __init__(self, engine: Engine, *, retries: Retries | None = None, replica: Replica | None = None) -> None:
        super().__init__(engine)
        self.replica = replica
        self._retries = retries or Retries()

    def transaction(self, context: Context, *, isolation: str | None = None) -> AbstractContextManager[Session]:
        """Several calls as one transaction; see ``Driver.transaction``."""
        return Block(self, level_of(isolation), retries=self._retries)

    def run(self, context: Context, function: Callable[[Session], R], *, isolation: str | None = None) -> R:
        """Several calls as one transaction, again after a conflict; see ``Driver.run``."""
        level = level_of(isolation)
        require_plain(function)

        def attempt(losses: int) -> R:
            with Block(self, level, losses) as session:
                return finished(function(session), function)

        return self._again(attempt) if self._session() is None else attempt(0)

    def close(self) -> None:
        """Release what the engine holds; what is in use, when its transaction ends."""
        self.engine.close()
        if self.replica is not None:
            self.replica.close()

    @contextlib.contextmanager
    def _joining(self, session: object | None) -> Iterator[None]:
        """Let calls of this thread join a session; None changes nothing."""
        if session is None:
            yield
            return
        if not isinstance(session, Session) or session.driver is not self or not session.is_open:
            raise TypeError(
                f"session must be None or an open session of this driver, as nova_db.transaction(context) yields it; "
                f"got {session!r}"
            )
        session.require_mine()
        carry(session)
        try:
            yield
        finally:
            drop(session)

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

    def _read(self, call: Callable[[Transaction], R], *, snapshot: bool) -> R:
        if guards.users and not snapshot:
            call = guards.one_call(call)
        replica = self.replica
        if replica is not None and stale_reads_allowed():
            with contextlib.suppress(ReplicaUnavailable):
                return replica.read(call, snapshot=snapshot)

        def attempt(losses: int) -> R:
            tx = self.engine.read(snapshot=snapshot)
            try:
                result = call(tx)
            except BaseException:
                tx.rollback()
                raise
            tx.commit()
            return result

        return self._again(attempt)

    def _write(self, call: Callable[[Transaction], R], *, endless: str | None = None) -> R:
        if self._held:
            self._require_alone()

        def attempt(losses: int) -> R:
            tx = self.engine.write(losses=losses)
            try:
                result = call(tx)
            except BaseException:
                tx.rollback()
                raise
            tx.commit()
            return result

        return self._again(attempt, endless=endless)

    def _again(self, attempt: Callable[[int], R], *, endless: str | None = None) -> R:
        """Run, and run again after a conflict or a lost connection; see ``Retries.run``."""
        return self._retries.run(attempt, endless=endless)


def reads(
    check: Check | None = None, *, snapshot: bool = True
) -> Callable[[Callable[Concatenate[D, Transaction, P], R]], Callable[Concatenate[D, P], R]]:
    """Make an operation of a reading function: ``check`` the context, then run in a reader.

    ``snapshot=False`` for functions that call the engine once.
    """

    def decorate(function: Callable[Concatenate[D, Transaction, P], R]) -> Callable[Concatenate[D, P], R]:
        def call(self: D, *args: P.args, **kwargs: P.kwargs) -> R:
            if check is not None:
                check(_context_of(args, kwargs))
            session = self._session() if carried() else None
            if session is not None:
                return function(self, session.tx, *args, **kwargs)
            return self._read(lambda tx: function(self, tx, *args, **kwargs), snapshot=snapshot)

        return _public(call, function)

    return decorate


def writes(
    check: Check | None = None, *, endless: bool = False
) -> Callable[[Callable[Concatenate[D, Transaction, P], R]], Callable[Concatenate[D, P], R]]:
    """Make an operation of a writing function: ``check`` the context, then run in a writer, a savepoint when joined.

    ``endless`` for functions that promise never to be refused for a conflict: each is run until it is through.  In the
    caller's transaction a conflict is the caller's, because it undoes all of that.
    """

    def decorate(function: Callable[Concatenate[D, Transaction, P], R]) -> Callable[Concatenate[D, P], R]:
        def call(self: D, *args: P.args, **kwargs: P.kwargs) -> R:
            if check is not None:
                check(_context_of(args, kwargs))
            session = self._session() if carried() else None
            if session is not None:
                with session.tx.savepoint():
                    return function(self, session.tx, *args, **kwargs)
            name = function.__name__ if endless else None
            return self._write(lambda tx: function(self, tx, *args, **kwargs), endless=name)

        return _public(call, function)

    return decorate


def _context_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Context:
    context: Context = args[0] if args else kwargs["context"]
    return context


def _public(call: Callable[..., R], function: Callable[..., R]) -> Callable[..., R]:
    """Name, document and sign the operation as callers see it: without the transaction."""
    functools.update_wrapper(call, function)
    del call.__wrapped__  # type: ignore[attr-defined]
    signature = inspect.signature(function)
    visible = [parameter for name, parameter in signature.parameters.items() if name != "tx"]
    call.__signature__ = signature.replace(parameters=visible)  # type: ignore[attr-defined]
    return call
