"""Caches of what instances have sent and received, and of what volumes have read and written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from nova_db.clock import utcnow
from nova_db.context import require_context
from nova_db.driver.usage_caches import UsageCachesContract
from nova_db.engine import Eq, Gt, Query, Row, all_of, any_of
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import condition_update, create
from nova_db.operations.rows.conditions import among, equals, matches
from nova_db.operations.rows.reading import first
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.notifications import Notice
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Moment, Record, Text, Uuid
    from nova_db.engine import Transaction

BANDWIDTH = TABLES["bw_usage_cache"]
VOLUME_USAGE = TABLES["volume_usage_cache"]
_COUNTERS = ("reads", "read_bytes", "writes", "write_bytes")


def _reading(result: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What listeners are told: the arguments as they were passed."""
    return {name: value for name, value in arguments.items() if name != "update_cells"}


class UsageCachesOperations(TransactionalDriver, UsageCachesContract):
    """Bandwidth and volume usage; rows are found whether deleted or not."""

    @reads(require_context, snapshot=False)
    def bw_usage_get(
        self, tx: Transaction, context: Context, uuid: Text, start_period: dt.datetime, mac: Text
    ) -> Record | None:
        return first(tx, Query(BANDWIDTH.name, matches(BANDWIDTH, uuid=uuid, start_period=start_period, mac=mac)))

    @reads(require_context, snapshot=False)
    def bw_usage_get_by_uuids(
        self, tx: Transaction, context: Context, uuids: Iterable[Uuid], start_period: dt.datetime
    ) -> list[Record]:
        where = all_of(among(BANDWIDTH, "uuid", uuids), equals(BANDWIDTH, "start_period", start_period))
        return tx.select(Query(BANDWIDTH.name, where))

    @writes(require_context, endless=True, notify=Notice("bw_usage_update", _reading))
    def bw_usage_update(
        self,
        tx: Transaction,
        context: Context,
        uuid: Text,
        mac: Text,
        start_period: dt.datetime,
        bw_in: int,
        bw_out: int,
        last_ctr_in: int,
        last_ctr_out: int,
        last_refreshed: dt.datetime | None = None,
        update_cells: bool = True,
    ) -> None:
        key = {"uuid": uuid, "mac": mac, "start_period": start_period}
        usage: dict[str, Any] = {
            "bw_in": bw_in,
            "bw_out": bw_out,
            "last_ctr_in": last_ctr_in,
            "last_ctr_out": last_ctr_out,
        }
        usage["last_refreshed"] = last_refreshed or utcnow()
        row = BANDWIDTH.insert_values({**key, **usage})
        changes = condition_update(BANDWIDTH, usage)
        where = matches(BANDWIDTH, **key)
        if tx.update(BANDWIDTH.name, where, changes):
            return
        tx.serialize(locks.bandwidth(row["uuid"], row["mac"]))
        if not tx.update(BANDWIDTH.name, where, changes):
            tx.insert((BANDWIDTH.name, [row]))

    @reads(require_context, snapshot=False)
    def vol_get_usage_by_time(self, tx: Transaction, context: Context, begin: Moment) -> list[Record]:
        conditions = []
        for column in ("tot_last_refreshed", "curr_last_refreshed"):
            conditions += [Eq(column, None), Gt(column, begin)]
        return tx.select(Query(VOLUME_USAGE.name, any_of(*conditions)))

    @writes(require_context)
    def vol_usage_update(
        self,
        tx: Transaction,
        context: Context,
        id: Id,
        rd_req: int,
        rd_bytes: int,
        wr_req: int,
        wr_bytes: int,
        instance_id: Id | None,
        last_refreshed: dt.datetime | None = None,
        update_totals: bool = False,
    ) -> None:
        given = dict(zip(_COUNTERS, (rd_req, rd_bytes, wr_req, wr_bytes), strict=True))
        now = last_refreshed or utcnow()
        new = VOLUME_USAGE.insert_values(
            {
                "volume_id": id,
                "instance_id": instance_id,
                "curr_last_refreshed": now,
                "tot_last_refreshed": now,
                **{f"{'tot' if update_totals else 'curr'}_{name}": value for name, value in given.items()},
            }
        )
        tx.serialize(locks.volume_usage(new["volume_id"]))
        found = first(tx, Query(VOLUME_USAGE.name, Eq("volume_id", new["volume_id"]), limit=1, lock=True))
        if found is None:
            create(tx, VOLUME_USAGE, new)
            return
        counted = {name: new[f"{'tot' if update_totals else 'curr'}_{name}"] for name in _COUNTERS}
        changes = _accumulated(found, counted, now, update_totals)
        values = condition_update(VOLUME_USAGE, {**changes, "instance_id": instance_id})
        tx.update(VOLUME_USAGE.name, Eq("id", found["id"]), values)


def _accumulated(row: Row, counted: dict[str, int], now: dt.datetime, update_totals: bool) -> dict[str, Any]:
    """What a reading of the counters changes; a counter below its last reading means that all began anew."""
    current = {name: row[f"curr_{name}"] or 0 for name in _COUNTERS}
    restarted = any(counted[name] < current[name] for name in _COUNTERS)
    changes: dict[str, Any] = {}
    for name in _COUNTERS:
        finished = current[name] if restarted else 0
        changes[f"tot_{name}"] = (row[f"tot_{name}"] or 0) + finished + (counted[name] if update_totals else 0)
        changes[f"curr_{name}"] = 0 if update_totals else counted[name]
    if update_totals or restarted:
        changes["tot_last_refreshed"] = now
    if not update_totals:
        changes["curr_last_refreshed"] = now
    return changes
