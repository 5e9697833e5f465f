"""Validators: what checks and completes the values of a table's rows, built once for each table on its first use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from nova_db.clock import utcnow
from nova_db.exceptions import DBDataError, UnknownColumn
from nova_db.exceptions.wording import most_alike
from nova_db.schema.coercion import Coercer, Unsuitable, coercer
from nova_db.schema.shared_keys import sharing
from nova_db.schema.types import NO_MATCH, NOW, Kind

if TYPE_CHECKING:
    from nova_db.schema.types import Column

_LONGEST_NAME = 64
"""Of a name, as much as is compared with those that there are."""

Validator = Callable[[Mapping[str, Any]], dict[str, Any]]


class Completer(Protocol):
    """What checks and completes the values of a new row."""

    def __call__(self, values: Mapping[str, Any], now: dt.datetime | None = None) -> dict[str, Any]:
        """The row; ``now`` is the time of the call, where it is known already."""


def insert_validator(
    table: str, columns: tuple[Column, ...], computed: Iterable[str], complete: Completer
) -> Completer:
    """The function behind ``Table.insert_values``."""
    coerced = _coerced(table, columns, computed)

    def insert_values(values: Mapping[str, Any], now: dt.datetime | None = None) -> dict[str, Any]:
        stored: dict[str, Any] = {}
        coerced(values, stored)
        return complete(stored, now)

    return insert_values


def completer(
    table: str, columns: tuple[Column, ...], besides: Iterable[str] = (), *, soft_deleted: bool = False
) -> Completer:
    """The function behind ``Table.complete_values``; ``besides``: what records have that are no columns."""
    generated = next((column.name for column in columns if column.autoincrement), None)
    given = tuple(column for column in columns if column.name != generated)
    defaults = {column.name: None if column.default is NOW else column.default for column in given}
    blank = sharing(defaults, (*besides, *(column.name for column in columns if column.name == generated)))
    required = tuple(column.name for column in given if not column.nullable and column.default is None)
    timed = tuple(column.name for column in given if column.default is NOW)
    key = next(column.name for column in columns if column.primary_key)
    live = next(column.default for column in columns if column.name == "deleted")

    def complete_values(values: Mapping[str, Any], now: dt.datetime | None = None) -> dict[str, Any]:
        row = blank | (values if type(values) is dict else dict(values))
        for name in required:
            if row[name] is None:
                raise _refused(table, name, None, "a value is required")
        for name in timed:
            if row[name] is None:
                row[name] = now = now or utcnow()
        if soft_deleted and row.get(key) == live:
            raise _refused(table, key, live, f"no row with this key can be soft-deleted, {live!r} means live")
        return {generated: row.pop(generated), **row} if generated in row else row

    return complete_values


def update_validator(table: str, columns: tuple[Column, ...], computed: Iterable[str]) -> Validator:
    """The function behind ``Table.update_values``."""
    coerced = _coerced(table, columns, computed)
    required = frozenset(column.name for column in columns if not column.nullable)

    def update_values(values: Mapping[str, Any]) -> dict[str, Any]:
        changes: dict[str, Any] = dict.fromkeys(values)
        coerced(values, changes)
        if None in changes.values():
            for name, value in changes.items():
                if value is None and name in required:
                    raise _refused(table, name, None, "a value is required")
        return changes

    return update_values


def checker(table: str, column: Column) -> Coercer:
    """The function behind ``Table.checker``."""
    name, coerce, is_required = column.name, coercer(column.kind, column.length), not column.nullable

    def check(value: Any) -> Any:
        if value is None:
            if is_required:
                raise _refused(table, name, None, "a value is required")
            return None
        try:
            return coerce(value)
        except Unsuitable as error:
            raise _refused(table, name, value, str(error)) from None

    return check


@cache
def looker(kind: Kind, length: int | None) -> Coercer:
    """The function behind ``Table.lookup`` for the columns of one kind and length."""
    coerce = coercer(kind, length)

    def look(value: Any) -> Any:
        if value is None:
            return None
        try:
            return coerce(value)
        except Unsuitable:
            return NO_MATCH

    def look_for_text(value: Any) -> Any:
        if type(value) is str and value.isascii() and "\0" not in value:
            return value  # text that is too long matches nothing by itself
        return look(value)

    def look_for_integer(value: Any) -> Any:
        return value if type(value) is int and 0 <= value <= 0x7FFFFFFF else look(value)

    match kind:
        case Kind.STRING | Kind.TEXT | Kind.MEDIUMTEXT:
            return look_for_text
        case Kind.INTEGER | Kind.BIGINT:
            return look_for_integer
    return look


def unknown_column(table: str, name: object, names: Iterable[str], computed: Iterable[str] = ()) -> UnknownColumn:
    """The error for a name that is no column of the table; it suggests the one that is spelled most like it.

    :param computed: names of values that its records have, and that are no columns.
    """
    # In all of a text that is no name the nearest one would be looked for in minutes.
    spelled = str.__str__(name)[:_LONGEST_NAME] if issubclass(type(name), str) else None
    is_computed = spelled is not None and spelled in computed
    nearest = None if spelled is None or is_computed else most_alike(spelled, names)
    return UnknownColumn(table=table, column=name, nearest=nearest, computed=is_computed)


def _coerced(
    table: str, columns: tuple[Column, ...], computed: Iterable[str]
) -> Callable[[Mapping[str, Any], dict[str, Any]], None]:
    """A function that puts the coerced form of the values which are not None into a row."""
    coercers = {column.name: coercer(column.kind, column.length) for column in columns}

    def put(values: Mapping[str, Any], row: dict[str, Any]) -> None:
        for name, value in values.items():
            coerce = coercers.get(name)
            if coerce is None:
                raise unknown_column(table, name, coercers, computed)
            if value is not None:
                try:
                    row[name] = coerce(value)
                except Unsuitable as error:
                    raise _refused(table, name, value, str(error)) from None

    return put


def _refused(table: str, column: str, value: Any, reason: str) -> DBDataError:
    return DBDataError(message=f"{table}.{column}: {reason}", table=table, columns=[column], value=value)
