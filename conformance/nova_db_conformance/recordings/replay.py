"""Replaying a recorded sequence."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nova_db.context import RequestContext
from nova_db_conformance.recordings.comparison import TIME, Comparison, Difference
from nova_db_conformance.recordings.identity import Identities, uuids_in
from nova_db_conformance.recordings.sequences import Sequence

_CONTEXTS: dict[str, dict[str, Any]] = {
    "admin": {"user_id": "adm", "project_id": "padm", "is_admin": True},
    "admin_yes": {"user_id": "adm", "project_id": "padm", "is_admin": True, "read_deleted": "yes"},
    "admin_only": {"user_id": "adm", "project_id": "padm", "is_admin": True, "read_deleted": "only"},
    "u1": {"user_id": "u1", "project_id": "p1", "is_admin": False},
    "u2": {"user_id": "u2", "project_id": "p2", "is_admin": False},
    "u1_yes": {"user_id": "u1", "project_id": "p1", "is_admin": False, "read_deleted": "yes"},
    "nobody": {"user_id": None, "project_id": None, "is_admin": False},
}
_ANY_DATABASE_ERROR = "*"
_SERIOUS = frozenset(("value", "error", "unasked"))
"""Kinds of differences that others may follow from."""
_READS = re.compile(r"^(?!.*_update_).*(?:^|_)(?:get|list|count|search|exists|in_use|statistics)(?:_|$)")
"""Functions that leave the rows as they are."""


class _Resource:
    """A quota resource that counts what the recording says."""

    def __init__(self, counts: dict[str, int]) -> None:
        self._counts = counts

    def sync(self, context: Any, project_id: Any, session: Any) -> dict[str, int]:
        return dict(self._counts)


def replay(db: Any, sequence: Sequence) -> Iterator[tuple[int, Difference]]:
    """Run a sequence on ``db``, the functions of the API; the differences, each with the number of its step.

    It goes on after a difference, with every call whose arguments can still be made up. What may follow from an earlier
    difference says so: the call was given a part of an answer that differs, or rows may differ since a call wrote
    something else, or the very same difference was told before.
    """
    player = _Player(db, sequence)
    for number in range(len(sequence.steps)):
        for difference in player.play(number):
            yield number, difference


class _Player:
    def __init__(self, db: Any, sequence: Sequence) -> None:
        self._db = db
        self._steps = sequence.steps
        self._results: list[Any] = []
        given = [step["args"] for step in sequence.steps] + [step.get("kwargs", {}) for step in sequence.steps]
        self._comparison = Comparison(Identities(uuids_in(given)))
        self._differs: dict[int, int] = {}
        """Step whose answer differs to the step that this may follow from: itself, if from none."""
        self._wrote: int | None = None
        """The step since which the rows may differ."""
        self._told: dict[str, int] = {}

    def play(self, number: int) -> Iterator[Difference]:
        """Run a step; what the reference could not answer is not asked."""
        step = self._steps[number]
        self._results.append(None)
        if "undefined" in step:
            return
        origin = self._origin(step)
        for difference in self._played(step):
            follows = origin if origin is not None else self._told.get(difference.what)
            self._told.setdefault(difference.what, number)
            if difference.kind in _SERIOUS:
                self._differs[number] = number if follows is None else follows
                if self._wrote is None and not _READS.search(step["fn"]):
                    self._wrote = self._differs[number]
            yield replace(difference, follows=follows)

    def _origin(self, step: dict[str, Any]) -> int | None:
        """The step whose difference may show in a step, whatever it answers."""
        given = (self._differs.get(number) for number in _references([step["args"], step.get("kwargs", {})]))
        return next((each for each in given if each is not None), self._wrote)

    def _played(self, step: dict[str, Any]) -> Iterator[Difference]:
        name, expected = step["fn"], step.get("error")
        try:
            args, kwargs = self._argument(step["args"]), self._argument(step.get("kwargs", {}))
        except (LookupError, TypeError):
            yield Difference("unasked", name, "an argument is part of an answer that was not given")
            return
        context = RequestContext(**_CONTEXTS[step["ctx"]], overwrite=False)
        try:
            result = getattr(self._db, name)(context, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - every error is an answer
            yield from _compare_error(name, expected, error)
            return
        self._results[-1] = result
        if expected is not None:
            yield Difference("error", name, f"expected {expected['class']}, got a result")
        else:
            yield from self._comparison.compare(step["ok"], result, name)

    def _argument(self, value: Any) -> Any:
        """A recorded argument as the value that is passed; references are looked up in earlier results."""
        if isinstance(value, list):
            return [self._argument(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            number, *path = value["$ref"]
            found = self._results[number]
            for part in path:
                found = found[part]
            return found
        if "$dt" in value:
            return dt.datetime.strptime(value["$dt"], TIME)
        if "$constraint" in value:
            return self._db.constraint(**self._argument(value["$constraint"]))
        for marker, function in (("$equal_any", "equal_any"), ("$not_equal", "not_equal")):
            if marker in value:
                return getattr(self._db, function)(*self._argument(value[marker]))
        if "$resources" in value:
            return {name: _Resource(counts) for name, counts in value["$resources"].items()}
        return {key: self._argument(item) for key, item in value.items()}


def _references(value: Any) -> Iterator[int]:
    """The steps whose answers arguments are made of."""
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"][0]
        for item in value.values():
            yield from _references(item)


def _compare_error(name: str, expected: dict[str, Any] | None, error: Exception) -> Iterator[Difference]:
    if expected is None:
        yield Difference("error", name, f"unexpected {type(error).__name__}: {error}")
        return
    wanted = "DBError" if expected["class"] == _ANY_DATABASE_ERROR else expected["class"]
    if wanted not in [kind.__name__ for kind in type(error).__mro__]:
        yield Difference("error", name, f"expected {wanted}, got {type(error).__name__}: {error}")
