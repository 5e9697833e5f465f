"""How a database differs from what this release describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOTHING: Final = "nothing"


@dataclass(frozen=True, order=True, slots=True)
class Difference:
    """One difference: ``str()`` tells it in a line.

    :ivar table: the name of the table.
    :ivar part: what of it: ``table``, ``column host``, ``index instances_host_idx``, ...
    :ivar expected: what this release describes; ``"nothing"`` for what should not be there.
    :ivar found: what the database has; ``"nothing"`` for what is missing.
    """

    table: str
    part: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.table}, {self.part}: expected {self.expected}, found {self.found}"


def missing(table: str) -> Difference:
    """A table that is not there."""
    return Difference(table, "table", "a table", NOTHING)
