"""Archiving: deleted rows move to shadow tables, table by table."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.context import require_admin
from nova_db.driver.archiving import ArchivingContract
from nova_db.engine import Ne, Order
from nova_db.operations.running.declarations import writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context
    from nova_db.engine import Transaction

_SHADOWS = frozenset(table.shadow.name for table in TABLES.values() if table.shadow is not None)


class ArchivingOperations(TransactionalDriver, ArchivingContract):
    """Archiving; each table is a transaction of its own."""

    def archive_deleted_rows(self, context: Context, max_rows: int | None = None) -> int:
        require_admin(context)
        _check(max_rows)
        moved = 0
        for name in TABLES:
            left = None if max_rows is None else max_rows - moved
            if left == 0:
                break
            moved += self._archive(context, name, left)
        return moved

    def archive_deleted_rows_for_table(self, context: Context, tablename: str, max_rows: int | None = None) -> int:
        require_admin(context)
        _check(max_rows)
        if tablename in _SHADOWS:
            return 0
        if tablename not in TABLES:
            nearest = difflib.get_close_matches(str(tablename), TABLES, 1)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            raise exceptions.DBError(message=f"There is no table {tablename!r}{hint}", table=str(tablename))
        return self._archive(context, tablename, max_rows)

    @writes(require_admin)
    def _archive(self, tx: Transaction, context: Context, tablename: str, max_rows: int | None) -> int:
        table = TABLES[tablename]
        if table.shadow is None:
            return 0
        try:
            with tx.savepoint():
                deleted = Ne("deleted", table.live_value)
                return tx.move(
                    table.name, table.shadow.name, deleted, order=(Order(table.primary_key),), limit=max_rows
                )
        except exceptions.DBReferenceError:
            return 0  # other rows refer to one of these: they go first


def _check(max_rows: int | None) -> None:
    if max_rows is not None and max_rows < 0:
        raise ValueError(f"max_rows must be None or at least 0, not {max_rows}")
