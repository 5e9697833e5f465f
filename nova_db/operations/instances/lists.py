"""Lists of instances: all, by host, by time window, and by filters with sorting and paging."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.context import require_admin, require_context
from nova_db.driver.instances import InstancesContract
from nova_db.engine import TRUE, Eq, Gt, In, Le, Lt, Ne, Order, Predicate, Query, Row, all_of, any_of
from nova_db.exceptions.wording import shown
from nova_db.operations.instances.filters import NAMES, filtered, paging
from nova_db.operations.instances.finding import INSTANCES
from nova_db.operations.rows.conditions import equals, scoped, visible, visible_with
from nova_db.operations.rows.reading import records
from nova_db.operations.running.declarations import reads
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import NO_MATCH, TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Count, Direction, Id, Moment, Record, Seconds, Text, Uuid, Values, Word
    from nova_db.engine import Transaction

JOINS = ("info_cache", "security_groups", "metadata", "system_metadata")
_FILLED = {"metadata": "instance_metadata", "system_metadata": "instance_system_metadata"}
_JOINABLE = (*JOINS, "block_device_mapping")


def _sees_deleted(context: Context, *_: Any, **__: Any) -> bool:
    """Whether the context sees more metadata than the relations have, so that they are read apart."""
    return context.read_deleted != "no"


def _reads_marker(
    context: Context,
    filters: Values,
    sort_key: Word = "",
    sort_dir: str = "",
    limit: Count = None,
    marker: Uuid | None = None,
    columns_to_join: Sequence[str] | None = None,
) -> bool:
    """Whether a list does that, or begins after an instance, which is read first."""
    return marker is not None or _sees_deleted(context)


class InstanceLists(TransactionalDriver, InstancesContract):
    """Functions that return lists of instances."""

    @reads(require_context, snapshot=_sees_deleted)
    def instance_get_all(
        self, tx: Transaction, context: Context, columns_to_join: Sequence[str] | None = None
    ) -> list[Record]:
        joins = _joins(columns_to_join)
        return list_instances(tx, context, all_of(visible(context, INSTANCES), scoped(context)), joins)

    @reads(require_context, snapshot=_reads_marker)
    def instance_get_all_by_filters(
        self,
        tx: Transaction,
        context: Context,
        filters: Values,
        sort_key: Word = "created_at",
        sort_dir: Direction = "desc",
        limit: Count = None,
        marker: Uuid | None = None,
        columns_to_join: Sequence[str] | None = None,
    ) -> list[Record]:
        NAMES.check(filters)
        joins = _joins(columns_to_join)
        page = paging(tx, context, sort_key, sort_dir, limit, marker)
        return list_instances(tx, context, filtered(context, filters), joins, **page)

    @reads(require_context, snapshot=_sees_deleted)
    def instance_get_active_by_window_joined(
        self,
        tx: Transaction,
        context: Context,
        begin: Moment,
        end: Moment | None = None,
        project_id: Text = None,
        host: Text = None,
    ) -> list[Record]:
        still_there = any_of(Eq("terminated_at", None), Gt("terminated_at", begin))
        launched = Lt("launched_at", end) if end else TRUE
        of_project = equals(INSTANCES, "project_id", project_id) if project_id else TRUE
        on_host = equals(INSTANCES, "host", host) if host else TRUE
        return list_instances(tx, context, all_of(still_there, launched, of_project, on_host), JOINS)

    @reads(require_admin, snapshot=_sees_deleted)
    def instance_get_all_by_host(
        self, tx: Transaction, context: Context, host: Text, columns_to_join: Sequence[str] | None = None
    ) -> list[Record]:
        filled = [name for name in _FILLED if columns_to_join is None or name in columns_to_join]
        where = visible_with(context, INSTANCES, "host", host)
        return list_instances(tx, context, where, ("info_cache", "security_groups", *filled))

    @reads(require_admin, snapshot=_sees_deleted)
    def instance_get_all_by_host_and_node(
        self, tx: Transaction, context: Context, host: Text, node: Text
    ) -> list[Record]:
        where = all_of(equals(INSTANCES, "host", host), equals(INSTANCES, "node", node), visible(context, INSTANCES))
        return list_instances(tx, context, where, ())

    @reads(require_admin, snapshot=_sees_deleted)
    def instance_get_all_by_host_and_not_type(
        self, tx: Transaction, context: Context, host: Text, type_id: Id | None = None
    ) -> list[Record]:
        other = INSTANCES.lookup("instance_type_id", type_id)
        not_type = Ne("instance_type_id", None if other is NO_MATCH else other)
        where = all_of(equals(INSTANCES, "host", host), not_type, visible(context, INSTANCES))
        return list_instances(tx, context, where, JOINS)

    @reads(require_admin, snapshot=_sees_deleted)
    def instance_get_all_hung_in_rebooting(
        self, tx: Transaction, context: Context, reboot_window: Seconds
    ) -> list[Record]:
        before = utcnow() - dt.timedelta(seconds=reboot_window)
        where = all_of(Eq("task_state", "rebooting"), Le("updated_at", before), visible(context, INSTANCES))
        return list_instances(tx, context, where, ("metadata", "system_metadata"))


def list_instances(
    tx: Transaction,
    context: Context,
    where: Predicate,
    joins: Iterable[str],
    *,
    order: tuple[Order, ...] = (),
    after: tuple[Any, ...] | None = None,
    limit: Count = None,
) -> list[Row]:
    """The instances that match, with the relations asked for; both metadata lists are always there."""
    joins = tuple(joins)
    by_rule = context.read_deleted == "no"
    load = joins if by_rule else tuple(name for name in joins if name not in _FILLED)
    rows = records(tx, Query("instances", where, order=order, after=after, limit=limit, load=load))
    for name, table in _FILLED.items():
        if name not in joins:
            for row in rows:
                row[name] = []
        elif not by_rule:
            _fill(tx, context, rows, name, table)
    return rows


def _fill(tx: Transaction, context: Context, rows: list[Row], name: str, table: str) -> None:
    """Attach metadata as the context sees it, where that differs from the relation's own rule."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    where = all_of(In("instance_uuid", [row["uuid"] for row in rows]), visible(context, TABLES[table]))
    for item in tx.select(Query(table, where)) if rows else ():
        found[item["instance_uuid"]].append(item)
    for row in rows:
        row[name] = found.get(row["uuid"], [])


def _joins(columns_to_join: Sequence[str] | None) -> tuple[str, ...]:
    if columns_to_join is None:
        return JOINS
    unknown = [name for name in columns_to_join if name not in _JOINABLE]
    if unknown:
        raise exceptions.Invalid(f"columns_to_join may name {', '.join(_JOINABLE)}; not {shown(unknown[0])!r}.")
    return tuple(dict.fromkeys(columns_to_join))
