"""How a call becomes a transaction: one call is one transaction, calls inside an open one join it."""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from nova_db.operations.replicas import Replica, ReplicaUnavailable
from nova_db.operations.retries import Retries
from nova_db.staleness import stale_reads_allowed

if TYPE_CHECKING:
    from nova_db.driver.types import Context
    from nova_db.engine import Engine, Transaction

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D", bound="TransactionalDriver")
Check = Callable[["Context"], None]


class Session:
    """An open transaction as callers hold it: opaque, of one driver and one thread."""

    __slots__ = ("_after_commit", "driver", "is_open", "tx")

    def __init__(self, driver: TransactionalDriver, tx: Transaction) -> None:
        self.driver = driver
        self.tx = tx
        self.is_open = True
        self._after_commit: list[Callable[[], None]] = []


class _Current(threading.local):
    session: Session | None = None


class TransactionalDriver:
    """Runs operations on an engine, each in a transaction, again after a conflict or a lost connection."""

    def __init__(self, engine: Engine, *, retries: Retries | None = None, replica: Replica | None = None) -> None:
        self.engine = engine
        self.replica = replica
        self._retries = retries or Retries()
        self._current = _Current()

    @contextlib.contextmanager
    def transaction(self, context: Context) -> Iterator[Session]:
        """Several calls as one transaction; see ``Driver.transaction``."""
        joined = self._current.session
        if joined is not None:
            announced = len(joined._after_commit)
            try:
                with joined.tx.savepoint():
                    yield joined
            except BaseException:
                del joined._after_commit[announced:]  # nobody is told of what is undone
                raise
            return
        session = Session(self, self.engine.write())
        with self._joining(session):
            try:
                yield session
            except BaseException:
                session.tx.rollback()
                raise
            finally:
                session.is_open = False
            session.tx.commit()
        _finish(session)

    def run(self, context: Context, function: Callable[[Session], R]) -> R:
        """Several calls as one transaction, again after a conflict; see ``Driver.run``."""

        def attempt() -> R:
            with self.transaction(context) as session:
                return function(session)

        return attempt() if self._current.session is not None else self._again(attempt)

    def close(self) -> None:
        """Release what the engine holds."""
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
        previous = self._current.session
        self._current.session = session
        try:
            yield
        finally:
            self._current.session = previous

    @contextlib.contextmanager
    def _lend(self, tx: Transaction) -> Iterator[Session]:
        """A session on the running operation's transaction, for a callback of the caller."""
        session = self._current.session
        if session is not None:
            yield session
            return
        session = Session(self, tx)
        with self._joining(session):
            try:
                yield session
            finally:
                session.is_open = False

    def _after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once the outermost transaction has been committed; at once when none is open."""
        session = self._current.session
        if session is None:
            callback()
        else:
            session._after_commit.append(callback)

    def _read(self, call: Callable[[Transaction], R], *, snapshot: bool) -> R:
        replica = self.replica
        if replica is not None and stale_reads_allowed():
            with contextlib.suppress(ReplicaUnavailable):
                return replica.read(call, snapshot=snapshot)

        def attempt() -> R:
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
        def attempt() -> R:
            tx = self.engine.write()
            try:
                result = call(tx)
            except BaseException:
                tx.rollback()
                raise
            tx.commit()
            return result

        return self._again(attempt, endless=endless)

    def _again(self, attempt: Callable[[], R], *, endless: str | None = None) -> R:
        """Run, and run again after a conflict or a lost connection; see ``Retries.run``."""
        return self._retries.run(attempt, endless=endless)


def _finish(session: Session) -> None:
    for callback in session._after_commit:
        callback()


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
            session = self._current.session
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
            session = self._current.session
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
