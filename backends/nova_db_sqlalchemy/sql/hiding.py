"""What of a statement's rows may be shown: a mask for each statement, made of the marks in the schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from nova_db.engine.relations import Plan, plan
from nova_db.exceptions.redaction import HIDDEN, is_secret
from nova_db_sqlalchemy.tables.catalog import CATALOG

Hide = Callable[[Any], Any]
"""From a value of a row to what is shown in its place."""
Mask = tuple[Hide | None, ...]
"""For each value of a row what hides it, None where it is shown as it is."""
Related = tuple[str, tuple[str, ...]]
"""The table and the relations of the document that a statement's rows end with."""


class _Level(NamedTuple):
    """The rows of a relation in a document."""

    secret: frozenset[int]
    """The places of the columns to hide."""
    width: int
    below: tuple[_Level, ...]
    """The relations of each row, behind its columns."""


def mask_of(statement: sa.ClauseElement, related: Related | None) -> Mask:
    """The mask for the rows that a statement gives."""
    columns = list(getattr(statement, "exported_columns", ()))
    if related is None:
        return tuple(map(_hider, columns))
    return (*map(_hider, columns[:-1]), _document_hider(*related))


def packet_mask(masks: Sequence[Mask]) -> Mask:
    """The mask for a row whose values are the rows of several statements."""
    return tuple([_rows_hider(mask) for mask in masks])


def hidden(row: Sequence[Any], mask: Mask) -> Any:
    """A row as it may be shown."""
    if len(row) != len(mask):
        return HIDDEN  # whatever it is, it is not what the statement was built to give
    return tuple([value if hide is None else hide(value) for value, hide in zip(row, mask, strict=True)])


def _hider(column: sa.ColumnElement[Any]) -> Hide | None:
    """What hides a value if a column that is marked has any part in it."""
    parts = [*column.base_columns, *visitors.iterate(column)]
    for part in parts:
        for base in getattr(part, "base_columns", ()):
            table = getattr(base, "table", None)
            if isinstance(table, sa.Table) and is_secret(table.name, [base.name]):
                return _hide_value
    return None


def _rows_hider(mask: Mask) -> Hide | None:
    return (lambda rows: [hidden(row, mask) for row in rows]) if any(mask) else None


def _hide_value(value: Any) -> Any:
    return None if value is None else HIDDEN


def _document_hider(table: str, load: tuple[str, ...]) -> Hide | None:
    levels = _levels(plan(table, load))
    if not any(map(_has_secret, levels)):
        return None

    def hide(text: Any) -> Any:
        try:
            found = [_shown(rows, level) for rows, level in zip(json.loads(text), levels, strict=True)]
        except (TypeError, ValueError):
            return _hide_value(text)  # cut off, as some servers do with a document that is too long
        return json.dumps(found, ensure_ascii=False)

    return hide


def _levels(relations: Plan) -> tuple[_Level, ...]:
    return tuple([_level(relation.table, below) for relation, below in relations])


def _level(table: str, below: Plan) -> _Level:
    names = CATALOG[table].names
    secret = frozenset(place for place, name in enumerate(names) if is_secret(table, [name]))
    return _Level(secret, len(names), _levels(below))


def _has_secret(level: _Level) -> bool:
    return bool(level.secret) or any(map(_has_secret, level.below))


def _shown(rows: Any, level: _Level) -> Any:
    if isinstance(rows, str):  # SQLite does not promise that a subquery's JSON stays JSON
        rows = json.loads(rows)
    if rows is None:
        return None
    made = []
    for row in rows:
        columns, related = row[: level.width], row[level.width :]
        values = [_hide_value(value) if place in level.secret else value for place, value in enumerate(columns)]
        made.append([*values, *[_shown(found, deeper) for found, deeper in zip(related, level.below, strict=True)]])
    return made
