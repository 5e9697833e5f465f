"""Sums that leave their columns: PostgreSQL tells which, in the text of an error, as nothing can be read after that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from nova_db.engine.assignments import grown
from nova_db.exceptions import DBDataError
from nova_db.schema import Kind, Table
from nova_db_sqlalchemy.transactions.blame import Blame, blame_of

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.grammar import Expression

_BITS: Final = {Kind.INTEGER: 32, Kind.BIGINT: 64}
_TOLD: Final = re.compile(r"sum out of range: (\w+) (-?\d+) (-?\d+)")


class Sums:
    """The sums that an update makes of a row, and what is told of the first one that leaves its column.

    ``numbers``: what each column grows by, in the order in which the columns are assigned.
    """

    def __init__(self, table: Table, source: sa.FromClause, numbers: Mapping[str, Expression]) -> None:
        self.totals: dict[str, Expression] = {}
        leaving: list[tuple[Expression, Expression]] = []
        for name, number in numbers.items():
            bits = _BITS[table.column[name].kind]
            total = source.c[name] + number
            lowest: Expression = sa.literal_column(str(-(1 << bits - 1)))
            highest: Expression = sa.literal_column(str((1 << bits - 1) - 1))
            parts = [_text(f"sum out of range: {name} "), source.c[name], _text(" "), number]
            leaving.append((sa.not_(total.between(lowest, highest)), sa.func.concat(*parts)))
            self.totals[name] = total
        self._leaving: Final = leaving

    @property
    def is_any_out_of_range(self) -> Expression:
        """Whether one of them leaves its column."""
        return sa.or_(*[condition for condition, _ in self._leaving])

    @property
    def told(self) -> Expression:
        """What is told of it."""
        return sa.case(*self._leaving)

    def assigned(self, first: Expression | None) -> dict[str, Expression]:
        """The sums as they are assigned, an error where one leaves its column.

        ``first``: what is told of a row before this one that has such a sum, where the statement updates several.
        """
        told = self.told if first is None else sa.func.coalesce(first, self.told)
        # No such text is a number: the server refuses the cast and quotes it, whatever language the rest is in.
        refused = sa.cast(told, sa.Numeric)
        return {
            name: sa.case((condition, refused), else_=total)
            for (name, total), (condition, _) in zip(self.totals.items(), self._leaving, strict=True)
        }


def summed(table: Table, added: Sequence[str]) -> list[str]:
    """Those of the columns that grow whose sums have a range."""
    return [name for name in added if table.column[name].kind in _BITS]


def blamed_sum(table: Table, text: str) -> Blame | None:
    """What the text of an error tells of a sum; None if it is another error's."""
    found = _TOLD.search(text)
    if found is None:
        return None
    column, own, number = found.groups()
    try:
        grown(table, {column: int(own)}, column, int(number))
    except DBDataError as refused:
        return blame_of(refused)
    return None


def _text(text: str) -> Any:
    return sa.literal_column(f"'{text}'")
