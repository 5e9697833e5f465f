"""Which answers to a hostile call are right: documented ones, the same as the memory backend's, that leave no trace."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nova_db.exceptions import (
    DBDataError,
    DBDuplicateEntry,
    DBError,
    DBReferenceError,
    Invalid,
    NovaException,
    UnknownColumn,
)
from nova_db.ownership import CARRIED
from nova_db_conformance.harness.coverage import named_errors
from nova_db_conformance.hostile.calls import BLOCKS, Call
from nova_db_conformance.hostile.telling import plain, told, words

_REFUSALS = (TypeError, ValueError, KeyError)
_ITERATED = frozenset(
    {
        *("ips", "uuids", "instance_uuids", "network_uuids", "reservations", "columns_to_join", "ok_states"),
        *("security_groups", "expected_task_state"),
    }
)
_ASKED = frozenset(
    {("__getattribute__", "context"), *((name, "function") for name in ("__getattribute__", "__class__", "__call__"))}
)
"""Methods that any object may have to answer to where it is passed."""
_ALWAYS = (UnknownColumn, DBDataError, DBDuplicateEntry, DBReferenceError)
"""What any call with values may raise, whether its docstring names it or not."""


@dataclass
class Outcome:
    """How a call ended."""

    call: Call
    result: Any = None
    error: BaseException | None = None
    commits: int = 0
    """How many writers were committed."""
    open: int = 0
    changed: bool = False
    """Whether arguments were changed."""
    """How many transactions were left behind."""

    @property
    def kind(self) -> str:
        """In one word."""
        return "a result" if self.error is None else type(self.error).__name__

    def plain(self) -> Any:
        """As data that can be compared with another one's."""
        error = self.error
        if error is None:
            return ("result", plain(self.result))
        name = type(error).__name__
        if self.is_own:
            return ("own", name)
        if isinstance(error, DBError):
            return (name, error.table, plain(error.columns), plain(error.value))
        if isinstance(error, NovaException):
            return (name, plain(error.kwargs))
        return (name, words(str(error)))

    @property
    def is_own(self) -> bool:
        """Whether the error is one that an argument raised."""
        return any(self.error is each for each in self.call.errors.raised)

    def told(self) -> str:
        """In a few words."""
        if self.error is None:
            return f"returned {told(self.result)}"
        return f"raised {type(self.error).__name__}: {words(str(self.error))[:300]}"


@dataclass(frozen=True)
class Finding:
    """Something wrong."""

    seed: int
    number: int
    backend: str
    kind: str
    """What, in a few words that are equal for findings of one kind."""
    call: str
    hostile: str
    detail: str

    def __str__(self) -> str:
        lines = (
            f"{self.backend} {self.seed}/{self.number}: {self.kind}",
            self.call,
            f"hostile: {self.hostile}",
            self.detail,
        )
        return "\n    ".join(lines)


def faults(outcome: Outcome) -> list[tuple[str, str]]:
    """What is wrong with an outcome by itself: the kind, and details."""
    found = []
    errors, error = outcome.call.errors, outcome.error
    if outcome.open:
        found.append(("a transaction is left open", f"{outcome.open} of them; it {outcome.told()}"))
    if CARRIED.get():
        found.append(("a session is left behind", outcome.told()))
        CARRIED.set(())
    ran = [name for name in errors.touched if not any(_may_run(name, place) for place in outcome.call.hostile)]
    if ran:
        found.append((f"a method of an unknown object ran: {ran[0]}", f"{outcome.told()} {where(errors.raised[0])}"))
    elif errors.raised and not outcome.is_own:
        found.append(("the caller's own error did not come through", f"it {outcome.told()} {where(error)}"))
    elif error is not None and not outcome.is_own:
        problem = _undocumented(outcome.call, error)
        if problem:
            found.append((problem, f"{outcome.told()} {where(error)}"))
    return found


def _may_run(method: str, place: str) -> bool:
    """Whether a method is what an argument is taken for: what can be iterated over is, and what can be called."""
    if method == "__iter__":
        return place.rpartition("['")[2].rstrip("']") in _ITERATED
    return (method, place) in _ASKED


def _undocumented(call: Call, error: BaseException) -> str | None:
    """Why an error is none that the contract tells of."""
    name = type(error).__name__
    if "function" in call.hostile and callable(call.arguments["function"]):
        return None  # it is the function's own
    if type(error) in _REFUSALS:
        of_context = "context" in str(error) and any(each.startswith("context") for each in call.hostile)
        told_of = of_context or f"{call.function}()" in str(error)
        return None if told_of else f"{name} that does not name the function"
    if isinstance(error, (NovaException, DBError)):
        documented = named_errors(call.function) if call.function not in BLOCKS else frozenset()
        if documented.intersection(each.__name__ for each in type(error).__mro__) - {"DBError", "NotFound"}:
            return None
        if isinstance(error, _ALWAYS) or (isinstance(error, Invalid) and call.function + "()" in str(error)):
            return None
        if name == "DBError" and "DBError" in documented:
            return None
    return f"{name} is not documented"


def where(error: BaseException | None) -> str:
    """Where an error comes from."""
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    shown = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in frames
        if "hostile" not in frame.filename
    ]
    return "(" + " > ".join(shown[-3:]) + ")"
