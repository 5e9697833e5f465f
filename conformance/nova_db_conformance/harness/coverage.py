"""What the tests called: which functions of the API, on which backend, how that ended, and how long it took."""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from nova_db import forking
from nova_db.driver import FUNCTIONS, Driver

PLAIN_FUNCTIONS = ("constraint", "equal_any", "not_equal")
"""The functions of the API that no driver implements; they count as called when a call is given what they make."""

ALL_FUNCTIONS: tuple[str, ...] = (*FUNCTIONS, *PLAIN_FUNCTIONS)

_CLASSES_AN_OCTAVE = 16
"""Times are counted in classes of 4.4 %, so that those of many processes add up; a median is within 2.2 %."""

_AUTH = re.compile(r"^\s*Auth: (\w+)", re.MULTILINE)
_RAISED = re.compile(r"^:raises (\w+): ", re.MULTILINE)


class CallLog:
    """Calls by backend and function: how many succeeded, and the exceptions of those that did not.

    An exception counts under the names of its class and of all classes that this is derived from. Safe for threads.
    """

    def __init__(self) -> None:
        self._lock = forking.lock(self, "_lock")
        self._successes: Counter[tuple[str, str]] = Counter()
        self._failures: Counter[tuple[str, str, str]] = Counter()
        self._times: Counter[tuple[str, str, int]] = Counter()
        self.facts: dict[str, dict[str, str]] = {}
        """What each backend tells of itself, by its label."""
        self.last: str | None = None
        """The function that was called last, in whatever thread; a test begins without one."""

    def succeeded(self, backend: str, function: str, nanoseconds: int = 0) -> None:
        """Count a call that returned, and how long it took; 0: that is not asked."""
        with self._lock:
            self._successes[backend, function] += 1
            if nanoseconds > 0:
                self._times[backend, function, round(math.log2(nanoseconds) * _CLASSES_AN_OCTAVE)] += 1

    def failed(self, backend: str, function: str, error: BaseException) -> None:
        """Count a call that raised."""
        names = _names_of(type(error))
        with self._lock:
            for name in names:
                self._failures[backend, function, name] += 1

    def successes(self, backend: str, function: str) -> int:
        """How many calls returned."""
        return self._successes[backend, function]

    def failures(self, backend: str, function: str) -> Mapping[str, int]:
        """Name of an exception to how many calls raised it."""
        return {
            name: count
            for (a_backend, a_function, name), count in self._failures.items()
            if (a_backend, a_function) == (backend, function)
        }

    def was_called(self, backend: str, function: str) -> bool:
        """Whether any call was made."""
        return bool(self.successes(backend, function) or self.failures(backend, function))

    @property
    def backends(self) -> list[str]:
        """The backends on which calls were made, sorted."""
        return sorted({key[0] for key in (*self._successes, *self._failures)})

    def medians(self, backend: str) -> dict[str, float]:
        """Function to the median of how long its calls took that returned, in microseconds, where that was asked."""
        classes: dict[str, Counter[int]] = {}
        for (label, function, number), count in self._times.items():
            if label == backend:
                classes.setdefault(function, Counter())[number] += count
        return {function: 2 ** (_middle(counts) / _CLASSES_AN_OCTAVE) / 1000 for function, counts in classes.items()}

    def as_data(self) -> dict[str, Any]:
        """What was counted as plain data, for another process; :meth:`merge` takes it."""
        with self._lock:
            counters = {name: self._counter(name) for name in _COUNTERS}
            return {"facts": self.facts} | {
                name: [[*key, count] for key, count in found.items()] for name, found in counters.items()
            }

    def taken(self) -> dict[str, Any]:
        """The same, after which nothing is counted: for runners that take it along test by test."""
        data = self.as_data()
        with self._lock:
            for name in _COUNTERS:
                self._counter(name).clear()
        return data

    def merge(self, data: Mapping[str, Any]) -> None:
        """Add what another process has counted."""
        with self._lock:
            self.facts.update(data["facts"])
            for name in _COUNTERS:
                for *key, count in data[name]:
                    self._counter(name)[tuple(key)] += count

    def _counter(self, name: str) -> Counter[Any]:
        return cast("Counter[Any]", getattr(self, f"_{name}"))


_COUNTERS = ("successes", "failures", "times")

CALLS_DETAIL = "nova_db_calls"
"""The detail of a test in which a process tells by subunit what it has counted."""

CALLS = CallLog()
"""The calls of this process, and of the worker processes that reported theirs."""


def uncalled(log: CallLog, backend: str) -> list[str]:
    """The functions of the API that no test called, in the order of the contract."""
    return [name for name in ALL_FUNCTIONS if not log.was_called(backend, name)]


def gaps(log: CallLog, backend: str, functions: Iterable[str] = ALL_FUNCTIONS) -> Iterator[str]:
    """What tests have yet to show: a success of each function, and each exception that the contract names for it."""
    for name in functions:
        if not log.successes(backend, name):
            yield f"{name} never succeeded"
        missing = sorted(named_errors(name) - log.failures(backend, name).keys())
        if missing:
            yield f"{name} never raised {', '.join(missing)}"


@functools.cache
def named_errors(function: str) -> frozenset[str]:
    """The exceptions that the contract names for a function: after ``:raises``, and for who may call it."""
    if function in PLAIN_FUNCTIONS:
        return frozenset()
    text = _docstring(function)
    names = set(_RAISED.findall(text))
    auth = _AUTH.search(text)
    if auth and auth[1] != "anyone":
        names.add("AdminRequired" if auth[1] == "admin" else "NotAuthorized")
    return frozenset(names)


def _docstring(function: str) -> str:
    return inspect.getdoc(getattr(Driver, function)) or ""


def _names_of(kind: type) -> tuple[str, ...]:
    return tuple(cls.__name__ for cls in kind.__mro__ if cls not in (object, BaseException))


def _middle(counts: Counter[int]) -> int:
    """The class in which the middle of all that was counted lies."""
    left = counts.total() / 2
    for number in sorted(counts):
        left -= counts[number]
        if left <= 0:
            return number
    raise ValueError("nothing was counted")
