"""Rows of which a table keeps the names of the columns once, so that who keeps many needs half of the memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

_MOST: Final = 30
"""So many keys are shared at most."""
_ENOUGH: Final = 40
"""After so many objects a class leaves no more room than its attributes take."""


def sharing(values: Mapping[str, Any], more: Iterable[str]) -> dict[str, Any]:
    """A dict of these values whose copies share its keys, and a few ``more`` that they may get.

    It is an object's ``__dict__``: Python has those of one class share their keys (PEP 412), and what is copied from
    one, by ``copy()`` or ``|``, goes on doing so.  Of many keys, or where Python does otherwise, it is a dict like any.
    """
    names = (*values, *more)
    if len(names) >= _MOST:
        return dict(values)
    shared = type("Shared", (), {})
    for _ in range(_ENOUGH):
        made: object = shared()
        for name in names:
            setattr(made, name, None)
    made = shared()
    for name, value in values.items():
        setattr(made, name, value)
    return vars(made)
