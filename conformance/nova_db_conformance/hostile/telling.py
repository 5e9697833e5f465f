"""Values in words and as plain data, without calling any of their methods: those of hostile ones raise, or lie."""

from __future__ import annotations

import datetime as dt
import re
import reprlib
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

from nova_db.constraints import Condition, Constraint
from nova_db_conformance.hostile.world import FIRST_FRESH, LAST_FRESH

FRESH = "an id made by the call"
"""What stands for such ids: which one it is depends on what other calls have lost."""
_DEEPEST = 9
_MOST_ITEMS = 300
_MOST_BITS = 200
_LONGEST = 2000
_PLACE_IN_MEMORY = re.compile(r"0x[0-9a-f]{6,}")
_FRESH_IN_TEXT = re.compile(r"(?<!\d)5000\d{5}(?!\d)|1dcd6[5-9a-f][0-9a-f]{2}")
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_HONEST = frozenset({"decimal", "fractions", "uuid", "ipaddress", "builtins", "datetime"})
"""Modules whose classes show themselves as they are."""
_ATOMS = frozenset({bool, float, str, bytes, type(None), dt.datetime, dt.date})


def told(value: Any, depth: int = 0) -> str:
    """A value in a few words."""
    kind = type(value)
    if kind is int:
        return repr(value) if value.bit_length() < _MOST_BITS else f"<int of {value.bit_length()} bits>"
    if kind in _ATOMS:
        return _SHORT.repr(value)
    if depth > 3:
        return "..."
    teller = _TELLERS.get(kind)
    if teller is not None:
        return teller(value, depth + 1)
    if issubclass(kind, Condition):
        return f"{kind.__name__}{told(value.values, depth + 1)}"
    if issubclass(kind, SimpleNamespace):
        return f"{kind.__name__}({_pairs(vars(value), depth + 1)})"
    return _SHORT.repr(value) if kind.__module__ in _HONEST else f"<{kind.__name__}>"


def _pairs(value: dict[Any, Any], depth: int) -> str:
    return _joined(
        (f"{told(key, depth)}: {told(item, depth)}" for key, item in list(value.items())[:8]), len(value) - 8
    )


def _items(value: list[Any] | tuple[Any, ...], depth: int) -> str:
    return _joined((told(item, depth) for item in value[:5]), len(value) - 5)


def _joined(shown: Iterable[str], more: int) -> str:
    return ", ".join(shown) + (f", ... and {more}" if more > 0 else "")


_TELLERS: dict[type, Callable[[Any, int], str]] = {
    dict: lambda value, depth: f"{{{_pairs(value, depth)}}}",
    list: lambda value, depth: f"[{_items(value, depth)}]",
    tuple: lambda value, depth: f"({_items(value, depth)})",
    Constraint: lambda value, depth: f"constraint({_pairs(dict(value.conditions), depth)})",
    type: lambda value, depth: f"<class {type.__getattribute__(value, '__name__')}>",
}


def plain(value: Any, depth: int = 0) -> Any:
    """A value as plain data that can be compared with ``==``: equal for values of equal types and contents."""
    kind = type(value)
    if kind is int and FIRST_FRESH <= value <= LAST_FRESH:
        return FRESH
    if kind is str:
        return words(value) if len(value) < _LONGEST else value
    if kind in _ATOMS:
        return (kind.__name__, repr(value))
    if depth > _DEEPEST:
        return "too deep"
    for base, content in _CONTENTS.items():
        if issubclass(kind, base):
            return (kind.__name__, content(value, depth + 1))
    return (kind.__name__, repr(value) if kind.__module__ in _HONEST - {"builtins"} else "")


def _members(value: Iterable[Any], depth: int) -> list[str]:
    return sorted(str(plain(item, depth)) for item in list(value)[:_MOST_ITEMS])


def _mapped(value: dict[Any, Any], depth: int) -> Any:
    items = [(plain(key, depth), plain(item, depth)) for key, item in list(dict.items(value))[:_MOST_ITEMS]]
    return (dict.__len__(value), sorted(items, key=str))


def _listed(value: list[Any], depth: int) -> Any:
    return (list.__len__(value), [plain(item, depth) for item in list.__getitem__(value, slice(_MOST_ITEMS))])


def _tupled(value: tuple[Any, ...], depth: int) -> Any:
    return (tuple.__len__(value), [plain(item, depth) for item in tuple.__getitem__(value, slice(_MOST_ITEMS))])


_CONTENTS: dict[type, Callable[[Any, int], Any]] = {
    dict: _mapped,
    list: _listed,
    tuple: _tupled,
    set: lambda value, depth: _members(set.__iter__(value), depth),
    frozenset: lambda value, depth: _members(frozenset.__iter__(value), depth),
    str: lambda value, depth: str.__str__(value),
    int: lambda value, depth: hex(int.__add__(value, 0)),
    SimpleNamespace: lambda value, depth: plain(vars(value), depth),
}


def words(text: str) -> str:
    """A text in which what differs from run to run is left out."""
    return _FRESH_IN_TEXT.sub("<fresh>", _PLACE_IN_MEMORY.sub("0x...", text))
