"""Blocks of calls that are one transaction, and what may stand in them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TypeVar

from nova_db.engine import Isolation
from nova_db.exceptions import DBTransactionError
from nova_db.operations.running.retries import Retries
from nova_db.operations.running.sessions import Session, Sessions
from nova_db.schema.coercion import described

R = TypeVar("R")


class Block:
    """A ``with`` block that is a transaction, or, within an open one, a part of that which is undone by itself."""

    __slots__ = ("_announced", "_driver", "_isolation", "_savepoint", "_session", "losses", "retries")

    def __init__(
        self, driver: Sessions, isolation: Isolation | None, losses: int = 0, retries: Retries | None = None
    ) -> None:
        self._driver = driver
        self._isolation = isolation
        self.losses = losses
        """How many conflicts in a row were lost; whoever repeats blocks by himself sets it before he enters one."""
        self.retries = retries
        """How the driver repeats what may be repeated, for the same callers."""
        self._session: Session | None = None
        self._savepoint: AbstractContextManager[None] | None = None
        self._announced = 0

    def __enter__(self) -> Session:
        if self._session is not None:
            raise RuntimeError("A transaction's block can be entered once: call transaction() for each.")
        session = self._driver._session()
        if session is not None:
            self._join(session)
        else:
            session = self._open()
        self._session = session
        return session

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session = self._session
        if session is None:
            return
        if self._savepoint is None:
            self._end(session, error)
            return
        try:
            self._savepoint.__exit__(kind, error, trace)
        except BaseException:
            del session._after_commit[self._announced :]
            raise
        if error is not None:
            del session._after_commit[self._announced :]  # nobody is told of what is undone

    def _join(self, session: Session) -> None:
        if self._isolation is Isolation.SERIALIZABLE and session.isolation is not Isolation.SERIALIZABLE:
            raise DBTransactionError(
                message=f'The transaction that is open here is "{session.isolation.value}", and no part of it can be '
                f'"{self._isolation.value}": open the outermost one so.'
            )
        self._announced = len(session._after_commit)
        savepoint = session.tx.savepoint()
        savepoint.__enter__()
        self._savepoint = savepoint

    def _open(self) -> Session:
        driver, isolation = self._driver, self._isolation or Isolation.SERIALIZABLE
        driver._require_alone()
        session = Session(driver, driver.engine.write(isolation=isolation, losses=self.losses), isolation)
        driver._enter(session)
        return session

    def _end(self, session: Session, error: BaseException | None) -> None:
        session.is_open = False  # a call of another thread that carries it along has come too late
        try:
            if error is not None:
                session.tx.rollback()
            else:
                session.tx.commit()
        finally:
            self._driver._leave(session)
        if error is None:
            for callback in session._after_commit:
                callback()


def level_of(isolation: str | None, function: str) -> Isolation | None:
    """The isolation with a name.

    :raises ValueError: there is none of that name.
    """
    if isolation is None:
        return None
    found: Any = described(isolation)
    if issubclass(type(isolation), str):
        name = str.__str__(isolation)
        for level in Isolation:
            if level.value == name:
                return level
        found = repr(name)
    names = " or ".join(repr(level.value) for level in Isolation)
    raise ValueError(f"{function}(): isolation must be {names}, or None for the strictest, not {found}.")


def require_plain(function: Callable[..., Any]) -> None:
    """Refuse what cannot be called, and what would run, or go on, after the transaction has ended."""
    if not callable(function):
        raise TypeError(f"run(): function must be a function of a session, not {described(function)}.")
    for each in (function, getattr(function, "func", None), getattr(function, "__call__", None)):  # noqa: B004
        if inspect.iscoroutinefunction(each):
            raise TypeError(
                f"run() takes a function that does its work before it returns; {_named(function)} is a coroutine "
                f"function, which would start after the transaction. Use nova_db.aio.run() for it."
            )
        if inspect.isgeneratorfunction(each) or inspect.isasyncgenfunction(each):
            raise TypeError(
                f"run() takes a function that does its work before it returns; {_named(function)} is a generator "
                f"function, which would start after the transaction. Return a list."
            )


def finished(result: R, function: Callable[..., Any]) -> R:
    """The result of a function, unless it is one that goes on after it; TypeError then, which undoes all."""
    kind = type(result)
    if hasattr(kind, "__await__") or hasattr(kind, "__anext__") or inspect.isgenerator(result):
        closing = getattr(result, "close", None)
        if closing is not None:
            closing()
        raise TypeError(
            f"run() takes a function that does its work before it returns; {_named(function)} returned "
            f"a {kind.__name__}, which would go on after the transaction. Nothing was committed."
        )
    return result


def _named(function: Any) -> str:
    return str(getattr(function, "__qualname__", None) or repr(function))
