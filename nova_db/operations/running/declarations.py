"""What is said of a function where it is written: who may call it, how it runs, and who is told.

An operation is written as what it does in a transaction: ``def name(self, tx, context, ...)``. ``reads`` and ``writes``
make it what callers see, without ``tx``. The first attempt is made here; nothing else runs where nothing fails.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from nova_db import conf
from nova_db.context import RequestContext
from nova_db.engine import guards
from nova_db.exceptions import DBConnectionError, DBDeadlock
from nova_db.operations.running.arguments import NO_KEYS, Arguments, Authorize, Check, Keys, admission
from nova_db.operations.running.ending import committed
from nova_db.operations.running.notifications import Notice
from nova_db.operations.running.sessions import carried
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.staleness import stale_reads_allowed

if TYPE_CHECKING:
    from nova_db.driver.types import Context
    from nova_db.engine import Transaction

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D", bound=TransactionalDriver)


def anyone(context: Context) -> None:
    """The check of functions that whoever likes may call."""


class Refusal:
    """A result that is an error: raised once all that was found out on the way to it is committed."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error


def reads(
    check: Check = anyone,
    *,
    snapshot: bool | Callable[..., bool] = True,
    authorize: Authorize | None = None,
    keys: Keys = NO_KEYS,
    takes_session: bool = False,
) -> Callable[[Callable[Concatenate[D, Transaction, P], R]], Callable[Concatenate[D, P], R]]:
    """Make an operation of a reading function.

    :param check: asked for the context before anything else.
    :param snapshot: False for functions that call the engine once; or what tells of the arguments of a call whether it
        does so more often.
    :param authorize: asked next, for the first argument.
    :param keys: the keys that mappings among the arguments have to have.
    :param takes_session: whether an argument ``session`` says which transaction the call joins.
    """

    def decorate(function: Callable[Concatenate[D, Transaction, P], R]) -> Callable[Concatenate[D, P], R]:
        arguments = Arguments(function, keys)
        admit = admission(arguments, check, authorize)
        is_plain, plain = authorize is None, arguments.plain
        always, tells = snapshot is True, snapshot if callable(snapshot) else None

        def call(self: D, context: Context, *args: Any, **kwargs: Any) -> R:
            if is_plain and not kwargs and type(context) is RequestContext and tuple(map(type, args)) in plain:
                check(context)  # what admit does with them, without a call
            else:
                args, kwargs = admit(context, args, kwargs)
            session = self._given(arguments.get("session", args, kwargs), function.__name__) if takes_session else None
            if session is None and carried():
                session = self._session()
            work: Callable[..., R] = function.__get__(self)
            if session is not None:
                return work(session.tx, context, *args, **kwargs)
            whole = always if tells is None else tells(context, *args, **kwargs)
            if guards.users and not whole:
                work = guards.one_call(work)
            if self.replica is not None and stale_reads_allowed():
                return self._read_stale(lambda tx: work(tx, context, *args, **kwargs), snapshot=whole)
            begin = self.engine.read
            try:
                tx = begin(snapshot=whole)
                try:  # what committed does, without a call
                    result = work(tx, context, *args, **kwargs)
                except BaseException:
                    tx.rollback()
                    raise
                tx.commit()
                return result
            except (DBDeadlock, DBConnectionError) as error:
                attempts = self._retries.after(error)
            return attempts.go_on(lambda _: committed(begin(snapshot=whole), work, context, *args, **kwargs))

        return _public(call, function)

    return decorate


def writes(
    check: Check = anyone,
    *,
    endless: bool = False,
    authorize: Authorize | None = None,
    keys: Keys = NO_KEYS,
    notify: Notice | None = None,
) -> Callable[[Callable[Concatenate[D, Transaction, P], R | Refusal]], Callable[Concatenate[D, P], R]]:
    """Make an operation of a writing function, which runs in a writer, or in a savepoint where it joins one.

    :param check: asked for the context before anything else.
    :param endless: for functions that promise never to be refused for a conflict: each is run until it is through. In
        the caller's transaction a conflict is the caller's, because it undoes all of that.
    :param authorize: asked next, for the first argument.
    :param keys: the keys that mappings among the arguments have to have.
    :param notify: what other cells are told once the outermost transaction is committed.
    """

    def decorate(function: Callable[Concatenate[D, Transaction, P], R | Refusal]) -> Callable[Concatenate[D, P], R]:
        arguments = Arguments(function, keys)
        admit = admission(arguments, check, authorize)
        is_plain, plain = authorize is None, arguments.plain
        name = function.__name__ if endless else None

        def call(self: D, context: Context, *args: Any, **kwargs: Any) -> Any:
            if is_plain and not kwargs and type(context) is RequestContext and tuple(map(type, args)) in plain:
                check(context)  # what admit does with them, without a call
            else:
                args, kwargs = admit(context, args, kwargs)
            session = self._session() if carried() else None
            work, result = function.__get__(self), None
            if session is not None:
                with session.tx.savepoint():
                    result = work(session.tx, context, *args, **kwargs)
            else:
                if self._held:
                    self._require_alone()
                begin, attempts = self.engine.write, None
                try:
                    result = committed(begin(), work, context, *args, **kwargs)
                except (DBDeadlock, DBConnectionError) as error:
                    attempts = self._retries.after(error, endless=name)
                if attempts is not None:
                    result = attempts.go_on(
                        lambda losses: committed(begin(losses=losses), work, context, *args, **kwargs)
                    )
            if isinstance(result, Refusal):
                raise result.error
            if notify is not None and conf.option("enable", "cells"):
                notify.send(self, result, arguments.by_name(args, kwargs))
            return result

        return _public(call, function)

    return decorate


def checks(
    check: Check = anyone, *, keys: Keys = NO_KEYS
) -> Callable[[Callable[Concatenate[D, Context, P], R]], Callable[Concatenate[D, Context, P], R]]:
    """Check the context and the arguments of a function that runs operations, and is none itself."""

    def decorate(function: Callable[Concatenate[D, Context, P], R]) -> Callable[Concatenate[D, Context, P], R]:
        admit = admission(Arguments(function, keys), check)

        @functools.wraps(function)
        def call(self: D, context: Context, *args: Any, **kwargs: Any) -> R:
            args, kwargs = admit(context, args, kwargs)
            work: Callable[..., R] = function.__get__(self)
            return work(context, *args, **kwargs)

        return cast("Callable[Concatenate[D, Context, P], R]", call)

    return decorate


def _public(call: Callable[..., R], function: Callable[..., Any]) -> Callable[..., R]:
    """Name, document and sign the operation as callers see it: without the transaction."""
    functools.update_wrapper(call, function)
    del call.__wrapped__  # type: ignore[attr-defined]
    signature = inspect.signature(function)
    visible = [parameter for name, parameter in signature.parameters.items() if name != "tx"]
    call.__signature__ = signature.replace(parameters=visible)  # type: ignore[attr-defined]
    return call
