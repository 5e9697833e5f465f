"""Arguments that mostly name rows of the sequence, and now and then are hostile."""

from __future__ import annotations

import datetime as dt
import decimal
import fractions
import inspect
import ipaddress
import uuid
from random import Random
from typing import Any

from nova_db.constraints import constraint, equal_any, not_equal
from nova_db.schema import TABLES, Kind
from nova_db_conformance.harness.values import CountedResource
from nova_db_conformance.hostile.right import WRITTEN, Right
from nova_db_conformance.hostile.values import NUMBERS, TEXTS, TIMES, TYPES
from nova_db_conformance.hostile.world import value_of
from nova_db_conformance.sequences.rows import Rows, owner_of

_SHOWN = (
    *(bool, int, float, complex, str, bytes, type(None), decimal.Decimal, fractions.Fraction, uuid.UUID),
    *(dt.datetime, dt.date, dt.time, dt.timedelta),
    *(ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network, ipaddress.IPv6Network),
)
"""Types whose values a program can spell."""
_MOST_IDS = 1_000_000


def _is_an_id(value: Any) -> bool:
    """Whether a value could name a row, which another database may have given another id."""
    try:
        return 0 < int(float(value)) < _MOST_IDS
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        return False


def _is_spelled(value: Any) -> bool:
    # A zone of its own is told by no repr.
    return type(value) in _SHOWN and isinstance(getattr(value, "tzinfo", None), (type(None), dt.timezone))


HOSTILE: tuple[Any, ...] = tuple(
    value
    for value in (
        *NUMBERS,
        *TEXTS,
        *TIMES,
        *TYPES,
        [],
        {},
        (),
        set(),
        [None],
        [[]],
        {"a": {}},
        {"a": 1},
        ("a", 1),
        [""],
    )
    if (type(value) in (list, dict, tuple, set) or _is_spelled(value)) and not _is_an_id(value)
)
"""Hostile values that a program can spell and that name no row by its id."""
_REDRAWN = frozenset({"id", "deleted"})


class Likely(Right):
    """Likely arguments for one call."""

    def __init__(self, function: str, rng: Random, rows: Rows) -> None:
        super().__init__(function, rng)
        self._rows = rows
        self._is_new = "create" in function or "start" in function

    def argument(self, parameter: inspect.Parameter) -> Any:
        """A likely argument."""
        place = f"{self._function}.{parameter.name}"
        if parameter.name == "resources":
            return {name: CountedResource(name, self._rng.randrange(3)) for name in ("cores", "ram")}
        if place == "ec2_instance_create.id" or parameter.name == "session":
            return parameter.default
        if parameter.name == "constraint":
            return self.chosen(None, constraint(host=equal_any("host1", None)), constraint(vm_state=not_equal("x")))
        if parameter.name == "forced_id":  # which moves the counter on, be it undone or not
            return None
        if parameter.name == "usage":
            return {"id": self._rows.number(self._rng, "quota_usages")}
        return super().argument(parameter)

    def _value(self, place: str) -> Any:
        table, column = self._place(place)
        return self._likely(table, column, lambda: super(Likely, self)._value(place))

    def _likely(self, table: str, column: str, otherwise: Any) -> Any:
        owner = owner_of(table, column)
        where, key = owner or (table, column)
        if owner is not None and _counts(where, key):
            return self._rows.number(self._rng, where)
        if self._rng.random() < 0.75:
            known = self._rows.value(self._rng, where, key)
            if known is not None:
                return known
        return otherwise()

    def values(self) -> dict[str, Any]:
        """Values to write, which refer to rows of the sequence."""
        made = super().values()
        table, _ = WRITTEN[self._function]
        for name in list(made):
            if name in TABLES[table].column and owner_of(table, name) is not None:
                made[name] = self._likely(table, name, lambda name=name: made[name])
        for column in TABLES[table].columns:
            if column.references and column.name not in made and self._is_new and self._rng.random() < 0.7:
                made[column.name] = self._likely(table, column.name, lambda: None)
        return made

    def filters(self) -> dict[str, Any]:
        """Filters of instances."""
        found = super().filters()
        if "instance_type_id" in found:
            found["instance_type_id"] = self._rows.number(self._rng, "instance_types")
        return found

    def some(self, place: str) -> list[Any]:
        """What several rows have in a column."""
        table, _, column = place.partition(".")
        number = self._rng.randrange(4)
        return [self._likely(table, column, lambda: value_of(table, column, self._row)) for _ in range(number)]

    def spoilt(self, arguments: dict[str, Any]) -> None:
        """Have one argument be hostile, or a part of one."""
        rng = self._rng
        names = [name for name in arguments if name not in ("session", "resources", "kwargs", "function")]
        if not names:
            return
        name = rng.choice(names)
        value = arguments[name]
        if type(value) is dict and rng.random() < 0.8:
            keys = [key for key in (*value, *self._further(name)) if key not in _REDRAWN]
            if keys:
                arguments[name] = {**value, rng.choice(keys): rng.choice(HOSTILE)}
        else:
            arguments[name] = rng.choice(HOSTILE)

    def _further(self, name: str) -> tuple[str, ...]:
        return TABLES[WRITTEN[self._function][0]].names if name == "values" and self._function in WRITTEN else ("a",)


def _counts(table: str, column: str) -> bool:
    described = TABLES[table].column[column]
    return described.primary_key and described.kind in (Kind.INTEGER, Kind.BIGINT)
