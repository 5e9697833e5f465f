"""What a writer does to rows: versions of them are put in the place of others, and the rules looked after."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence

from nova_db.engine.assignments import updated
from nova_db.engine.keys import HIGHEST_ID, used_up
from nova_db.engine.rows import integrity
from nova_db.engine.rows.table import Rows
from nova_db.engine.values import Row, Values
from nova_db.exceptions import DBReferenceError

Version = tuple[Rows, Row | None, Row | None]
"""A row before and after, and where it stands; None for no row."""


class Changing(abc.ABC):
    """The part of a transaction that changes rows."""

    __slots__ = ()

    @abc.abstractmethod
    def _put(self, rows: Rows, old: Row | None, new: Row | None) -> None:
        """Put a version in the place of another."""

    def _insert(self, tables: Mapping[str, Rows], made: Sequence[tuple[Rows, Row]]) -> None:
        """Store new rows, which are the store's from now on, and give those an id that lack one."""
        for place, (rows, row) in enumerate(made):
            if rows.layout.table.autoincrement and not _number(rows, row):
                self._replace(tables, [(rows, None, row) for rows, row in made[:place]])  # what they break comes first
                raise used_up(rows.layout.name, rows.layout.key)
        self._replace(tables, [(rows, None, row) for rows, row in made])

    def _update(self, tables: Mapping[str, Rows], rows: Rows, found: Sequence[Row], values: Values) -> list[Row]:
        """Set columns of stored rows; their new versions."""
        changed = updated(rows.layout.table, found, values)
        versions = zip(found, changed, strict=True)
        if rows.layout.ruled.isdisjoint(values):
            for old, new in versions:
                self._put(rows, old, new)
        else:
            self._replace(tables, [(rows, old, new) for old, new in versions])
        return changed

    def _replace(self, tables: Mapping[str, Rows], versions: Sequence[Version]) -> None:
        """Put versions of rows in the place of others.

        What is taken already, in any of the rows, is told before a reference that leads nowhere.
        """
        broken: DBReferenceError | None = None
        for rows, old, new in versions:
            if new is not None:
                integrity.check_unique(rows, old, new)
            if broken is None:
                try:
                    integrity.check_references(tables, rows, old, new)
                except DBReferenceError as error:
                    broken = error
            self._put(rows, old, new)
        if broken is not None:
            try:
                raise broken
            finally:
                del broken  # it refers to this frame


def _number(rows: Rows, row: Row) -> bool:
    """Give a row the next id, unless it has one; whether there was one left."""
    key = rows.layout.key
    given = row.get(key)
    number = row[key] = rows.count(given)
    return number <= HIGHEST_ID
