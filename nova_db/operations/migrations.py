"""Migrations of instances between hosts, and between flavors."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.context import require_admin
from nova_db.driver.migrations import MigrationsContract
from nova_db.engine import Eq, Le, NotIn, Query, all_of, any_of
from nova_db.operations.rows.changes import create, update_record
from nova_db.operations.rows.conditions import equals, matches, visible
from nova_db.operations.rows.reading import one, records
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Seconds, Text, Values
    from nova_db.engine import Transaction

MIGRATIONS = TABLES["migrations"]
_INSTANCE = ("instance.system_metadata",)
_NOT_OVER = NotIn("status", ("confirmed", "reverted"))


class MigrationsOperations(TransactionalDriver, MigrationsContract):
    """Migrations."""

    @writes(require_admin)
    def migration_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        return create(tx, MIGRATIONS, values)

    @writes(require_admin)
    def migration_update(self, tx: Transaction, context: Context, id: Id, values: Values) -> Record:
        record = update_record(tx, MIGRATIONS, equals(MIGRATIONS, "id", id), values)
        if record is None:
            raise exceptions.MigrationNotFound(migration_id=id)
        return record

    @reads(require_admin, snapshot=False)
    def migration_get(self, tx: Transaction, context: Context, migration_id: Id) -> Record:
        return one(
            tx,
            Query(MIGRATIONS.name, equals(MIGRATIONS, "id", migration_id)),
            exceptions.MigrationNotFound,
            migration_id=migration_id,
        )

    @reads(require_admin, snapshot=False)
    def migration_get_by_instance_and_status(
        self, tx: Transaction, context: Context, instance_uuid: Text, status: Text
    ) -> Record:
        where = matches(MIGRATIONS, instance_uuid=instance_uuid, status=status)
        return one(
            tx,
            Query(MIGRATIONS.name, where, limit=1),
            exceptions.MigrationNotFoundByStatus,
            instance_id=instance_uuid,
            status=status,
        )

    @reads(require_admin, snapshot=False)
    def migration_get_unconfirmed_by_dest_compute(
        self, tx: Transaction, context: Context, confirm_window: Seconds, dest_compute: Text
    ) -> list[Record]:
        before = utcnow() - dt.timedelta(seconds=confirm_window)
        here = equals(MIGRATIONS, "dest_compute", dest_compute)
        return tx.select(Query(MIGRATIONS.name, all_of(Eq("status", "finished"), here, Le("updated_at", before))))

    @reads(require_admin, snapshot=False)
    def migration_get_in_progress_by_host_and_node(
        self, tx: Transaction, context: Context, host: Text, node: Text
    ) -> list[Record]:
        # Each with the mark of deleted rows, which an index of the one begins with, so that none is read for the other.
        seen = visible(context, MIGRATIONS)
        leaving = all_of(seen, matches(MIGRATIONS, source_compute=host, source_node=node))
        coming = all_of(seen, matches(MIGRATIONS, dest_compute=host, dest_node=node))
        where = all_of(_NOT_OVER, any_of(leaving, coming))
        return records(tx, Query(MIGRATIONS.name, where, load=_INSTANCE))
