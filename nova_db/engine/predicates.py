"""Predicates: the closed set of conditions that a query, an update or a delete may carry.

A predicate separates what it *asks* from the values it asks about: ``shape()`` is a hashable description without
values, ``bind()`` appends the values in the order in which the shape mentions them.  An engine translates a shape
once (to SQL, to a Python function) and runs the translation with the values of each call.

Three-valued logic is part of the contract: a null column satisfies none of the comparisons, negative ones included;
only ``Eq(column, None)`` and ``Ne(column, None)`` look at null-ness.  Negation exists at the leaves alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from nova_db.engine.values import Col
from nova_db.exceptions.redaction import HIDDEN, is_secret

if TYPE_CHECKING:
    from nova_db.engine.regexp import Pattern

Shape = tuple[Any, ...]


def _texts(shape: Shape) -> Iterable[str]:
    """The words of a shape, columns among them."""
    for part in shape:
        if isinstance(part, tuple):
            yield from _texts(part)
        elif isinstance(part, str):
            yield part


class Predicate:
    """A condition on the rows of one table; it does not change, so shape and values are worked out when it is made."""

    __slots__ = ("_bound", "_shape")
    _shape: Shape
    _bound: tuple[Any, ...]

    def shape(self) -> Shape:
        """What is asked, without values: equal for all predicates that differ in values only."""
        return self._shape

    def bind(self, parameters: list[Any]) -> None:
        """Append the values, in the order in which ``shape()`` mentions them."""
        parameters += self._bound

    def __and__(self, other: Predicate) -> Predicate:
        return all_of(self, other)

    def __or__(self, other: Predicate) -> Predicate:
        return any_of(self, other)

    def __repr__(self) -> str:
        # Which value is whose is not known here, nor of which table: where a name is a secret's, none is shown.
        hides = is_secret(None, _texts(self._shape))
        return f"<{self._shape} {[HIDDEN] * len(self._bound) if hides else self.parameters()}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Predicate):
            return NotImplemented
        return self._shape == other._shape and self._bound == other._bound

    __hash__ = None  # type: ignore[assignment]

    def parameters(self) -> list[Any]:
        """The values in binding order."""
        return list(self._bound)


class _Constant(Predicate):
    __slots__ = ()

    def __init__(self, name: str) -> None:
        self._shape = (name,)
        self._bound = ()


TRUE = _Constant("true")
FALSE = _Constant("false")


class Leaf(Predicate):
    """A comparison of one column with one value."""

    __slots__ = ("column", "value")
    operator = ""

    def __init__(self, column: str, value: Any) -> None:
        self.column = column
        self.value = value
        self._shape = (self.operator, column)
        self._bound = (value,)


class Eq(Leaf):
    """The column equals the value; ``None`` asks for null, ``Col(name)`` compares with another column of the row."""

    __slots__ = ()

    def __init__(self, column: str, value: Any) -> None:
        self.column = column
        self.value = value
        if value is None:
            self._shape, self._bound = ("null", column), ()
        elif type(value) is Col:
            self._shape, self._bound = ("eqcol", column, value.name), ()
        else:
            self._shape, self._bound = ("eq", column), (value,)


class Ne(Leaf):
    """The column is not null and differs from the value; ``None`` asks for not null."""

    __slots__ = ()

    def __init__(self, column: str, value: Any) -> None:
        self.column = column
        self.value = value
        if value is None:
            self._shape, self._bound = ("notnull", column), ()
        else:
            self._shape, self._bound = ("ne", column), (value,)


class In(Predicate):
    """The column equals one of the values; ``None`` among them never matches, no values match nothing."""

    __slots__ = ("column", "values")
    operator = "in"

    def __init__(self, column: str, values: Iterable[Hashable]) -> None:
        self.column = column
        self.values = tuple(dict.fromkeys([value for value in values if value is not None]))
        if self.values:
            self._shape, self._bound = (self.operator, column), (self.values,)
        else:
            self._shape, self._bound = self._when_empty(), ()

    def _when_empty(self) -> Shape:
        return FALSE.shape()


class NotIn(In):
    """The column is not null and equals none of the values (which must not hold ``None``)."""

    __slots__ = ()
    operator = "notin"

    def _when_empty(self) -> Shape:
        return ("notnull", self.column)


class Lt(Leaf):
    """The column is smaller than the value."""

    __slots__ = ()
    operator = "lt"


class Le(Leaf):
    """The column is smaller than the value or equal to it."""

    __slots__ = ()
    operator = "le"


class Gt(Leaf):
    """The column is greater than the value."""

    __slots__ = ()
    operator = "gt"


class Ge(Leaf):
    """The column is greater than the value or equal to it."""

    __slots__ = ()
    operator = "ge"


class EqFold(Leaf):
    """The text column equals the value when the ASCII letters of both are folded to lower case."""

    __slots__ = ()
    operator = "eqfold"


class Contains(Leaf):
    """The text column contains the value, ASCII letters folded; ``%`` and ``_`` are ordinary characters."""

    __slots__ = ()
    operator = "contains"


class Regexp(Predicate):
    """The text form of the column contains a match of the pattern; see ``nova_db.engine.regexp``."""

    __slots__ = ("column", "pattern")

    def __init__(self, column: str, pattern: Pattern) -> None:
        self.column = column
        self.pattern = pattern
        self._shape = ("regexp", column)
        self._bound = (pattern,)


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
        self._shape = ("exists", table, on, where._shape, negated)
        self._bound = where._bound


class Several(Predicate):
    """What ``And`` and ``Or`` have in common."""

    __slots__ = ("parts",)
    operator = ""

    def __init__(self, parts: tuple[Predicate, ...]) -> None:
        self.parts = parts
        if len(parts) == 2:  # as most have it, and this is on the path of every call
            one, other = parts
            self._shape = (self.operator, one._shape, other._shape)
            self._bound = one._bound + other._bound
        else:
            self._shape = (self.operator, *[part._shape for part in parts])
            self._bound = tuple([value for part in parts for value in part._bound])


class And(Several):
    """All parts hold; made by ``all_of``."""

    __slots__ = ()
    operator = "and"


class Or(Several):
    """Some part holds; made by ``any_of``."""

    __slots__ = ()
    operator = "or"


class Combine(Protocol):
    """Makes one predicate of several."""

    def __call__(self, *parts: Predicate) -> Predicate:
        """The combination."""


def _combining(kind: type[Several], neutral: Predicate, absorbing: Predicate) -> Combine:
    def combine(*parts: Predicate) -> Predicate:
        flat: list[Predicate] = []
        for part in parts:
            if part is absorbing:
                return absorbing
            if isinstance(part, kind):
                flat += part.parts
            elif part is not neutral:
                flat.append(part)
        if len(flat) > 1:
            return kind(tuple(flat))
        return flat[0] if flat else neutral

    return combine


all_of = _combining(And, neutral=TRUE, absorbing=FALSE)
"""The conjunction, without trivial parts and nested conjunctions."""

any_of = _combining(Or, neutral=FALSE, absorbing=TRUE)
"""The disjunction, without trivial parts and nested disjunctions."""
