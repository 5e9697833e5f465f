"""Predicates as Python functions: for engines that keep rows in Python, and for what an engine cannot evaluate itself.

Each shape is translated once to Python source; a call is then one function over one row.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nova_db.engine.generated import generate
from nova_db.engine.predicates import Predicate, Shape
from nova_db.engine.regexp import text_form

Row = Mapping[str, Any]
Probe = Callable[[str, str, Any], Iterable[Row]]
"""``probe(table, column, value)``: the rows of a table whose column equals the value (a superset will not do)."""
Test = Callable[[Row], bool]

_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_SET_FROM = 8


def fold(text: str) -> str:
    """The text with its ASCII letters in lower case, all others untouched."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def matcher(predicate: Predicate, probe: Probe | None = None) -> Test:
    """The predicate as a function of a row; ``probe`` serves semijoins."""
    parameters: list[Any] = []
    predicate.bind(parameters)
    for index, value in enumerate(parameters):
        if type(value) is tuple and len(value) >= _SET_FROM:
            parameters[index] = frozenset(value)
    return translate(predicate.shape())(parameters, probe)


@functools.lru_cache(maxsize=4096)
def translate(shape: Shape) -> Callable[[list[Any], Probe | None], Test]:
    """The factory of row functions for a shape."""
    source = _Source()
    expression = source.expression(shape, "row")
    lines = "\n".join(
        [
            "def factory(p, probe):",
            *source.prepared,
            "    def test(row):",
            f"        return {expression}",
            "    return test",
        ]
    )
    return generate(lines, "factory", {"fold": fold, "text_form": text_form})


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


class _Source:
    """Python source of one shape; parameters are numbered in the order in which predicates bind them."""

    def __init__(self) -> None:
        self._parameters = 0
        self._depth = 0
        self.prepared: list[str] = []
        """Lines before the function of a row: what is made of the parameters once."""

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
        self.prepared.append(f"    each_{inner} = frozenset({wanted})")
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
        self._parameters += 1
        return f"p[{self._parameters - 1}]"
