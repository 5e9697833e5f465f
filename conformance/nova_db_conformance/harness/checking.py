"""What holds for every call of every test: arguments stay as they are, results are plain and private values."""

from __future__ import annotations

import datetime as dt
import functools
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from nova_db.constraints import Constraint, EqualAny, NotEqual
from nova_db.driver import EXTENSIONS, FUNCTIONS
from nova_db_conformance.harness.coverage import CallLog
from nova_db_conformance.harness.hangs import beat
from nova_db_conformance.harness.result_types import misfit

if TYPE_CHECKING:
    from nova_db.driver import Driver

_CONTAINERS = (dict, list, tuple, set, frozenset)
_SCALARS = frozenset({str, int, float, bool, dt.datetime, type(None)})


class ContractViolation(AssertionError):
    """A call broke a rule that holds for all of them."""


class CheckedDriver:
    """Stands between the ``nova_db`` namespace and a driver: checks every call, and counts it in a log.

    A call that breaks a rule raises :class:`ContractViolation`.
    """

    def __init__(self, driver: Driver, backend: str, log: CallLog, *, is_timed: bool = False) -> None:
        self._driver = driver
        self._backend = backend
        self._log = log
        self._is_timed = is_timed

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._driver, name)
        if name in EXTENSIONS:
            return method
        if name not in FUNCTIONS:
            raise AttributeError(f"{name} is not part of the contract")
        checked = self._checked(name, method)
        setattr(self, name, checked)
        return checked

    def _checked(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        log, backend, is_timed = self._log, self._backend, self._is_timed

        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            log.last = name
            beat()
            given = (args, kwargs)
            before = private_copy(given)
            contexts = [(arg, private_copy(vars(arg))) for arg in args if _is_context(arg)]
            began = time.perf_counter_ns()
            try:
                result = method(*args, **kwargs)
            except Exception as error:
                log.failed(backend, name, error)
                _require_unchanged(name, before, given, contexts)
                raise
            log.succeeded(backend, name, time.perf_counter_ns() - began if is_timed else 0)
            beat()
            for function in _plain_functions_in(args, kwargs):
                log.succeeded(backend, function)
            _require_unchanged(name, before, given, contexts)
            require_plain(name, result)
            _require_typed(name, args, kwargs, result)
            _require_private(name, given, result)
            return result

        return call


def checked(driver: Driver, backend: str, log: CallLog, *, is_timed: bool = False) -> Driver:
    """A driver that does what ``driver`` does, checked; see :class:`CheckedDriver`. ``is_timed``: the log has times."""
    return cast("Driver", CheckedDriver(driver, backend, log, is_timed=is_timed))


def private_copy(value: Any) -> Any:
    """A copy of nested plain containers that shares none of them; other objects are shared."""
    kind = type(value)
    if kind is dict:
        return {key: private_copy(item) for key, item in value.items()}
    if kind in _CONTAINERS:
        return kind(private_copy(item) for item in value)
    return value


def difference(before: Any, after: Any, path: str = "") -> str | None:
    """Where two values differ first, in words; None if they are equal and of the same types."""
    if type(before) is not type(after):
        return f"{path} was {before!r} and is {after!r}"
    if isinstance(before, dict):
        if before.keys() != after.keys():
            return f"{path} had the keys {sorted(before, key=str)} and has {sorted(after, key=str)}"
        pairs = ((f"{path}[{key!r}]", value, after[key]) for key, value in before.items())
    elif isinstance(before, list | tuple):
        if len(before) != len(after):
            return f"{path} had {len(before)} items and has {len(after)}"
        pairs = ((f"{path}[{number}]", *pair) for number, pair in enumerate(zip(before, after, strict=True)))
    else:
        return None if before is after or before == after else f"{path} was {before!r} and is {after!r}"
    return next((found for name, one, other in pairs if (found := difference(one, other, name))), None)


def require_plain(name: str, result: Any) -> None:
    """Check that a result is made of dicts, lists, tuples, sets and scalars; no subclass of these will do."""
    if _is_plain(result):
        return
    for path, value in _walk(result, f"{name}()"):
        kind = type(value)
        if kind not in _CONTAINERS and kind not in _SCALARS:
            raise ContractViolation(f"{path} is of type {kind.__module__}.{kind.__qualname__}: {value!r}")
        if kind is dt.datetime and value.tzinfo is not None:
            raise ContractViolation(f"{path} has a time zone, where naive UTC was promised: {value!r}")


def _is_plain(value: Any) -> bool:
    """What ``require_plain`` asks, without knowing where: results are large, and nearly all of them are plain."""
    kind = type(value)
    if kind in _SCALARS:
        return kind is not dt.datetime or value.tzinfo is None
    if kind is dict:
        return all(map(_is_plain, value)) and all(map(_is_plain, value.values()))
    return kind in _CONTAINERS and all(map(_is_plain, value))


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """A value and all that is in it, with the way there."""
    yield path, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _walk(key, f"key {key!r} of {path}")
            yield from _walk(item, f"{path}[{key!r}]")
    elif isinstance(value, _CONTAINERS):
        for number, item in enumerate(value):
            yield from _walk(item, f"{path}[{number}]")


def _require_typed(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    found = misfit(name, args, kwargs, result)
    if found:
        raise ContractViolation(found)


def _require_unchanged(name: str, before: Any, given: Any, contexts: list[tuple[Any, Any]]) -> None:
    for kind, (was, now) in enumerate(zip(before, given, strict=True)):
        found = difference(was, now, "argument " if kind else "arguments")
        if found:
            raise ContractViolation(f"{name}() changed its arguments: {found}")
    for context, was in contexts:
        found = difference(was, vars(context), "")
        if found:
            raise ContractViolation(f"{name}() changed the context: {found}")


def _require_private(name: str, given: Any, result: Any) -> None:
    """Check that a result shares no container with the arguments."""
    mine = set(_mutable_parts(given))
    if mine.isdisjoint(_mutable_parts(result)):
        return
    for path, value in _walk(result, f"{name}()"):
        if isinstance(value, dict | list | set) and id(value) in mine:
            raise ContractViolation(f"{path} is the very object that was given as an argument")


def _mutable_parts(value: Any) -> Iterator[int]:
    """The identities of the mutable containers in a value, it included."""
    if isinstance(value, _CONTAINERS):
        if isinstance(value, dict | list | set):
            yield id(value)
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, _CONTAINERS):
                yield from _mutable_parts(item)


def _is_context(value: Any) -> bool:
    return hasattr(value, "read_deleted") and hasattr(value, "__dict__")


def _plain_functions_in(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[str]:
    for value in (*args, *kwargs.values()):
        if isinstance(value, Constraint):
            yield "constraint"
            kinds = {type(condition) for condition in value.conditions.values()}
            if EqualAny in kinds:
                yield "equal_any"
            if NotEqual in kinds:
                yield "not_equal"
