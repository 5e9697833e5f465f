"""Aggregates: named groups of hosts, with metadata."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import require_admin
from nova_db.driver.aggregates import AggregatesContract
from nova_db.driver.kinds import ITEMS, take
from nova_db.engine import TRUE, Eq, Exists, Predicate, Query, Row, all_of
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import KeyValues, create, record_update, soft_delete, values_by_key
from nova_db.operations.rows.conditions import LIVE, equals, visible, visible_with
from nova_db.operations.rows.reading import exists, one, records
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Values
    from nova_db.engine import Transaction

AGGREGATES = TABLES["aggregates"]
HOSTS = TABLES["aggregate_hosts"]
AGGREGATE_METADATA = KeyValues("aggregate_metadata", "aggregate_id")
_RELATIONS = ("_hosts", "_metadata")


class AggregatesOperations(TransactionalDriver, AggregatesContract):
    """Aggregates, their hosts and metadata."""

    @writes(require_admin, keys={"values": ("name",)})
    def aggregate_create(
        self, tx: Transaction, context: Context, values: Values, metadata: Mapping[str, Any] | None = None
    ) -> Record:
        columns = {key: value for key, value in values.items() if key != "metadata"}
        name = columns["name"]
        row = AGGREGATES.insert_values(columns)
        tx.serialize(locks.aggregate_name(row["name"]))
        if exists(tx, AGGREGATES.name, all_of(Eq("name", row["name"]), LIVE)):
            raise exceptions.AggregateNameExists(aggregate_name=name)
        key = tx.insert((AGGREGATES.name, [row]))[0][0]["id"]
        rows = AGGREGATE_METADATA.rows(key, metadata)
        if rows:
            tx.insert((AGGREGATE_METADATA.table.name, rows))
        return _aggregates(tx, Eq("id", key))[0]

    @reads(require_admin, snapshot=False)
    def aggregate_get(self, tx: Transaction, context: Context, aggregate_id: Id) -> Record:
        query = Query(AGGREGATES.name, _seen(context, aggregate_id), load=_RELATIONS)
        return one(tx, query, exceptions.AggregateNotFound, aggregate_id=aggregate_id)

    @reads(require_admin, snapshot=False)
    def aggregate_get_all(self, tx: Transaction, context: Context) -> list[Record]:
        return _aggregates(tx, visible(context, AGGREGATES))

    @reads(require_admin, snapshot=False)
    def aggregate_get_by_host(self, tx: Transaction, context: Context, host: Text, key: Text = None) -> list[Record]:
        return _aggregates(tx, all_of(_with_host(host, key), visible(context, AGGREGATES)))

    @reads(require_admin, snapshot=False)
    def aggregate_metadata_get_by_host(
        self, tx: Transaction, context: Context, host: Text, key: Text = None
    ) -> dict[str, set[str]]:
        found: defaultdict[str, set[Any]] = defaultdict(set)
        wanted = AGGREGATE_METADATA.table.lookup("key", key)
        for aggregate in _aggregates(tx, all_of(_with_host(host, key), visible(context, AGGREGATES))):
            for name, value in aggregate["metadetails"].items():
                if not key or name == wanted:
                    found[name].add(value)
        return dict(found)

    @reads(require_admin, snapshot=False)
    def aggregate_host_get_by_metadata_key(self, tx: Transaction, context: Context, key: Text) -> dict[str, set[str]]:
        found: defaultdict[str, set[Any]] = defaultdict(set)
        wanted = AGGREGATE_METADATA.table.lookup("key", key)
        for aggregate in _aggregates(tx, all_of(_with_key(key), LIVE)):
            for host in aggregate["hosts"]:
                found[host].add(aggregate["metadetails"][wanted])
        return dict(found)

    @writes(require_admin)
    def aggregate_update(self, tx: Transaction, context: Context, aggregate_id: Id, values: Values) -> Record:
        columns = dict(values)
        metadata = take("aggregate_update(): values['metadata']", ITEMS, columns.pop("metadata", None))
        replace = metadata is not None
        if "availability_zone" in columns:
            metadata = {**(metadata or {}), "availability_zone": columns.pop("availability_zone")}
        changes = record_update(AGGREGATES, columns)
        key = _require(tx, context, aggregate_id)
        if changes:
            tx.update(AGGREGATES.name, Eq("id", key), changes)
        if metadata is not None:
            AGGREGATE_METADATA.write(tx, key, metadata, replace=replace)
        return _aggregates(tx, Eq("id", key))[0]

    @writes(require_admin)
    def aggregate_delete(self, tx: Transaction, context: Context, aggregate_id: Id) -> None:
        if not soft_delete(tx, AGGREGATES.name, _seen(context, aggregate_id)):
            raise exceptions.AggregateNotFound(aggregate_id=aggregate_id)
        metadata = equals(AGGREGATE_METADATA.table, "aggregate_id", aggregate_id)
        soft_delete(tx, AGGREGATE_METADATA.table.name, all_of(metadata, visible(context, AGGREGATE_METADATA.table)))

    @writes(require_admin)
    def aggregate_metadata_add(
        self,
        tx: Transaction,
        context: Context,
        aggregate_id: Id,
        metadata: Mapping[str, Any],
        set_delete: bool = False,
    ) -> None:
        AGGREGATE_METADATA.write(tx, _require(tx, context, aggregate_id, lock=True), metadata, replace=set_delete)

    @reads(require_admin)
    def aggregate_metadata_get(self, tx: Transaction, context: Context, aggregate_id: Id) -> dict[str, str]:
        key = _require(tx, context, aggregate_id)
        where = all_of(Eq("aggregate_id", key), visible(context, AGGREGATE_METADATA.table))
        return values_by_key(tx.select(Query(AGGREGATE_METADATA.table.name, where)))

    @writes(require_admin)
    def aggregate_metadata_delete(self, tx: Transaction, context: Context, aggregate_id: Id, key: Text) -> None:
        owner = _require(tx, context, aggregate_id)
        which = all_of(equals(AGGREGATE_METADATA.table, "key", key), visible(context, AGGREGATE_METADATA.table))
        if not AGGREGATE_METADATA.remove(tx, owner, which):
            raise exceptions.AggregateMetadataNotFound(aggregate_id=aggregate_id, metadata_key=key)

    @writes(require_admin)
    def aggregate_host_add(self, tx: Transaction, context: Context, aggregate_id: Id, host: str) -> None:
        key = _require(tx, context, aggregate_id, lock=True)
        tx.serialize(locks.hosts_of_aggregate(key))
        if exists(tx, HOSTS.name, all_of(_member(key, host), LIVE)):
            raise exceptions.AggregateHostExists(aggregate_id=aggregate_id, host=host)
        create(tx, HOSTS, {"aggregate_id": key, "host": host})

    @writes(require_admin)
    def aggregate_host_delete(self, tx: Transaction, context: Context, aggregate_id: Id, host: Text) -> None:
        key = _require(tx, context, aggregate_id)
        if not soft_delete(tx, HOSTS.name, all_of(_member(key, host), visible(context, HOSTS))):
            raise exceptions.AggregateHostNotFound(aggregate_id=aggregate_id, host=host)

    @reads(require_admin)
    def aggregate_host_get_all(self, tx: Transaction, context: Context, aggregate_id: Id) -> list[str]:
        key = _require(tx, context, aggregate_id)
        where = all_of(Eq("aggregate_id", key), visible(context, HOSTS))
        return [row["host"] for row in tx.select(Query(HOSTS.name, where))]


def _aggregates(tx: Transaction, where: Predicate) -> list[Row]:
    return records(tx, Query(AGGREGATES.name, where, load=_RELATIONS))


def _seen(context: Context, aggregate_id: Any) -> Predicate:
    return visible_with(context, AGGREGATES, "id", aggregate_id)


def _require(tx: Transaction, context: Context, aggregate_id: Any, *, lock: bool = False) -> int:
    """The id of an aggregate that the context sees, which nobody deletes meanwhile if so wanted; AggregateNotFound."""
    query = Query(AGGREGATES.name, _seen(context, aggregate_id), columns=("id",), lock=lock)
    return int(one(tx, query, exceptions.AggregateNotFound, aggregate_id=aggregate_id)["id"])


def _member(aggregate_id: int, host: Text) -> Predicate:
    return all_of(Eq("aggregate_id", aggregate_id), equals(HOSTS, "host", host))


def _with_key(key: Text) -> Predicate:
    has_key = all_of(equals(AGGREGATE_METADATA.table, "key", key), LIVE)
    return Exists(AGGREGATE_METADATA.table.name, (("id", "aggregate_id"),), has_key)


def _with_host(host: Text, key: Text) -> Predicate:
    """Live aggregates with a live membership of the host, and, if asked for, a live metadata key."""
    membership = Exists(HOSTS.name, (("id", "aggregate_id"),), all_of(equals(HOSTS, "host", host), LIVE))
    return all_of(LIVE, membership, _with_key(key) if key else TRUE)
