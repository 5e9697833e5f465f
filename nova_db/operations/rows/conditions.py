"""The conditions that most functions share: equality with coercion, visibility, project scope."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from nova_db.constraints import Constraint, EqualAny
from nova_db.context import is_user_context
from nova_db.driver.kinds import VISIBILITY, take
from nova_db.engine import FALSE, TRUE, Eq, In, Ne, NotIn, Predicate, all_of, any_of
from nova_db.engine.forms import Form
from nova_db.engine.predicates import And
from nova_db.schema import NO_MATCH, TABLES, Table

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Visibility

LIVE = Eq("deleted", 0)
GONE = Ne("deleted", 0)
_ANY_WITH_PROJECT = TABLES["instances"]


def equals(table: Table, column: str, value: Any) -> Predicate:
    """The column equals the value, taken in the column's type; None asks for null, what cannot be equal for nothing."""
    found = table.lookup(column, value)
    return FALSE if found is NO_MATCH else Eq(column, found)


def among(table: Table, column: str, values: Iterable[Any]) -> Predicate:
    """The column equals one of the values, each in the column's own type; None never matches."""
    lookup = table.lookup
    found = (lookup(column, value) for value in values)
    return In(column, [value for value in found if value is not NO_MATCH])


def matches(table: Table, **equal: Any) -> Predicate:
    """All columns equal their values."""
    return all_of(*[equals(table, column, value) for column, value in equal.items()])


def one_of(table: Table, column: str, values: Iterable[Any]) -> Predicate:
    """The column equals one of the values; None among them asks for null, no values match nothing."""
    values = tuple(values)
    some = among(table, column, values)
    return any_of(some, Eq(column, None)) if any(value is None for value in values) else some


def none_of(table: Table, column: str, values: Iterable[Any]) -> Predicate:
    """The column differs from all values; a null column matches only where no values are given."""
    found = [table.lookup(column, value) for value in values]
    # Of no use beside a value is None: NotIn wants the column to be there in any case.
    return NotIn(column, [value for value in found if value is not None and value is not NO_MATCH]) if found else TRUE


def constrained(table: Table, constraint: Constraint | None) -> Predicate:
    """A caller's constraint as a condition; UnknownColumn for what is no column of the table."""
    if constraint is None:
        return TRUE
    if not isinstance(constraint, Constraint):
        raise TypeError(f"constraint must be made by nova_db.constraint(), not {type(constraint).__name__}")
    parts = []
    for column, condition in constraint.conditions.items():
        table.looker(column)
        build = one_of if isinstance(condition, EqualAny) else none_of
        parts.append(build(table, column, condition.values))
    return all_of(*parts)


def visible(context: Context, table: Table, read_deleted: Visibility = None) -> Predicate:
    """The rows that ``read_deleted`` (the context's, unless a value is forced) lets a call see."""
    mode = read_deleted or context.read_deleted
    if type(mode) is not str:
        mode = take("context.read_deleted", VISIBILITY, mode) or ""
    return _visible(table, mode)


def _visible(table: Table, mode: str) -> Predicate:
    if mode == "no":
        return LIVE if type(table.live_value) is int else Eq("deleted", table.live_value)
    if mode == "yes":
        return TRUE
    if mode == "only":
        return GONE if type(table.live_value) is int else Ne("deleted", table.live_value)
    raise ValueError(f"context.read_deleted must be 'no', 'yes' or 'only', not {mode!a}")


def visible_with(context: Context, table: Table, column: str, value: Any, *, is_scoped: bool = False) -> Predicate:
    """The rows that a call sees in which a column equals a value; if ``is_scoped``, those of the caller's project."""
    found, mode = table.lookup(column, value), context.read_deleted
    if found is None or found is NO_MATCH or type(mode) is not str:
        seen = all_of(equals(table, column, value), visible(context, table))
        return all_of(seen, scoped(context)) if is_scoped else seen
    if not (is_scoped and is_user_context(context)):
        return _form(table, column, mode)(found)
    project = table.lookup("project_id", context.project_id)
    return FALSE if project is NO_MATCH else _form(table, column, mode, "project_id")(found, project)


@functools.lru_cache(maxsize=1024)
def _form(table: Table, column: str, mode: str, *more: str) -> Callable[..., Predicate]:
    """What makes conditions on the rows that are seen in a mode, by the values of columns."""
    given = [Eq(name, "") for name in (column, *more)]
    where = all_of(*given, _visible(table, mode))
    return Form(where, len(given)) if isinstance(where, And) else functools.partial(Eq, column)


def of_project(context: Context) -> Predicate:
    """The rows of the context's project, whose column is the same text in every table."""
    return equals(_ANY_WITH_PROJECT, "project_id", context.project_id)


def scoped(context: Context, project_only: bool | str = True) -> Predicate:
    """The rows of the caller's project; ``'allow_none'`` adds rows of no project, admins see all."""
    if not project_only or not is_user_context(context):
        return TRUE
    mine = of_project(context)
    return any_of(mine, Eq("project_id", None)) if project_only == "allow_none" else mine
