"""Conditions said once and asked often: those that every call of a function makes, with other values."""

from __future__ import annotations

from typing import Any

from nova_db.engine.predicates import And, Leaf, Predicate

_new = object.__new__


class Form:
    """A conjunction said once, whose first values come each time that it is asked: ``form(*values)`` is a predicate.

    That costs a third of saying it anew, and what has the same form has the very same shape.
    """

    __slots__ = ("_parts", "_rest", "_shape")

    def __init__(self, like: And, given: int) -> None:
        """``like`` has comparisons of a column with a value alone, and whatever as the values that are ``given``."""
        for part in like.parts:
            assert isinstance(part, Leaf), "a part compares a column"
            assert len(part._bound) == 1, "a part has one value"
        self._parts = like.parts
        self._shape = like._shape
        self._rest = like._bound[given:]

    def __call__(self, *values: Any) -> Predicate:
        """The conjunction with these values, none of which is None or a column."""
        made = _new(_Formed)
        made._shape = self._shape
        made._bound = values + self._rest
        made._form = self._parts
        return made


class _Formed(And):
    """A conjunction that a form has made."""

    __slots__ = ("_form",)
    _form: tuple[Any, ...]

    @property
    def parts(self) -> tuple[Predicate, ...]:  # type: ignore[override] # seldom asked for
        """The comparisons."""
        return tuple([type(part)(part.column, value) for part, value in zip(self._form, self._bound, strict=True)])
