"""Instances made, and updated with compare-and-set."""

from __future__ import annotations

import copy
import datetime as dt
import functools
import uuid as uuidlib
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.driver.kinds import ITEMS, KEYS, take
from nova_db.engine import Predicate, Query, Row, all_of
from nova_db.operations.instances import hostnames
from nova_db.operations.instances.finding import INSTANCES, RELATIONS, hold, named, with_relations
from nova_db.operations.rows.changes import KeyValues, record_update
from nova_db.operations.rows.conditions import one_of
from nova_db.operations.rows.insisting import insist
from nova_db.operations.rows.records import add_computed
from nova_db.operations.rows.uuids import require_uuid
from nova_db.operations.security_groups.groups import resolve_groups
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Uuid, Values
    from nova_db.engine import Transaction

INSTANCE_METADATA = KeyValues("instance_metadata", "instance_uuid")
SYSTEM_METADATA = KeyValues("instance_system_metadata", "instance_uuid")
_RECORD = Query("instances", load=RELATIONS)
_NAMED = Query("instances", columns=("id", "uuid"))


def create_instance(tx: Transaction, context: Context, values: Values) -> Row:
    """Insert an instance with all that belongs to it; the record."""
    given = dict(values)
    metadata, system_metadata, info_cache = _items("instance_create", given, "info_cache")
    group_names = _group_names(given.pop("security_groups", ()))
    given["uuid"] = given.get("uuid") or str(uuidlib.uuid4())
    now = utcnow()
    row = INSTANCES.insert_values(given, now)
    uuid = row["uuid"]
    batches = (
        ("instances", [row]),
        ("instance_info_caches", [_cache_of(uuid, info_cache or {}, now)]),
        ("instance_metadata", INSTANCE_METADATA.rows(uuid, metadata, now)),
        ("instance_system_metadata", SYSTEM_METADATA.rows(uuid, system_metadata, now)),
        ("instance_id_mappings", [TABLES["instance_id_mappings"].insert_values({"uuid": uuid}, now)]),
    )
    hostnames.require_free(tx, context, row["hostname"])
    groups = resolve_groups(tx, context, group_names)
    associate = TABLES["security_group_instance_association"].insert_values
    links = [associate({"security_group_id": group["id"], "instance_uuid": uuid}, now) for group in groups]
    made = tx.insert(*batches, ("security_group_instance_association", links))
    record = made[0][0]
    live = record["deleted"] == INSTANCES.live_value
    record.update(
        info_cache=made[1][0], metadata=made[2], system_metadata=made[3], security_groups=groups if live else []
    )
    add_computed("instances", [record])
    return record


def update_instance(
    tx: Transaction, context: Context, instance_uuid: Uuid, values: Values, *, want_original: bool = False
) -> tuple[Row, Row]:
    """Update an instance with compare-and-set; what it was (if wanted, else what it is) and what it is."""
    require_uuid(instance_uuid)
    given = dict(values)
    expected = _states(given.pop("expected_task_state")) if "expected_task_state" in given else None
    function = "instance_update_and_get_original" if want_original else "instance_update"
    metadata, system_metadata = _items(function, given)
    changes = record_update(INSTANCES, given)
    where = named(context, "uuid", instance_uuid)
    original = None
    if want_original or (changes.get("hostname") is not None and hostnames.scope()):
        original = hold(tx, context, instance_uuid)
        _require_expected(original, expected)
        if hostnames.is_renamed(original["hostname"], changes.get("hostname")):
            hostnames.require_free(tx, context, changes["hostname"])
    is_whole = metadata is None and system_metadata is None
    asked = _RECORD if is_whole else _NAMED  # its relations are read once they are what they are to be
    record = _compare_and_set(tx, asked, where, expected, changes, instance_uuid)
    if metadata is not None:
        INSTANCE_METADATA.write(tx, record["uuid"], metadata, replace=True, stamp_removed=True)
    if system_metadata is not None:
        SYSTEM_METADATA.write(tx, record["uuid"], system_metadata, replace=True, stamp_removed=True)
    if is_whole:
        add_computed("instances", [record], RELATIONS)
    else:
        record = with_relations(tx, record["id"])
    return original or record, record


def _compare_and_set(
    tx: Transaction,
    asked: Query,
    where: Predicate,
    expected: Collection[Any] | None,
    changes: Mapping[str, Any],
    uuid: Uuid,
) -> Row:
    """Write the columns, and hold the row, if the task state is an expected one; what is asked of it, as it is then."""
    accepted = where if expected is None else all_of(where, one_of(INSTANCES, "task_state", expected))
    write: Callable[[], list[Row]]
    if changes:
        write = functools.partial(tx.update_returning, asked.asking(accepted), changes)
    else:
        write = functools.partial(tx.select, asked.asking(accepted).replace(limit=1, lock=True))
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
    if expected is not None and not holds("task_state", state, expected):
        raise exceptions.UnexpectedTaskStateError(actual=state, expected=expected)


def holds(column: str, state: Any, values: Collection[Any]) -> bool:
    """Whether a state, as it is stored, equals one of the values."""
    return any(INSTANCES.lookup(column, value) == state for value in values)


def _states(expected: Any) -> Collection[Any]:
    """The acceptable states: those of a collection, or the one that is given."""
    return copy.copy(expected) if issubclass(type(expected), (list, tuple, set, frozenset)) else (expected,)


def _cache_of(uuid: str, values: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    return TABLES["instance_info_caches"].insert_values({**values, "instance_uuid": uuid}, now)


def _items(function: str, given: dict[str, Any], *further: str) -> list[Mapping[str, Any] | None]:
    """The mappings among the values, taken out of them; None for one that is not there."""
    names = ("metadata", "system_metadata", *further)
    found = [given.pop(name, None) for name in names]
    if ITEMS.plain.issuperset(map(type, found)):
        return found
    return [take(f"{function}(): values[{name!r}]", ITEMS, value) for name, value in zip(names, found, strict=True)]


def _group_names(names: Any) -> list[str]:
    return list(dict.fromkeys(take("instance_create(): values['security_groups']", KEYS, names)))
