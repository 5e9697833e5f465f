"""How a database differs from what this release describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOTHING: Final = "nothing"
_TABLE: Final = "table"


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
        if self.part == _TABLE and self.found == NOTHING:
            return f"table {self.table} is missing"
        subject = f"{self.part} of table {self.table}"
        if self.found == NOTHING:
            return f"{subject} is missing: it should be {self.expected}"
        if self.expected == NOTHING:
            return f"{subject} should not be there: it is {self.found}"
        return f"{subject} is {self.found}, should be {self.expected}"


def missing(table: str) -> Difference:
    """A table that is not there."""
    return Difference(table, _TABLE, "a table", NOTHING)
