"""Mistakes in what the rules refuse, and in how that is told."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from nova_db.engine import Row, Values
from nova_db.engine.rows import Rows, integrity
from nova_db.engine.rows.changes import Version
from nova_db.exceptions import DBDuplicateEntry, DBError, DBReferenceError
from tests.suite.plants.registry import Planted, planted_engine


class Told(Planted):
    """A transaction that tells of broken rules otherwise."""

    __slots__ = ()

    def told(self, error: DBError) -> BaseException:
        """What is raised in the place of an error."""
        return error

    def _replace(self, tables: Mapping[str, Rows], versions: Sequence[Version]) -> None:
        try:
            super()._replace(tables, versions)
        except DBError as error:
            raise self.told(error) from None


@planted_engine("integrity")
class NoRules(Planted):
    """Looks after no rule at all."""

    __slots__ = ()

    def _replace(self, tables: Mapping[str, Rows], versions: Sequence[Version]) -> None:
        for rows, old, new in versions:
            self._put(rows, old, new)


@planted_engine("integrity")
class NoUniqueRules(Planted):
    """Looks after keys, and not after unique rules."""

    __slots__ = ()

    def _replace(self, tables: Mapping[str, Rows], versions: Sequence[Version]) -> None:
        for rows, old, new in versions:
            if new is not None and old is None:
                integrity._check_key(rows, new)
            integrity.check_references(tables, rows, old, new)
            self._put(rows, old, new)


@planted_engine("integrity")
class DeletedDoNotCount(Planted):
    """Takes the values of a soft-deleted row for free, whatever the rule says."""

    __slots__ = ()

    def _replace(self, tables: Mapping[str, Rows], versions: Sequence[Version]) -> None:
        for version in versions:
            try:
                super()._replace(tables, [version])
            except DBDuplicateEntry as error:
                rows, old, new = version
                if error.columns == [rows.layout.key] or not any(row["deleted"] for row in rows.all()):
                    raise
                self._put(rows, old, new)


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
class Cascades(Planted):
    """Removes what refers to a row along with it."""

    __slots__ = ()

    def _replace(self, tables: Mapping[str, Rows], versions: Sequence[Version]) -> None:
        for rows, old, new in versions:
            for column, referring in rows.layout.referred if new is None else ():
                for table, name in referring:
                    for row in tables[table].having(name, (old or {})[column]):
                        self._put(tables[table], row, None)
        super()._replace(tables, versions)


@planted_engine("integrity")
class NoReferences(Planted):
    """Takes any reference, whether it leads to a row or not."""

    __slots__ = ()

    def _replace(self, tables: Mapping[str, Rows], versions: Sequence[Version]) -> None:
        with contextlib.suppress(DBReferenceError):
            super()._replace(tables, versions)


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
class ReferencesFirst(Planted):
    """Tells of a row that breaks both kinds of rules that its reference leads nowhere."""

    __slots__ = ()

    def _replace(self, tables: Mapping[str, Rows], versions: Sequence[Version]) -> None:
        for rows, old, new in versions:
            integrity.check_references(tables, rows, old, new)
            super()._replace(tables, [(rows, old, new)])


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
                    self._put(self._rows[name], held, None)
        return super().insert(*batches)
