"""Compute nodes: what hypervisors have and use, with free-form statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import require_admin
from nova_db.driver.compute_nodes import ComputeNodesContract
from nova_db.driver.kinds import VALUES, take
from nova_db.engine import Contains, Predicate, Query, all_of
from nova_db.operations.rows.changes import KeyValues, condition_update, soft_delete
from nova_db.operations.rows.conditions import LIVE, equals, visible, visible_with
from nova_db.operations.rows.reading import one
from nova_db.operations.rows.times import parsed
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import NO_MATCH, TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Values
    from nova_db.engine import Transaction

NODES = TABLES["compute_nodes"]
STATS = KeyValues("compute_node_stats", "compute_node_id")
_RELATIONS = ("service", "stats")
_TEXT_TIMES = ("created_at", "updated_at", "deleted_at")
_SUMS = (
    "vcpus",
    "memory_mb",
    "local_gb",
    "vcpus_used",
    "memory_mb_used",
    "local_gb_used",
    "free_ram_mb",
    "free_disk_gb",
    "current_workload",
    "running_vms",
    "disk_available_least",
)


class ComputeNodesOperations(TransactionalDriver, ComputeNodesContract):
    """Compute nodes and their statistics."""

    @writes(require_admin)
    def compute_node_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        columns, stats = _split("compute_node_create", values)
        node = tx.insert(("compute_nodes", [NODES.insert_values(columns)]))[0][0]
        rows = STATS.rows(node["id"], stats)
        if rows:
            tx.insert((STATS.table.name, rows))
        return tx.select(Query("compute_nodes", equals(NODES, "id", node["id"]), load=_RELATIONS))[0]

    @reads(snapshot=False)
    def compute_node_get(self, tx: Transaction, context: Context, compute_id: Id) -> Record:
        return one(
            tx,
            Query("compute_nodes", _node(context, compute_id), load=_RELATIONS, limit=1),
            exceptions.ComputeHostNotFound,
            host=compute_id,
        )

    @reads(require_admin, snapshot=False)
    def compute_node_get_all(self, tx: Transaction, context: Context) -> list[Record]:
        return tx.select(Query("compute_nodes", visible(context, NODES), load=_RELATIONS))

    @reads(require_admin, snapshot=False)
    def compute_node_search_by_hypervisor(
        self, tx: Transaction, context: Context, hypervisor_match: str
    ) -> list[Record]:
        part = NODES.lookup("hypervisor_hostname", hypervisor_match)
        if part is None or part is NO_MATCH:
            return []
        where = all_of(Contains("hypervisor_hostname", part), visible(context, NODES))
        return tx.select(Query("compute_nodes", where, load=_RELATIONS))

    @writes(require_admin)
    def compute_node_update(
        self,
        tx: Transaction,
        context: Context,
        compute_id: Id,
        values: Values,
        prune_stats: bool = False,
    ) -> Record:
        columns, stats = _split("compute_node_update", values)
        changes = condition_update(NODES, columns)
        updated = tx.update_returning(Query("compute_nodes", _node(context, compute_id), load=_RELATIONS), changes)
        if not updated:
            raise exceptions.ComputeHostNotFound(host=compute_id)
        if not stats and not prune_stats:
            return updated[0]
        key = updated[0]["id"]
        STATS.write(tx, key, stats, replace=prune_stats, stamp_removed=True)
        return tx.select(Query("compute_nodes", equals(NODES, "id", key), load=_RELATIONS))[0]

    @writes(require_admin)
    def compute_node_delete(self, tx: Transaction, context: Context, compute_id: Id) -> None:
        if not soft_delete(tx, "compute_nodes", _node(context, compute_id)):
            raise exceptions.ComputeHostNotFound(host=compute_id)

    @reads(snapshot=False)
    def compute_node_statistics(self, tx: Transaction, context: Context) -> dict[str, int]:
        return tx.aggregate("compute_nodes", LIVE, sums=_SUMS)[0]


def _node(context: Context, compute_id: Id) -> Predicate:
    return visible_with(context, NODES, "id", compute_id)


def _split(function: str, values: Values) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The columns and the statistics among the values; ``host`` is a service's and is ignored."""
    columns = parsed(function, values, _TEXT_TIMES)
    columns.pop("host", None)
    stats = columns.pop("stats", None)
    if stats is None:
        stats = {}
    stats = take(f"{function}(): values['stats']", VALUES, stats)
    return columns, stats
