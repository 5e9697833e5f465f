"""Instances: created, read, listed, updated with compare-and-set, destroyed."""

from __future__ import annotations

import copy
import functools
import uuid as uuidlib
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.constraints import Constraint
from nova_db.context import require_admin, require_context
from nova_db.driver.instances import InstancesContract
from nova_db.engine import Col, Eq, Predicate, Query, Row, all_of
from nova_db.operations.instances import hostnames
from nova_db.operations.rows.changes import KeyValues, record_update
from nova_db.operations.rows.conditions import constrained, equals, one_of, scoped, visible
from nova_db.operations.rows.insisting import insist
from nova_db.operations.rows.records import dress
from nova_db.operations.rows.uuids import require_uuid
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.notifications import Notice
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.operations.security_groups.groups import resolve_groups
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Session, Text, Values
    from nova_db.engine import Transaction

INSTANCES = TABLES["instances"]
RECORD = ("security_groups.rules", "info_cache", "metadata", "system_metadata")
"""The relations that a single instance carries."""

METADATA = KeyValues("instance_metadata", "instance_uuid")
SYSTEM_METADATA = KeyValues("instance_system_metadata", "instance_uuid")
_DEPENDENTS = ("security_group_instance_association", "instance_info_caches", "instance_metadata")
_INT64 = 2**63


def find_instance(tx: Transaction, context: Context, where: Predicate, *, lock: bool = False) -> Row | None:
    """The instance that a condition on a unique column names, if the context may see it; with all its relations."""
    condition = all_of(where, visible(context, INSTANCES), scoped(context))
    if lock:
        held = tx.select(Query("instances", condition, columns=("id",), limit=1, lock=True))
        return _with_relations(tx, held[0]["id"]) if held else None
    found = tx.select(Query("instances", condition, limit=1, load=RECORD))
    dress("instances", found, RECORD)
    return found[0] if found else None


def _with_relations(tx: Transaction, key: int) -> Row:
    """An instance that this transaction holds.

    A statement that had to wait for the row would show the relations as they were when it began; this one begins now.
    """
    found = tx.select(Query("instances", Eq("id", key), limit=1, load=RECORD))
    dress("instances", found, RECORD)
    return found[0]


def get_by_uuid(tx: Transaction, context: Context, uuid: object) -> Row:
    """As ``instance_get_by_uuid``."""
    found = find_instance(tx, context, equals(INSTANCES, "uuid", uuid))
    if found is None:
        raise exceptions.InstanceNotFound(instance_id=uuid)
    return found


def get_by_id(tx: Transaction, context: Context, instance_id: object) -> Row:
    """As ``instance_get``."""
    _require_id(instance_id)
    found = find_instance(tx, context, equals(INSTANCES, "id", instance_id))
    if found is None:
        raise exceptions.InstanceNotFound(instance_id=instance_id)
    return found


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
        self, tx: Transaction, context: Context, instance_uuid: str, values: Values, update_cells: bool = True
    ) -> Record:
        return _updated(tx, context, instance_uuid, values)[1]

    @writes(require_context, notify=Notice("instance_update", lambda result, _: result[1]))
    def instance_update_and_get_original(
        self, tx: Transaction, context: Context, instance_uuid: str, values: Values
    ) -> tuple[Record, Record]:
        return _updated(tx, context, instance_uuid, values, want_original=True)

    @writes(require_context)
    def instance_test_and_set(
        self,
        tx: Transaction,
        context: Context,
        instance_uuid: str,
        attr: str,
        ok_states: Collection[Any],
        new_state: Any,
    ) -> None:
        require_uuid(instance_uuid)
        changes = INSTANCES.update_values({attr: new_state})
        changes.setdefault("updated_at", utcnow())
        where = _target(context, instance_uuid)
        accepted = all_of(where, one_of(INSTANCES, attr, ok_states))

        def require(row: Row) -> None:
            state = row[attr]
            if not _holds(attr, state, ok_states):
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
        instance_uuid: str,
        constraint: Constraint | None = None,
        update_cells: bool = True,
    ) -> Record:
        require_uuid(instance_uuid)
        condition = constrained(INSTANCES, constraint)
        record = find_instance(tx, context, Eq("uuid", instance_uuid), lock=True)
        if record is None:
            raise exceptions.InstanceNotFound(instance_id=instance_uuid)
        now = utcnow()
        gone = {"deleted": Col("id"), "deleted_at": now}
        if not tx.update("instances", all_of(_target(context, instance_uuid), condition), gone):
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
        where = all_of(equals(INSTANCES, "project_id", project_id), visible(context, INSTANCES))
        total = tx.aggregate("instances", where, sums=("vcpus", "memory_mb"))[0]
        return total["count"], total["vcpus"], total["memory_mb"]


