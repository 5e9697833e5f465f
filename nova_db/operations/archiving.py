"""Archiving: deleted rows move to shadow tables, table by table."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.context import require_admin
from nova_db.driver.archiving import ArchivingContract
from nova_db.engine import Ne, Order
from nova_db.operations.running.declarations import checks, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES
from nova_db.schema.coercion import described, text_of

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Count
    from nova_db.engine import Transaction

_SHADOWS = frozenset(table.shadow.name for table in TABLES.values() if table.shadow is not None)


class ArchivingOperations(TransactionalDriver, ArchivingContract):
    """Archiving; each table is a transaction of its own."""

    @checks(require_admin)
    def archive_deleted_rows(self, context: Context, max_rows: Count = None) -> int:
        moved = 0
        for name in TABLES:
            left = None if max_rows is None else max_rows - moved
            if left == 0:
                break
            moved += self._archive(context, name, left)
        return moved

    @checks(require_admin)
    def archive_deleted_rows_for_table(self, context: Context, tablename: str, max_rows: Count = None) -> int:
        name = text_of(tablename)
        if name in _SHADOWS:
            return 0
        if name is None or name not in TABLES:
            named = described(tablename) if name is None else name
            nearest = difflib.get_close_matches(named, TABLES, 1)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            raise exceptions.DBError(message=f"There is no table {named!r}{hint}", table=named)
        return self._archive(context, name, max_rows)

    @writes(require_admin)
    def _archive(self, tx: Transaction, context: Context, tablename: str, max_rows: Count) -> int:
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
