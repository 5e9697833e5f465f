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

Version = tuple[Rows, Row, Row | None]
"""A row before and after, and where it stands; None for a row that goes."""


Batch = tuple[Rows, Sequence[Row], bool]
"""Where new rows are to stand, they, and whether their keys are known to be free."""


class Changing(abc.ABC):
    """The part of a transaction that changes rows."""

    __slots__ = ()

    @abc.abstractmethod
    def _put(self, rows: Rows, old: Row | None, new: Row | None) -> None:
        """Put a version in the place of another."""

    def _insert(self, tables: Mapping[str, Rows], batches: Sequence[tuple[Rows, Sequence[Row]]]) -> None:
        """Store new rows, which are the store's from now on, and give those an id that lack one."""
        entering: list[Batch] = []
        for rows, new in batches:
            numbered, are_free = _number(rows, new)
            entering.append((rows, new[:numbered], are_free))
            if numbered < len(new):
                self._enter(tables, entering)  # what they break comes first
                raise used_up(rows.layout.name, rows.layout.key)
        self._enter(tables, entering)

    def _enter(self, tables: Mapping[str, Rows], batches: Sequence[Batch]) -> None:
        """Put rows in the place of none; as ``_replace``."""
        broken: list[DBReferenceError] = []
        for rows, new, are_free in batches:
            layout = rows.layout
            may_clash = layout.uniques or not are_free
            before: Row | None = None
            for row in new:
                if may_clash:
                    integrity.check_new(rows, row)
                if not broken and layout.foreign_keys:
                    try:
                        integrity.check_parents(tables, layout, before, row)
                    except DBReferenceError as error:
                        broken.append(error)
                self._put(rows, None, row)
                before = row
        if broken:
            raise broken.pop()  # out of what this frame has, which the error refers to

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
        broken: list[DBReferenceError] = []
        for rows, old, new in versions:
            if new is not None:
                integrity.check_changed(rows, old, new)
            if not broken:
                try:
                    if new is not None:
                        integrity.check_parents(tables, rows.layout, old, new)
                    integrity.check_children(tables, rows.layout, old, new)
                except DBReferenceError as error:
                    broken.append(error)
            self._put(rows, old, new)
        if broken:
            raise broken.pop()  # out of what this frame has, which the error refers to


def _number(rows: Rows, new: Sequence[Row]) -> tuple[int, bool]:
    """Give rows the next ids, unless they have one; for how many there was one left, and whether all were given here.

    Then none of them is taken: the counter passes whatever id is used.
    """
    if not rows.layout.table.autoincrement:
        return len(new), False
    key, count = rows.layout.key, rows.count
    are_free = True
    for place, row in enumerate(new):
        given = row.get(key)
        if given is not None:
            are_free = False
        number = row[key] = count(given)
        if number > HIGHEST_ID:
            return place, are_free
    return len(new), are_free
