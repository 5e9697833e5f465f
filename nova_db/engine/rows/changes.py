"""What a writer does to rows: versions of them are put in the place of others, and the rules looked after."""

from __future__ import annotations

import abc
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import repeat

from nova_db.engine.assignments import updated
from nova_db.engine.keys import HIGHEST_ID, used_up
from nova_db.engine.rows import integrity
from nova_db.engine.rows.table import Rows
from nova_db.engine.values import Row, Values
from nova_db.exceptions import DBReferenceError

Version = tuple[Rows, Row, Row]
"""A row before and after, and where it stands."""


Batch = tuple[Rows, Sequence[Row], bool]
"""Where new rows are to stand, they, and whether their keys are known to be free."""


class Changing(abc.ABC):
    """The part of a transaction that changes rows."""

    __slots__ = ()

    @abc.abstractmethod
    def _put(self, rows: Rows, old: Sequence[Row] | None, new: Sequence[Row] | None) -> None:
        """Put versions in the place of others: of different rows, by their keys; None stands for no rows."""

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
            if not new:
                continue
            if layout.foreign_keys and not broken:
                try:
                    integrity.check_parents_of_all(tables, layout, new)
                except DBReferenceError as error:
                    broken.append(error)
            if are_free and not layout.uniques:
                self._put(rows, None, new)
            elif integrity.are_new(rows, new):
                self._put(rows, None, new if are_free else sorted(new, key=layout.by_key))
            else:
                for row in new:
                    integrity.check_new(rows, row)
                    self._put(rows, None, [row])
        if broken:
            raise broken.pop()  # out of what this frame has, which the error refers to

    def _update(self, tables: Mapping[str, Rows], rows: Rows, found: Sequence[Row], values: Values) -> list[Row]:
        """Set columns of stored rows; their new versions."""
        changed = updated(rows.layout.table, found, values)
        if rows.layout.ruled.isdisjoint(values):
            if found:
                self._put(rows, found, changed)
        else:
            self._replace(tables, [(rows, old, new) for old, new in zip(found, changed, strict=True)])
        return changed

    def _replace(self, tables: Mapping[str, Rows], versions: Sequence[Version]) -> None:
        """Put versions of rows in the place of others.

        What is taken already, in any of the rows, is told before a reference that leads nowhere.
        """
        broken: list[DBReferenceError] = []
        for rows, old, new in versions:
            integrity.check_changed(rows, old, new)
            if not broken:
                try:
                    integrity.check_parents(tables, rows.layout, old, new)
                    integrity.check_children(tables, rows.layout, old, new)
                except DBReferenceError as error:
                    broken.append(error)
            self._put(rows, [old], [new])
        if broken:
            raise broken.pop()  # out of what this frame has, which the error refers to

    def _remove(self, tables: Mapping[str, Rows], rows: Rows, gone: Sequence[Row]) -> None:
        """Put nothing in the place of rows, to which none of those that stay may refer."""
        if gone:
            self._put(rows, gone, None)
            integrity.check_children_of_all(tables, rows.layout, gone)


def _number(rows: Rows, new: Sequence[Row]) -> tuple[int, bool]:
    """Give rows the next ids, unless they have one; for how many there was one left, and whether all were given here.

    Then none of them is taken: the counter passes whatever id is used.
    """
    if not rows.layout.table.autoincrement:
        return len(new), False
    key = rows.layout.key
    given = [*map(dict.get, new, repeat(key))]
    if given.count(None) == len(given):
        numbers = rows.counted(len(given))
        for row, number in zip(new, numbers, strict=True):
            row[key] = number
        return bisect_right(numbers, HIGHEST_ID), True
    for place, row in enumerate(new):
        number = row[key] = rows.count(given[place])
        if number > HIGHEST_ID:
            return place, False
    return len(new), False
