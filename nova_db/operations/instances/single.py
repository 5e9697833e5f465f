"""Single instances: created, read, updated, destroyed."""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.constraints import Constraint
from nova_db.context import require_admin, require_context
from nova_db.driver.instances import InstancesContract
from nova_db.engine import Col, Eq, Row, all_of
from nova_db.operations.instances.finding import INSTANCES, get_by_id, get_by_uuid, hold, named
from nova_db.operations.instances.writing import create_instance, holds, update_instance
from nova_db.operations.rows.changes import condition_update
from nova_db.operations.rows.conditions import constrained, one_of, visible_with
from nova_db.operations.rows.insisting import insist
from nova_db.operations.rows.uuids import require_uuid
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.notifications import Notice
from nova_db.operations.running.transactions import TransactionalDriver

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Session, Text, Uuid, Values, Word
    from nova_db.engine import Transaction

_DEPENDENTS = ("security_group_instance_association", "instance_info_caches", "instance_metadata")


class SingleInstances(TransactionalDriver, InstancesContract):
    """Reads and writes of single instances; lists are in ``lists``."""

    @writes(require_context)
    def instance_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        return create_instance(tx, context, values)

    @reads(require_context, snapshot=False)
    def instance_get(self, tx: Transaction, context: Context, instance_id: Id) -> Record:
        return get_by_id(tx, context, instance_id)

    @reads(require_context, snapshot=False)
    def instance_get_by_uuid(self, tx: Transaction, context: Context, uuid: Text) -> Record:
        return get_by_uuid(tx, context, uuid)

    @writes(require_context, notify=Notice("instance_update"))
    def instance_update(
        self, tx: Transaction, context: Context, instance_uuid: Uuid, values: Values, update_cells: bool = True
    ) -> Record:
        return update_instance(tx, context, instance_uuid, values)[1]

    @writes(require_context, notify=Notice("instance_update", lambda result, _: result[1]))
    def instance_update_and_get_original(
        self, tx: Transaction, context: Context, instance_uuid: Uuid, values: Values
    ) -> tuple[Record, Record]:
        return update_instance(tx, context, instance_uuid, values, want_original=True)

    @writes(require_context)
    def instance_test_and_set(
        self,
        tx: Transaction,
        context: Context,
        instance_uuid: Uuid,
        attr: Word,
        ok_states: Collection[Any],
        new_state: Any,
    ) -> None:
        require_uuid(instance_uuid)
        changes = condition_update(INSTANCES, {attr: new_state})
        where = named(context, "uuid", instance_uuid)
        accepted = all_of(where, one_of(INSTANCES, attr, ok_states))

        def require(row: Row) -> None:
            state = row[attr]
            if not holds(attr, state, ok_states):
                raise exceptions.InstanceInvalidState(
                    attr=attr, instance_uuid=instance_uuid, state=state, method="instance_test_and_set"
                )

        write = functools.partial(tx.update, "instances", accepted, changes)
        if not (write() or insist(tx, INSTANCES, where, accepted, write, require, columns=(attr,))):
            raise exceptions.InstanceNotFound(instance_id=instance_uuid)

    @writes(require_context, notify=Notice("instance_destroy"))
    def instance_destroy(
        self,
        tx: Transaction,
        context: Context,
        instance_uuid: Uuid,
        constraint: Constraint | None = None,
        update_cells: bool = True,
    ) -> Record:
        require_uuid(instance_uuid)
        condition = constrained(INSTANCES, constraint)
        record = hold(tx, context, instance_uuid)
        now = utcnow()
        gone = {"deleted": Col("id"), "deleted_at": now}
        # Which row that is, and that the context may see it, stays as it was: it is held.
        if not tx.update("instances", all_of(Eq("id", record["id"]), condition), gone):
            raise exceptions.ConstraintNotMet
        for table in _DEPENDENTS:
            tx.update(table, Eq("instance_uuid", instance_uuid), gone)
        dependents = [record["info_cache"]] if record["info_cache"] is not None else []
        for row in (record, *record["metadata"], *dependents):
            row.update(deleted=row["id"], deleted_at=now)
        return record

    @reads(require_admin, snapshot=False, takes_session=True)
    def instance_data_get_for_project(
        self, tx: Transaction, context: Context, project_id: Text, session: Session = None
    ) -> tuple[int, int, int]:
        where = visible_with(context, INSTANCES, "project_id", project_id)
        total = tx.aggregate("instances", where, sums=("vcpus", "memory_mb"))[0]
        return total["count"], total["vcpus"], total["memory_mb"]
