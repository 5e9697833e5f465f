"""Calls with hostile arguments: the n-th of a seed is always the same, and made anew whenever it is asked for."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from nova_db.api import load_backend
from nova_db.constraints import constraint, equal_any, not_equal
from nova_db.driver import FUNCTIONS
from nova_db.schema import TABLES
from nova_db_conformance.hostile.objects import (
    DuckMapping,
    LyingDict,
    OwnError,
    OwnErrors,
    OwnTypeError,
    OwnValueError,
    RaisingIterable,
    RaisingMapping,
)
from nova_db_conformance.hostile.right import WRITTEN, Right, parameters
from nova_db_conformance.hostile.telling import told
from nova_db_conformance.hostile.values import hostile, key

BLOCKS = ("transaction", "run")
"""What is called beside the functions."""
NAMES = (*FUNCTIONS, *BLOCKS)
_RIGHT = 0.12
"""The share of calls that are left right, so that the rows change."""
_ATTRIBUTES = ("user_id", "project_id", "is_admin", "read_deleted", "quota_class")
_CONTEXTS: tuple[dict[str, Any], ...] = (
    {"user_id": "adm", "project_id": "padm", "is_admin": True, "read_deleted": "no", "quota_class": None},
    {"user_id": "adm", "project_id": "padm", "is_admin": True, "read_deleted": "yes", "quota_class": None},
    {"user_id": "u1", "project_id": "p1", "is_admin": False, "read_deleted": "no", "quota_class": "class_name1"},
    {"user_id": "u1", "project_id": "p1", "is_admin": False, "read_deleted": "only", "quota_class": None},
    {"user_id": None, "project_id": None, "is_admin": False, "read_deleted": "no", "quota_class": None},
)


class Caller(SimpleNamespace):
    """A context: an object with the attributes, and no more."""


class Given(enum.Enum):
    """A session that is opened when the call is made."""

    OPEN = "an open one of the driver"
    ENDED = "one that has ended"
    FOREIGN = "an open one of another driver"


@dataclass
class Call:
    """One call."""

    number: int
    function: str
    context: Any
    arguments: dict[str, Any]
    by_name: bool
    errors: OwnErrors
    hostile: list[str] = field(default_factory=list)
    """Which arguments are."""

    def on(self, driver: Any) -> Any:
        """Make it."""
        if self.function == "transaction":
            with driver.transaction(self.context, **self.arguments):
                return driver.key_pair_count_by_user(Caller(**_CONTEXTS[0]), "u1")
        if self.function == "run":
            return driver.run(self.context, **self.arguments)
        with self._session(driver) as session:
            return self._made(driver, session)

    def _session(self, driver: Any) -> AbstractContextManager[Any]:
        """The session that the call is given."""
        found, context = self.arguments.get("session"), Caller(**_CONTEXTS[0])
        if found is Given.FOREIGN:
            return cast("AbstractContextManager[Any]", load_backend("memory", None).transaction(context))
        if found is Given.ENDED:
            with driver.transaction(context) as ended:
                return contextlib.nullcontext(ended)
        if found is Given.OPEN:
            return cast("AbstractContextManager[Any]", driver.transaction(context))
        return contextlib.nullcontext(found)

    def _made(self, driver: Any, session: Any) -> Any:
        arguments = dict(self.arguments)
        if "session" in arguments:
            arguments["session"] = session
        further = arguments.pop("kwargs", {})
        method = getattr(driver, self.function)
        if self.by_name:
            return method(self.context, **arguments, **further)
        return method(self.context, *arguments.values(), **further)

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={told(value)}" for name, value in self.arguments.items())
        return f"{self.function}({told(self.context)}, {shown})"


def call(seed: int, number: int) -> Call:
    """The ``number``-th call of a seed."""
    rng = Random(f"{seed}/{number}")
    function = NAMES[number % len(NAMES)]
    errors = OwnErrors(rng.choice((OwnError, OwnError, OwnValueError, OwnTypeError)))
    if function in BLOCKS:
        return _block(number, function, rng, errors)
    right = Right(function, rng)
    made = {each.name: right.argument(each) for each in parameters(function)}
    context = Caller(**rng.choices(_CONTEXTS, (10, 3, 4, 1, 1))[0])
    found = Call(number, function, context, made, rng.random() < 0.3, errors)
    if rng.random() > _RIGHT:
        _Spoiling(found, rng).spoil()
    return found


def _block(number: int, function: str, rng: Random, errors: OwnErrors) -> Call:
    context: Any = Caller(**_CONTEXTS[0])
    arguments: dict[str, Any] = {}
    if function == "run":
        arguments["function"] = lambda session: 1
    arguments["isolation"] = rng.choice((None, "serializable", "read committed"))
    spoilt = rng.choice((*arguments, "context"))
    if spoilt == "context":
        context = hostile(rng, errors)
    else:
        arguments[spoilt] = hostile(rng, errors)
    return Call(number, function, context, arguments, True, errors, [spoilt])


class _Spoiling:
    """Makes right arguments hostile."""

    def __init__(self, call: Call, rng: Random) -> None:
        self._call = call
        self._rng = rng

    def spoil(self) -> None:
        """One of them mostly, or several; all of it, or a part."""
        rng = self._rng
        names = list(self._call.arguments)
        chosen = rng.sample(names, 1) if names else []
        if not names or rng.random() < 0.12:
            self._context()
            chosen = rng.sample(names, min(len(names), rng.choice((0, 0, 0, 1))))
        elif rng.random() < 0.12:
            chosen = rng.sample(names, min(len(names), rng.choice((2, 3))))
        for name in chosen:
            self._argument(name)

    def _context(self) -> None:
        call, rng = self._call, self._rng
        if rng.random() < 0.3:
            call.context = hostile(rng, call.errors)
            call.hostile.append("context")
            return
        name = rng.choice(_ATTRIBUTES)
        if rng.random() < 0.1:
            delattr(call.context, name)
        else:
            setattr(call.context, name, hostile(rng, call.errors))
        call.hostile.append(f"context.{name}")

    def _argument(self, name: str) -> None:
        call, rng = self._call, self._rng
        value = call.arguments[name]
        path = name
        if name == "kwargs":
            call.arguments[name] = {
                rng.choice(("in_use", "reserved", "until_refresh", "resource_id", "id", "a")): hostile(rng, call.errors)
            }
        elif name == "constraint" and rng.random() < 0.8:
            column = rng.choice(
                ("host", "vm_state", "id", "launched_at", "locked", "access_ip_v4", "nonsense", "deleted")
            )
            condition = rng.choice((equal_any, not_equal))
            call.arguments[name] = constraint(
                **{column: condition(*(hostile(rng, call.errors) for _ in range(rng.choice((1, 1, 2)))))}
            )
        elif name == "session" and rng.random() < 0.4:
            call.arguments[name] = rng.choice(list(Given))
        elif type(value) in (dict, list) and rng.random() < 0.75:
            call.arguments[name], path = self._part(name, value)
        else:
            call.arguments[name] = hostile(rng, call.errors)
        call.hostile.append(path)

    def _part(self, name: str, value: Any) -> tuple[Any, str]:
        """A dict or list a part of which is hostile, and where it is."""
        changes = (self._with_value, self._with_value, self._with_value, self._with_key, self._without, self._other)
        if type(value) is list:
            return self._item(name, value)
        change: Callable[[str, dict[Any, Any]], tuple[Any, str]] = self._rng.choice(changes)
        return change(name, dict(value))

    def _item(self, name: str, value: list[Any]) -> tuple[Any, str]:
        rng, errors = self._rng, self._call.errors
        if rng.random() < 0.15:
            return RaisingIterable(errors, rng.randrange(3), value[0] if value else "a"), f"{name} raises"
        if rng.random() < 0.1:
            return iter(value), f"iter({name})"
        place = rng.randrange(len(value) + 1)
        item = value[place] if place < len(value) else None
        if type(item) is dict and rng.random() < 0.7:
            changed, where = self._part(f"{name}[{place}]", item)
        else:
            changed, where = hostile(rng, errors), f"{name}[{place}]"
        return [*value[:place], changed, *value[place + 1 :]], where

    def _with_value(self, name: str, value: dict[Any, Any]) -> tuple[Any, str]:
        rng = self._rng
        key = rng.choice([*value, *self._known(name)] or ["host"])
        if type(value.get(key)) in (dict, list) and rng.random() < 0.6:
            value[key], where = self._part(f"{name}[{key!r}]", value[key])
            return value, where
        value[key] = hostile(rng, self._call.errors)
        return value, f"{name}[{told(key)}]"

    def _known(self, name: str) -> list[str]:
        """Names of columns, and of keys that the function takes beside them."""
        function = self._call.function
        if name in ("values", "rule") or name.startswith("ips["):
            further = ("metadata", "system_metadata", "security_groups", "info_cache", "stats", "extra_specs")
            more = self._rng.sample((*further, "expected_task_state", "availability_zone", "instance_uuid"), 2)
            return [*self._rng.sample(TABLES[WRITTEN[function][0]].names, 3), *more]
        if name == "filters":
            return self._rng.sample(
                (
                    "project_id",
                    "host",
                    "deleted",
                    "name",
                    "changes-since",
                    "metadata",
                    "ip",
                    "nonsense",
                    "min_memory_mb",
                    "is_public",
                    "disabled",
                    "uuid",
                    "cleaned",
                ),
                3,
            )
        return []

    def _with_key(self, name: str, value: dict[Any, Any]) -> tuple[Any, str]:
        value[key(self._rng)] = "a"
        return value, f"a key of {name}"

    def _without(self, name: str, value: dict[Any, Any]) -> tuple[Any, str]:
        if value:
            del value[self._rng.choice(list(value))]
        return value, f"a missing key of {name}"

    def _other(self, name: str, value: dict[Any, Any]) -> tuple[Any, str]:
        """Another kind of mapping, of the same content."""
        rng, errors = self._rng, self._call.errors
        kinds: tuple[Callable[[], Any], ...] = (
            lambda: RaisingMapping(errors, rng.choice(RaisingMapping.PLACES), value),
            lambda: RaisingMapping(errors, "nowhere", value),
            lambda: DuckMapping(value),
            lambda: LyingDict(value),
            lambda: list(value.items()),
            lambda: tuple(value),
        )
        return rng.choice(kinds)(), f"{name}, another kind of mapping"
