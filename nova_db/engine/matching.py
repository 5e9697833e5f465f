"""Predicates as Python functions: for engines that keep rows in Python, and for what an engine cannot evaluate itself.

Each shape is translated once to Python source; a call is then one function over one row.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nova_db.engine.generated import generate
from nova_db.engine.predicates import Predicate, Shape
from nova_db.engine.regexp import text_form

Row = Mapping[str, Any]
Probe = Callable[[str, str, Any], Iterable[Row]]
"""``probe(table, column, value)``: the rows of a table whose column equals the value (a superset will not do)."""
Test = Callable[[Row], bool]

_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def fold(text: str) -> str:
    """The text with its ASCII letters in lower case, all others untouched."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


NAMES: Mapping[str, Any] = {"fold": fold, "text_form": text_form}
"""What the source of a condition may use besides rows, ``probe`` and parameters."""


def matcher(predicate: Predicate, probe: Probe | None = None) -> Test:
    """The predicate as a function of a row; ``probe`` serves semijoins."""
    return translate(predicate.shape())(predicate.parameters(), probe)


@functools.lru_cache(maxsize=4096)
def translate(shape: Shape) -> Callable[[Sequence[Any], Probe | None], Test]:
    """The factory of row functions for a shape."""
    source = Source()
    expression = source.expression(shape, "row")
    lines = "\n".join(
        [
            "def factory(parameters, probe):",
            *source.preparation("    "),
            "    def test(row):",
            f"        return {expression}",
            "    return test",
        ]
    )
    return generate(lines, "factory", NAMES)


_LEAVES = {
    "true": "True",
    "false": "False",
    "null": "{cell} is None",
    "notnull": "{cell} is not None",
    "eqcol": "({cell} is not None and {cell} == {row}[{other!r}])",
    "eq": "{cell} == {p}",
    "ne": "({cell} is not None and {cell} != {p})",
    "in": "{cell} in {p}",
    "notin": "({cell} is not None and {cell} not in {p})",
    "lt": "({cell} is not None and {cell} < {p})",
    "le": "({cell} is not None and {cell} <= {p})",
    "gt": "({cell} is not None and {cell} > {p})",
    "ge": "({cell} is not None and {cell} >= {p})",
    "eqfold": "({cell} is not None and fold({cell}) == fold({p}))",
    "contains": "({cell} is not None and fold({p}) in fold({cell}))",
    "regexp": "({cell} is not None and {p}.search(text_form({cell})) is not None)",
}


class Source:
    """Python source of one shape; parameters are numbered, as ``p0``, in the order in which predicates bind them."""

    def __init__(self) -> None:
        self._count = 0
        self._depth = 0
        self._made: list[str] = []

    def preparation(self, indent: str) -> list[str]:
        """The lines that come before the expression: what is made of ``parameters`` once."""
        names = "".join(f"p{place}, " for place in range(self._count))
        lines = [f"{names}= parameters", *self._made] if names else []
        return [indent + line for line in lines]

    def expression(self, shape: Shape, row: str) -> str:
        operator = shape[0]
        if operator in ("and", "or"):
            return "(" + f" {operator} ".join(self.expression(part, row) for part in shape[1:]) + ")"
        if operator == "exists":
            return self._exists(shape, row)
        if operator == "each":
            return self._each(shape, row)
        column = shape[1] if len(shape) > 1 else ""
        other = shape[2] if len(shape) > 2 else ""
        parameter = self._parameter() if "{p}" in _LEAVES[operator] else ""
        if operator in ("in", "notin"):
            self._made.append(f"s{parameter} = frozenset({parameter})")
            parameter = f"s{parameter}"
        return _LEAVES[operator].format(cell=f"{row}[{column!r}]", row=row, other=other, p=parameter)

    def _exists(self, shape: Shape, row: str) -> str:
        _, table, on, where, negated = shape
        inner = self._inner()
        found, condition = self._joined(table, on, where, row, inner)
        some = f"({row}[{on[0][0]!r}] is not None and any({condition} for {inner} in {found}))"
        return f"not {some}" if negated else some

    def _each(self, shape: Shape, row: str) -> str:
        _, table, on, columns, where = shape
        inner, wanted = self._inner(), self._parameter()
        self._made.append(f"each_{inner} = frozenset({wanted})")
        found, condition = self._joined(table, on, where, row, inner)
        values = "".join(f"{inner}[{column!r}], " for column in columns)
        held = f"{{({values}) for {inner} in {found} if {condition}}}"
        return f"({row}[{on[0][0]!r}] is not None and each_{inner} <= {held})"

    def _joined(self, table: str, on: Any, where: Shape, row: str, inner: str) -> tuple[str, str]:
        """The rows that a semijoin probes, and what they must meet."""
        (outer_column, inner_column), *rest = on
        conditions = [f"({row}[{a!r}] is not None and {row}[{a!r}] == {inner}[{b!r}])" for a, b in rest]
        conditions.append(self.expression(where, inner))
        return f"probe({table!r}, {inner_column!r}, {row}[{outer_column!r}])", " and ".join(conditions)

    def _inner(self) -> str:
        self._depth += 1
        return f"row{self._depth}"

    def _parameter(self) -> str:
        self._count += 1
        return f"p{self._count - 1}"
