"""Predicates: the closed set of conditions that a query, an update or a delete may carry.

A predicate separates what it *asks* from the values it asks about: ``shape()`` is a hashable description without
values, ``bind()`` appends the values in the order in which the shape mentions them.  An engine translates a shape
once (to SQL, to a Python function) and runs the translation with the values of each call.

Three-valued logic is part of the contract: a null column satisfies none of the comparisons, negative ones included;
only ``Eq(column, None)`` and ``Ne(column, None)`` look at null-ness.  Negation exists at the leaves alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

from nova_db.engine.values import Col

if TYPE_CHECKING:
    from nova_db.engine.regexp import Pattern

Shape = tuple[Any, ...]


class Predicate:
    """A condition on the rows of one table."""

    __slots__ = ()

    def shape(self) -> Shape:
        """What is asked, without values: equal for all predicates that differ in values only."""
        raise NotImplementedError

    def bind(self, parameters: list[Any]) -> None:
        """Append the values, in the order in which ``shape()`` mentions them."""

    def __and__(self, other: Predicate) -> Predicate:
        return all_of(self, other)

    def __or__(self, other: Predicate) -> Predicate:
        return any_of(self, other)

    def __repr__(self) -> str:
        parameters: list[Any] = []
        self.bind(parameters)
        return f"<{self.shape()} {parameters}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Predicate):
            return NotImplemented
        return self.shape() == other.shape() and self.parameters() == other.parameters()

    __hash__ = None  # type: ignore[assignment]

    def parameters(self) -> list[Any]:
        """The values in binding order."""
        found: list[Any] = []
        self.bind(found)
        return found


class _Constant(Predicate):
    __slots__ = ("_shape",)

    def __init__(self, name: str) -> None:
        self._shape = (name,)

    def shape(self) -> Shape:
        return self._shape


TRUE = _Constant("true")
FALSE = _Constant("false")


class _Leaf(Predicate):
    """A condition on one column with one value."""

    __slots__ = ("column", "value")
    operator = ""

    def __init__(self, column: str, value: Any) -> None:
        self.column = column
        self.value = value

    def shape(self) -> Shape:
        return (self.operator, self.column)

    def bind(self, parameters: list[Any]) -> None:
        parameters.append(self.value)


class Eq(_Leaf):
    """The column equals the value; ``None`` asks for null, ``Col(name)`` compares with another column of the row."""

    __slots__ = ()

    def shape(self) -> Shape:
        value = self.value
        if value is None:
            return ("null", self.column)
        if type(value) is Col:
            return ("eqcol", self.column, value.name)
        return ("eq", self.column)

    def bind(self, parameters: list[Any]) -> None:
        if self.value is not None and type(self.value) is not Col:
            parameters.append(self.value)


class Ne(_Leaf):
    """The column is not null and differs from the value; ``None`` asks for not null."""

    __slots__ = ()

    def shape(self) -> Shape:
        return ("notnull", self.column) if self.value is None else ("ne", self.column)

    def bind(self, parameters: list[Any]) -> None:
        if self.value is not None:
            parameters.append(self.value)


class In(Predicate):
    """The column equals one of the values; ``None`` among them never matches, no values match nothing."""

    __slots__ = ("column", "values")
    operator = "in"
    when_empty = FALSE

    def __init__(self, column: str, values: Iterable[Hashable]) -> None:
        self.column = column
        self.values = tuple(dict.fromkeys(v for v in values if v is not None))

    def shape(self) -> Shape:
        return (self.operator, self.column) if self.values else self.when_empty.shape()

    def bind(self, parameters: list[Any]) -> None:
        if self.values:
            parameters.append(self.values)


class NotIn(In):
    """The column is not null and equals none of the values (which must not hold ``None``)."""

    __slots__ = ()
    operator = "notin"

    def shape(self) -> Shape:
        return (self.operator, self.column) if self.values else ("notnull", self.column)


class Lt(_Leaf):
    """The column is smaller than the value."""

    __slots__ = ()
    operator = "lt"


class Le(_Leaf):
    """The column is smaller than the value or equal to it."""

    __slots__ = ()
    operator = "le"


class Gt(_Leaf):
    """The column is greater than the value."""

    __slots__ = ()
    operator = "gt"


class Ge(_Leaf):
    """The column is greater than the value or equal to it."""

    __slots__ = ()
    operator = "ge"


class EqFold(_Leaf):
    """The text column equals the value when the ASCII letters of both are folded to lower case."""

    __slots__ = ()
    operator = "eqfold"


class Contains(_Leaf):
    """The text column contains the value, ASCII letters folded; ``%`` and ``_`` are ordinary characters."""

    __slots__ = ()
    operator = "contains"


class Regexp(Predicate):
    """The text form of the column contains a match of the pattern; see ``nova_db.engine.regexp``."""

    __slots__ = ("column", "pattern")

    def __init__(self, column: str, pattern: Pattern) -> None:
        self.column = column
        self.pattern = pattern

    def shape(self) -> Shape:
        return ("regexp", self.column)

    def bind(self, parameters: list[Any]) -> None:
        parameters.append(self.pattern)


class Exists(Predicate):
    """Some row of ``table`` has, for each pair of ``on``, (outer, inner), equal non-null columns and meets ``where``.

    ``on`` joins the row that is being tested (outer) with the row looked for (inner).
    """

    __slots__ = ("negated", "on", "table", "where")

    def __init__(
        self, table: str, on: tuple[tuple[str, str], ...], where: Predicate = TRUE, *, negated: bool = False
    ) -> None:
        self.table = table
        self.on = on
        self.where = where
        self.negated = negated

    def shape(self) -> Shape:
        return ("exists", self.table, self.on, self.where.shape(), self.negated)

    def bind(self, parameters: list[Any]) -> None:
        self.where.bind(parameters)


class Several(Predicate):
    """What ``And`` and ``Or`` have in common."""

    __slots__ = ("parts",)
    operator = ""

    def __init__(self, parts: tuple[Predicate, ...]) -> None:
        self.parts = parts

    def shape(self) -> Shape:
        return (self.operator, *[part.shape() for part in self.parts])

    def bind(self, parameters: list[Any]) -> None:
        for part in self.parts:
            part.bind(parameters)


class And(Several):
    """All parts hold; made by ``all_of``."""

    __slots__ = ()
    operator = "and"


class Or(Several):
    """Some part holds; made by ``any_of``."""

    __slots__ = ()
    operator = "or"


def all_of(*parts: Predicate) -> Predicate:
    """The conjunction, without trivial parts and nested conjunctions."""
    return _combine(parts, And, neutral=TRUE, absorbing=FALSE)


def any_of(*parts: Predicate) -> Predicate:
    """The disjunction, without trivial parts and nested disjunctions."""
    return _combine(parts, Or, neutral=FALSE, absorbing=TRUE)


def _combine(
    parts: tuple[Predicate, ...],
    kind: type[Several],
    neutral: Predicate,
    absorbing: Predicate,
) -> Predicate:
    flat: list[Predicate] = []
    for part in parts:
        if part is absorbing:
            return absorbing
        if type(part) is kind:
            flat += part.parts
        elif part is not neutral:
            flat.append(part)
    if len(flat) > 1:
        return kind(tuple(flat))
    return flat[0] if flat else neutral
