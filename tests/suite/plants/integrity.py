"""Mistakes in what the rules refuse, and in how that is told."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from nova_db.engine import Row, Values
from nova_db.engine.rows import Rows, integrity
from nova_db.engine.rows.changes import Batch, Version
from nova_db.exceptions import DBDuplicateEntry, DBError, DBReferenceError
from tests.suite.plants.registry import Planted, planted_engine

Change = tuple[Rows, Row | None, Row | None]
"""A row before and after, and where it stands; None for no row."""


class Ruled(Planted):
    """A transaction that goes about what is new, what changes and what goes in one way of its own."""

    __slots__ = ()

    def _enter(self, tables: Mapping[str, Rows], batches: Sequence[Batch]) -> None:
        self.put(tables, [(rows, None, row) for rows, new, _ in batches for row in new])

    def _replace(self, tables: Mapping[str, Rows], versions: Sequence[Version]) -> None:
        self.put(tables, versions)

    def _remove(self, tables: Mapping[str, Rows], rows: Rows, gone: Sequence[Row]) -> None:
        self.put(tables, [(rows, row, None) for row in gone])

    def put(self, tables: Mapping[str, Rows], changes: Sequence[Change]) -> None:
        """Put versions of rows in the place of others, all of them of one kind; as it should be."""
        super()._enter(tables, [(rows, [new], False) for rows, old, new in changes if old is None and new is not None])
        super()._replace(
            tables, [(rows, old, new) for rows, old, new in changes if old is not None and new is not None]
        )
        for rows, old, new in changes:
            if old is not None and new is None:
                super()._remove(tables, rows, [old])

    def put_one(self, rows: Rows, old: Row | None, new: Row | None) -> None:
        """Put a version of a row in the place of another, whatever the rules say."""
        self._put(rows, None if old is None else [old], None if new is None else [new])


class Told(Ruled):
    """A transaction that tells of broken rules otherwise."""

    __slots__ = ()

    def told(self, error: DBError) -> BaseException:
        """What is raised in the place of an error."""
        return error

    def put(self, tables: Mapping[str, Rows], changes: Sequence[Change]) -> None:
        try:
            super().put(tables, changes)
        except DBError as error:
            raise self.told(error) from None


@planted_engine("integrity")
class NoRules(Ruled):
    """Looks after no rule at all."""

    __slots__ = ()

    def put(self, tables: Mapping[str, Rows], changes: Sequence[Change]) -> None:
        for rows, old, new in changes:
            self.put_one(rows, old, new)


@planted_engine("integrity")
class NoUniqueRules(Ruled):
    """Looks after keys, and not after unique rules."""

    __slots__ = ()

    def put(self, tables: Mapping[str, Rows], changes: Sequence[Change]) -> None:
        for rows, old, new in changes:
            if new is not None and old is None and rows.get(rows.layout.by_key(new)) is not None:
                raise DBDuplicateEntry(table=rows.layout.name, columns=[rows.layout.key], value=None)
            _check_references(tables, rows, old, new)
            self.put_one(rows, old, new)


@planted_engine("integrity")
class DeletedDoNotCount(Ruled):
    """Takes the values of a soft-deleted row for free, whatever the rule says."""

    __slots__ = ()

    def put(self, tables: Mapping[str, Rows], changes: Sequence[Change]) -> None:
        for change in changes:
            try:
                super().put(tables, [change])
            except DBDuplicateEntry as error:
                rows, old, new = change
                if error.columns == [rows.layout.key] or not any(row["deleted"] for row in rows.all()):
                    raise
                self.put_one(rows, old, new)


@planted_engine("integrity")
class InsertsAlone(Planted):
    """Looks after unique rules where rows are inserted, and not where they change."""

    __slots__ = ()

    def _update(self, tables: Mapping[str, Rows], rows: Rows, found: Sequence[Row], values: Values) -> list[Row]:
        try:
            return super()._update(tables, rows, found, values)
        except DBDuplicateEntry:
            return list(found)


@planted_engine("integrity")
class Cascades(Ruled):
    """Removes what refers to a row along with it."""

    __slots__ = ()

    def put(self, tables: Mapping[str, Rows], changes: Sequence[Change]) -> None:
        for rows, old, new in changes:
            for column, referring in rows.layout.referred if new is None else ():
                for table, name in referring:
                    for row in tables[table].having(name, (old or {})[column]):
                        self.put_one(tables[table], row, None)
        super().put(tables, changes)


@planted_engine("integrity")
class NoReferences(Ruled):
    """Takes any reference, whether it leads to a row or not."""

    __slots__ = ()

    def put(self, tables: Mapping[str, Rows], changes: Sequence[Change]) -> None:
        with contextlib.suppress(DBReferenceError):
            super().put(tables, changes)


@planted_engine("integrity")
class WrongClass(Told):
    """Tells of a reference that leads nowhere as of a value that is taken."""

    __slots__ = ()

    def told(self, error: DBError) -> BaseException:
        if isinstance(error, DBReferenceError):
            return DBDuplicateEntry(table=error.table, columns=error.columns, value=error.value)
        return error


@planted_engine("integrity")
class OneColumnNamed(Told):
    """Names of a rule of several columns the first one alone."""

    __slots__ = ()

    def told(self, error: DBError) -> BaseException:
        if isinstance(error, DBDuplicateEntry) and len(error.columns) > 1:
            return DBDuplicateEntry(table=error.table, columns=list(error.columns)[:1], value=error.value)
        return error


@planted_engine("integrity")
class WrongSide(Told):
    """Blames a reference on the table that is referred to."""

    __slots__ = ()

    def told(self, error: DBError) -> BaseException:
        side = error._holding if isinstance(error, DBReferenceError) else None
        if side:
            return DBReferenceError(holding=side, table=side, columns=error.columns, value=error.value)
        return error


@planted_engine("integrity")
class ReferencesFirst(Ruled):
    """Tells of a row that breaks both kinds of rules that its reference leads nowhere."""

    __slots__ = ()

    def put(self, tables: Mapping[str, Rows], changes: Sequence[Change]) -> None:
        for rows, old, new in changes:
            _check_references(tables, rows, old, new)
            super().put(tables, [(rows, old, new)])


@planted_engine("integrity")
class Replaces(Planted):
    """Replaces the row whose key is taken, as ``REPLACE INTO`` does."""

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        for name, rows in batches:
            for row in rows:
                key = row.get(self._rows[name].layout.key)
                held = None if key is None else self._rows[name].get(key)
                if held is not None:
                    self._put(self._rows[name], [held], None)
        return super().insert(*batches)


def _check_references(tables: Mapping[str, Rows], rows: Rows, old: Row | None, new: Row | None) -> None:
    if new is not None:
        integrity.check_parents(tables, rows.layout, old, new)
    if old is not None:
        integrity.check_children(tables, rows.layout, old, new)
