"""HTML in which every text is escaped that is not itself made here."""

from __future__ import annotations

import html
from collections.abc import Iterable

_EMPTY = frozenset({"meta", "input", "wbr"})


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | bool) -> Markup:
    """An element: children are escaped unless they are elements themselves, values of attributes always.

    An attribute that is True stands without a value, one that is False not at all; ``class_`` and ``for_`` are Python's
    spelling of ``class`` and ``for``, and other underscores are hyphens.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items() if value is not False)
    if name in _EMPTY:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(children)}</{name}>")


def joined(children: Iterable[str]) -> Markup:
    """One after the other."""
    return Markup("".join(each if isinstance(each, Markup) else html.escape(_readable(each)) for each in children))


def _attribute(key: str, value: str | bool) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(_readable(str(value)))}"'


def _readable(text: str) -> str:
    """Without characters that HTML has no way to write, and without those that would change how others are read."""
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)
