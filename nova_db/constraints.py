"""Conditions that a row must satisfy for a change to be made; see ``instance_destroy``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

__all__ = ["Condition", "Constraint", "EqualAny", "NotEqual", "constraint", "equal_any", "not_equal"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What one column must be, compared with ``values`` by the database, in the column's type."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class EqualAny(Condition):
    """The column equals one of the values; None among them stands for null. Without values it never holds."""


@dataclass(frozen=True, slots=True)
class NotEqual(Condition):
    """The column is not null and differs from every value, None included. Without values it always holds."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """Conditions by column name, all of which must hold. Immutable, and free to be used again."""

    conditions: Mapping[str, Condition]

    def __post_init__(self) -> None:
        for column, condition in self.conditions.items():
            if not isinstance(condition, (EqualAny, NotEqual)):
                raise TypeError(
                    f"The condition on {column} must come from equal_any() or not_equal(), not be {condition!r}"
                )
        object.__setattr__(self, "conditions", MappingProxyType(dict(self.conditions)))

    def __hash__(self) -> int:
        return hash(frozenset(self.conditions.items()))

    def __reduce__(self) -> tuple[type[Constraint], tuple[dict[str, Condition]]]:
        return type(self), (dict(self.conditions),)


def constraint(**conditions: Condition) -> Constraint:
    """Return a constraint: every column named must satisfy the condition given for it.

    Without conditions it always holds. The columns are checked where the constraint is used.

    :raises TypeError: a condition is not one that :func:`equal_any` or :func:`not_equal` returned.
    """
    return Constraint(conditions)


def equal_any(*values: Any) -> Condition:
    """Return the condition that a column equals one of ``values``.

    None among them stands for null: ``constraint(host=equal_any(None))`` holds while no host is set. Without values the
    condition never holds.
    """
    return EqualAny(values)


def not_equal(*values: Any) -> Condition:
    """Return the condition that a column differs from all of ``values``.

    Null differs from nothing: a null column never satisfies the condition, and None among the values only says that
    it must not be null. Without values the condition always holds.
    """
    return NotEqual(values)
