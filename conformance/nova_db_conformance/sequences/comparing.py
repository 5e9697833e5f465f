"""Whether two databases answered alike: types, values, order, errors with what they carry; ids stand for each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from nova_db.exceptions import DBError, NovaException
from nova_db_conformance.hostile.telling import words
from nova_db_conformance.recordings.identity import REFERENCES, Identities

_MADE_UP = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
"""Uuids that are made up; those of arguments are of another version."""
_ID_FUNCTIONS = ("get_ec2_", "ec2_")
Pairs = Iterable[tuple[Any, Any]]


class Comparison:
    """Compares the answers of one sequence."""

    def __init__(self) -> None:
        self.identities = Identities(())
        """Which id of one stands for which of the other."""
        self._given: frozenset[tuple[Any, Any]] = frozenset()

    def answers(self, one: Any, other: Any, function: str) -> str | None:
        """Where two results differ first, in words; None if they do not."""
        return self._value(one, other, function)

    def errors(self, one: Exception, other: Exception, given: Pairs) -> str | None:
        """The same of two errors of calls that were given ids by these pairs."""
        if type(one) is not type(other):
            return f"{type(one).__name__} there, {type(other).__name__} here"
        self._given = frozenset(pair for mine, theirs in given for pair in ((mine, theirs), (str(mine), str(theirs))))
        try:
            return self._payload(one, other) or self._text(one, other)
        finally:
            self._given = frozenset()

    def _payload(self, one: Any, other: Any) -> str | None:
        name = type(one).__name__
        if isinstance(one, NovaException):
            self._given |= frozenset(self._named(one.kwargs, other.kwargs))
            return self._value(one.kwargs, other.kwargs, f"{name}.kwargs")
        if isinstance(one, DBError):
            carried = [[error.table, list(error.columns or ()), error.value] for error in (one, other)]
            return self._value(carried[0], carried[1], f"{name} (table, columns, value)")
        return None

    def _named(self, one: dict[str, Any], other: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
        """The ids that two errors tell although no argument has, where they stand for each other."""
        for key, mine in one.items():
            theirs = other.get(key)
            are_ids = key in REFERENCES and type(mine) is type(theirs) is int
            if are_ids and mine != theirs and self.identities.same(key, mine, theirs):
                yield from ((mine, theirs), (str(mine), str(theirs)))

    def _text(self, one: Exception, other: Exception) -> str | None:
        same = _with_places(words(str(one)), self._given).fullmatch(words(str(other)))
        return None if same else f"text of {type(one).__name__}: {str(one)[:300]!r} there, {str(other)[:300]!r} here"

    def _value(self, one: Any, other: Any, where: str) -> str | None:
        if type(one) is not type(other):
            return f"{where}: {one!r} there, {other!r} here"
        if isinstance(one, dict):
            return self._mapping(one, other, where)
        if isinstance(one, (list, tuple)):
            if len(one) != len(other):
                return f"{where}: {len(one)} items there, {len(other)} here"
            pairs = ((f"{where}[{number}]", *pair) for number, pair in enumerate(zip(one, other, strict=True)))
            return next((found for place, mine, theirs in pairs if (found := self._value(mine, theirs, place))), None)
        same = self._same(one, other, where)
        return None if same else f"{where}: {one!r} there, {other!r} here"

    def _mapping(self, one: dict[Any, Any], other: dict[Any, Any], where: str) -> str | None:
        if one.keys() != other.keys():
            return f"{where}: keys {sorted(one, key=str)} there, {sorted(other, key=str)} here"
        for key, mine in one.items():
            place, theirs = f"{where}.{key}", other[key]
            agrees = self._agree(key, one, other, where)
            found = self._value(mine, theirs, place) if agrees is None else None
            if agrees is False:
                found = f"{place}: {theirs!r} here does not stand for {mine!r} there"
            if found:
                return found
        return None

    def _agree(self, key: Any, one: dict[Any, Any], other: dict[Any, Any], where: str) -> bool | None:
        """Whether what two databases have counted stands for each other; None: it is not counted."""
        mine, theirs = one[key], other[key]
        if self._are_given(mine, theirs):
            return True
        if not isinstance(key, str) or "created_at" not in one:
            return None
        agrees = self.identities.same_made_up(key, one, other, where)
        if agrees is None and key.endswith("_id") and type(mine) is int and type(theirs) is int and mine != theirs:
            return self.identities.same(key, mine, theirs)
        return agrees

    def _are_given(self, one: Any, other: Any) -> bool:
        return type(one) in (int, str) and type(other) in (int, str) and (one, other) in self._given

    def _same(self, one: Any, other: Any, where: str) -> bool:
        if self._are_given(one, other):
            return True
        if isinstance(one, str) and _MADE_UP.fullmatch(one) and _MADE_UP.fullmatch(other):
            return self.identities.same("uuid", one, other)
        if type(one) is int and where.startswith(_ID_FUNCTIONS):
            return self.identities.same(where, one, other)
        # As text: what is not a number equals nothing, and zero has a sign.
        return repr(one) == repr(other) if isinstance(one, (float, complex, Decimal)) else bool(one == other)


def _with_places(text: str, given: Pairs) -> re.Pattern[str]:
    """Which texts say the same as this one, where each of some values may stand as the other of its pair.

    As it is, too: a number in a text may be one of those, and mean something else.
    """
    pairs = [(str(mine), str(theirs)) for mine, theirs in given if str(mine)]
    if not pairs:
        return re.compile(re.escape(text))
    values = "|".join(sorted({re.escape(mine) for mine, _ in pairs}, key=len, reverse=True))
    parts = re.split(rf"(?<![\w.:-])({values})(?![\w:-]|\.\w)", text)
    for place in range(1, len(parts), 2):
        others = [re.escape(theirs) for mine, theirs in pairs if mine == parts[place]]
        parts[place] = "|".join([re.escape(parts[place]), *sorted(others)])
    return re.compile("".join([f"(?:{part})" if place % 2 else re.escape(part) for place, part in enumerate(parts)]))
