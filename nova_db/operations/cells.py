"""Neighbouring cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.context import require_admin
from nova_db.driver.cells import CellsContract
from nova_db.engine import Predicate, Query
from nova_db.operations.rows.changes import condition_update, create, soft_delete
from nova_db.operations.rows.conditions import LIVE, visible_with
from nova_db.operations.rows.reading import one
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Record, Text, Values
    from nova_db.engine import Transaction

CELLS = TABLES["cells"]


class CellsOperations(TransactionalDriver, CellsContract):
    """Cells."""

    @writes(require_admin)
    def cell_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        return create(tx, CELLS, values)

    @writes(require_admin)
    def cell_update(self, tx: Transaction, context: Context, cell_name: Text, values: Values) -> Record:
        changes = condition_update(CELLS, values)
        updated = tx.update_returning(Query(CELLS.name, _named(context, cell_name)), changes)
        if not updated:
            raise exceptions.CellNotFound(cell_name=cell_name)
        return updated[0]

    @writes(require_admin)
    def cell_delete(self, tx: Transaction, context: Context, cell_name: Text) -> int:
        return soft_delete(tx, CELLS.name, _named(context, cell_name))

    @reads(require_admin, snapshot=False)
    def cell_get(self, tx: Transaction, context: Context, cell_name: Text) -> Record:
        return one(
            tx, Query(CELLS.name, _named(context, cell_name), limit=1), exceptions.CellNotFound, cell_name=cell_name
        )

    @reads(require_admin, snapshot=False)
    def cell_get_all(self, tx: Transaction, context: Context) -> list[Record]:
        return tx.select(Query(CELLS.name, LIVE))


def _named(context: Context, cell_name: Text) -> Predicate:
    return visible_with(context, CELLS, "name", cell_name)
