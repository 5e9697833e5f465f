"""The tables of a store, by name, made when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from nova_db.engine.rows.layout import Layout, layout
from nova_db.engine.rows.table import Rows

R = TypeVar("R", bound=Rows)


class Stored(dict[str, R], Generic[R]):
    """The newest rows of all tables."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[Layout], R]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> R:
        # Under the latch, or by a call that is alone: so a table is made once.
        rows = self[name] = self._make(layout(name))
        return rows