def create_instance(tx: Transaction, context: Context, values: Values) -> Row:
    """Insert an instance with all that belongs to it; the record."""
    given = dict(values)
    metadata = given.pop("metadata", None)
    system_metadata = given.pop("system_metadata", None)
    info_cache = given.pop("info_cache", None) or {}
    group_names = _group_names(given.pop("security_groups", ()))
    given["uuid"] = given.get("uuid") or str(uuidlib.uuid4())
    row = INSTANCES.insert_values(given)
    uuid = row["uuid"]
    batches = (
        ("instances", [row]),
        ("instance_info_caches", [TABLES["instance_info_caches"].insert_values({**info_cache, "instance_uuid": uuid})]),
        ("instance_metadata", METADATA.rows(uuid, metadata)),
        ("instance_system_metadata", SYSTEM_METADATA.rows(uuid, system_metadata)),
        ("instance_id_mappings", [TABLES["instance_id_mappings"].insert_values({"uuid": uuid})]),
    )
    hostnames.require_free(tx, context, row["hostname"])
    groups = resolve_groups(tx, context, group_names)
    associate = TABLES["security_group_instance_association"].insert_values
    links = [associate({"security_group_id": group["id"], "instance_uuid": uuid}) for group in groups]
    made = tx.insert(*batches, ("security_group_instance_association", links))
    record = made[0][0]
    live = record["deleted"] == INSTANCES.live_value
    record.update(
        info_cache=made[1][0], metadata=made[2], system_metadata=made[3], security_groups=groups if live else []
    )
    dress("instances", [record])
    return record


def _updated(
    tx: Transaction, context: Context, instance_uuid: str, values: Values, *, want_original: bool = False
) -> tuple[Row, Row]:
    """Update an instance with compare-and-set; what it was (if wanted, else what it is) and what it is."""
    require_uuid(instance_uuid)
    given = dict(values)
    expected = _expected_states(given)
    replaced = [
        (items, given.pop(name))
        for name, items in (("metadata", METADATA), ("system_metadata", SYSTEM_METADATA))
        if name in given
    ]
    changes = record_update(INSTANCES, given)
    where = _target(context, instance_uuid)
    original = None
    if want_original or (hostnames.scope() and changes.get("hostname") is not None):
        original = find_instance(tx, context, Eq("uuid", instance_uuid), lock=True)
        if original is None:
            raise exceptions.InstanceNotFound(instance_id=instance_uuid)
        _require_expected(original, expected)
        if hostnames.is_renamed(original["hostname"], changes.get("hostname")):
            hostnames.require_free(tx, context, changes["hostname"])
    held = _compare_and_set(tx, where, expected, changes, instance_uuid)
    for items, wanted in replaced:
        if wanted is not None:
            items.write(tx, held["uuid"], wanted, replace=True, stamp_removed=True)
    record = _with_relations(tx, held["id"])
    return original or record, record


def _compare_and_set(
    tx: Transaction, where: Predicate, expected: Collection[Any] | None, changes: Mapping[str, Any], uuid: str
) -> Row:
    """Write the columns, and hold the row, if the task state is an expected one; its id and uuid as they are now."""
    accepted = where if expected is None else all_of(where, one_of(INSTANCES, "task_state", expected))

    def write() -> list[Row]:
        if changes:
            return tx.update_returning(Query("instances", accepted, columns=("id", "uuid")), changes)
        return tx.select(Query("instances", accepted, columns=("id", "uuid"), limit=1, lock=True))

    found = write()
    if not found:
        require = functools.partial(_require_expected, expected=expected)
        found = insist(tx, INSTANCES, where, accepted, write, require, columns=("task_state",)) or []
    if not found:
        raise exceptions.InstanceNotFound(instance_id=uuid)
    return found[0]


def _require_expected(row: Row, expected: Collection[Any] | None) -> None:
    """UnexpectedTaskStateError unless the task state is an expected one; None expects nothing in particular."""
    state = row["task_state"]
    if expected is not None and not _holds("task_state", state, expected):
        raise exceptions.UnexpectedTaskStateError(actual=state, expected=expected)


def _target(context: Context, instance_uuid: str) -> Predicate:
    return all_of(Eq("uuid", instance_uuid), visible(context, INSTANCES), scoped(context))


def _holds(column: str, state: Any, values: Collection[Any]) -> bool:
    return any(INSTANCES.lookup(column, value) == state for value in values)


def _expected_states(given: dict[str, Any]) -> Collection[Any] | None:
    """Take ``expected_task_state`` out of the values: the acceptable states, None for any."""
    if "expected_task_state" not in given:
        return None
    expected = given.pop("expected_task_state")
    return copy.copy(expected) if isinstance(expected, (list, tuple, set, frozenset)) else (expected,)


def _group_names(names: Any) -> list[str]:
    if names is None or isinstance(names, (str, bytes)):
        raise TypeError(f"security_groups takes a list of group names, not {names!r}")
    return list(dict.fromkeys(names))


def _require_id(instance_id: object) -> None:
    """InvalidID for a number that no server's integers hold."""
    try:
        number = int(instance_id) if isinstance(instance_id, (int, str)) else 0
    except ValueError:
        return
    if not -_INT64 <= number < _INT64:
        raise exceptions.InvalidID(id=instance_id)
