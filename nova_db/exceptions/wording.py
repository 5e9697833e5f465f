"""How values appear in the texts of exceptions: showing them neither fails nor runs their methods."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

_AS_THEY_ARE: Final = frozenset({str, bytes, float, bool, type(None)})
_SIZED: Final = frozenset({str, bytes})
_HONEST: Final = frozenset({"datetime", "decimal", "fractions", "ipaddress", "uuid"})
"""Modules of the standard library whose classes show themselves as what they are."""
_MOST_BITS: Final = 4096
"""Of a number that is shown; of much longer ones Python refuses to make text."""
_MOST_ITEMS: Final = 100
_MOST_LISTED: Final = 1000
"""Of a list of names, as of all functions that a driver lacks."""
_MOST_CHARACTERS: Final = 1000
"""Of a text that is shown: names are shorter by far."""
_DEEPEST: Final = 5
_ALIKE: Final = 0.5
"""How much alike two names have to be: arch and architecture just are."""
_UNORDERED: Final = frozenset({set, frozenset})
_BRACKETS: Final[Mapping[type, str]] = {list: "[]", tuple: "()", set: "{}", frozenset: "{}", dict: "{}"}


class _Words:
    """Stands for a value that is not asked how it is shown."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def shown(value: Any, depth: int = 0) -> Any:
    """What a template is filled with for a value: itself, or what stands for it.

    Text, numbers, times, UUIDs and addresses are shown as they are, plain containers with what is in them, as far as
    that is neither much nor nested deeply, and of anything else the type.
    """
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value if kind not in _SIZED or len(value) <= _MOST_CHARACTERS else _cut(value)
    if kind is int:
        return value if value.bit_length() <= _MOST_BITS else _Words(f"an int of {value.bit_length()} bits")
    if issubclass(kind, str):
        return shown(str.__str__(value))
    if issubclass(kind, int):
        return shown(int.__index__(value))
    if issubclass(kind, BaseException) or _is_honest(kind):
        return value
    brackets = _BRACKETS.get(kind)
    return _Words(f"<{kind.__name__}>" if brackets is None else _bracketed(value, brackets, depth))


def _cut(value: Any) -> Any:
    """The beginning of a long text, and how long it is."""
    more = f"... ({len(value)} in all)"
    return value[:_MOST_CHARACTERS] + (more if isinstance(value, str) else more.encode())


def _is_honest(kind: type) -> bool:
    return kind.__module__ in _HONEST and vars(sys.modules[kind.__module__]).get(kind.__name__) is kind


def _bracketed(value: Any, brackets: str, depth: int) -> str:
    if depth == _DEEPEST:
        return "..."
    kind, more = type(value), len(value) - _MOST_ITEMS
    if kind is dict:
        texts = [f"{_quoted(pair[0], depth)}: {_quoted(pair[1], depth)}" for pair in islice(value.items(), _MOST_ITEMS)]
    else:
        texts = [_quoted(item, depth) for item in islice(value, _MOST_ITEMS)]
    if kind in _UNORDERED:
        texts.sort()
    if more > 0:
        texts.append(f"... and {more} more")
    comma = "," if kind is tuple and len(value) == 1 else ""
    return f"{brackets[0]}{', '.join(texts)}{comma}{brackets[1]}"


def _quoted(value: Any, depth: int = -1) -> str:
    return repr(shown(value, depth + 1))


def writable(text: Any) -> Any:
    """The text with halves of surrogate pairs spelled out, so that logs and terminals take it."""
    if not isinstance(text, str) or text.isascii():
        return text  # or whatever else a caller has passed as a message
    return text.encode(errors="backslashreplace").decode()


def listed(values: Any) -> str:
    """``a, b, c``; a single text stays as it is."""
    return ", ".join([*[str(shown(value)) for value in islice(_several(values), _MOST_LISTED)], *_rest(values)])


def alternatives(values: Any) -> str:
    """``'a', 'b' or None``, sets in a settled order."""
    words = [_quoted(value) for value in islice(_several(values), _MOST_LISTED)]
    if type(values) in _UNORDERED:
        words.sort()
    words += _rest(values)
    if len(words) < 2:
        return words[0] if words else "none at all"
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _rest(values: Any) -> list[str]:
    """Words for what is too much to be shown."""
    more = len(values) - _MOST_LISTED if type(values) in _BRACKETS else 0
    return [f"{more} more"] if more > 0 else []


def _several(values: Any) -> Iterable[Any]:
    """What is in a plain list or set; anything else is one thing."""
    return values if type(values) in _BRACKETS else (values,)


def most_alike(name: str, names: Iterable[str]) -> str | None:
    """The name that is spelled most like another one, or None where none is anything like it."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, names, n=1, cutoff=_ALIKE)), None)


def suggestion(nearest: object) -> str:
    """``; did you mean 'x'?``, or nothing."""
    return f"; did you mean {nearest!r}?" if nearest else ""
