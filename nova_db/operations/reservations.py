"""Reservations: quota checked and taken in one step, then committed, rolled back or expired."""

from __future__ import annotations

import datetime as dt
import logging
import uuid as uuidlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.context import RequestContext, require_admin, require_context
from nova_db.driver.reservations import ReservationsContract
from nova_db.engine import Add, Col, In, Lt, Predicate, Query, Row, all_of
from nova_db.operations.quotas import RESERVATIONS, USAGES
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import create
from nova_db.operations.rows.conditions import LIVE, among, equals
from nova_db.operations.rows.reading import one
from nova_db.operations.running.declarations import Refusal, reads, writes
from nova_db.operations.running.transactions import TransactionalDriver

if TYPE_CHECKING:
    from nova_db.driver.types import Context, QuotaResource, Record, Text, Values
    from nova_db.engine import Transaction

LOG = logging.getLogger(__name__)
Sync = Callable[[str], Mapping[str, int]]


class ReservationsOperations(TransactionalDriver, ReservationsContract):
    """Reservations."""

    @writes(require_context)
    def quota_reserve(
        self,
        tx: Transaction,
        context: Context,
        resources: Mapping[str, QuotaResource],
        quotas: Mapping[str, int | None],
        deltas: Mapping[str, int],
        expire: dt.datetime,
        until_refresh: int | None,
        max_age: float | None,
        project_id: Text = None,
    ) -> list[str] | Refusal:
        project = context.project_id if project_id is None else project_id
        stored = RESERVATIONS.update_values
        deltas = {resource: stored({"delta": delta})["delta"] for resource, delta in deltas.items()}
        tx.serialize(*locks.usages(project))
        elevated = _elevated(context)

        def sync(resource: str) -> Mapping[str, int]:
            with self._lend(tx) as session:
                return resources[resource].sync(elevated, project, session)

        usages = Usages(tx, project, until_refresh or None, max_age or 0)
        usages.refresh(deltas, sync)
        overs = usages.overs(deltas, quotas)
        rows = [] if overs else usages.reserve(deltas, expire)
        usages.store()
        if overs:
            return Refusal(exceptions.OverQuota(overs=overs, quotas=quotas, usages=usages.totals()))
        for row in rows:
            row["usage_id"] = usages.rows[row["resource"]]["id"]
        made = [RESERVATIONS.insert_values(row) for row in rows]
        if made:
            tx.insert(("reservations", made))
        return [row["uuid"] for row in made]

    @writes(require_admin)
    def reservation_create(
        self,
        tx: Transaction,
        context: Context,
        uuid: str,
        usage: Values,
        project_id: Text,
        resource: Text,
        delta: int,
        expire: dt.datetime,
    ) -> Record:
        values = {
            "uuid": uuid,
            "usage_id": usage["id"],
            "project_id": project_id,
            "resource": resource,
            "delta": delta,
            "expire": expire,
        }
        return create(tx, RESERVATIONS, values)

    @reads(require_context, snapshot=False)
    def reservation_get(self, tx: Transaction, context: Context, uuid: Text) -> Record:
        return one(
            tx,
            Query("reservations", all_of(equals(RESERVATIONS, "uuid", uuid), LIVE), limit=1),
            exceptions.ReservationNotFound,
            uuid=uuid,
        )

    @writes(require_context, materialize=("reservations",))
    def reservation_commit(
        self, tx: Transaction, context: Context, reservations: Iterable[str], project_id: Text = None
    ) -> None:
        _end(tx, among(RESERVATIONS, "uuid", reservations), commit=True)

    @writes(require_context, materialize=("reservations",))
    def reservation_rollback(
        self, tx: Transaction, context: Context, reservations: Iterable[str], project_id: Text = None
    ) -> None:
        _end(tx, among(RESERVATIONS, "uuid", reservations), commit=False)

    @writes(require_admin)
    def reservation_expire(self, tx: Transaction, context: Context) -> None:
        _end(tx, Lt("expire", utcnow()), commit=False, orphans=True)


class Usages:
    """The live usages of a project during one reservation; changes are kept and written by ``store``."""

    def __init__(self, tx: Transaction, project: str | None, until_refresh: int | None, max_age: float) -> None:
        self._tx = tx
        self._project = project
        self._until_refresh = until_refresh
        self._max_age = max_age
        self._now = utcnow()
        where = all_of(equals(USAGES, "project_id", project), LIVE)
        self.rows: dict[str, Row] = {row["resource"]: row for row in tx.select(Query("quota_usages", where, lock=True))}
        self._changes: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def refresh(self, resources: Iterable[str], sync: Sync) -> None:
        """Count anew what is new, in doubt or due; a count may come with counts of other resources."""
        counted: set[str] = set()
        for resource in resources:
            if resource in counted or not self._is_due(resource):
                continue
            for name, count in sync(resource).items():
                self._set(name, in_use=count, until_refresh=self._until_refresh)
                counted.add(name)

    def overs(self, deltas: Mapping[str, int], quotas: Mapping[str, int | None]) -> list[str]:
        """The resources whose limit the deltas would exceed, sorted; KeyError for one without a limit."""
        found = []
        for resource, delta in deltas.items():
            limit = quotas[resource]
            usage = self.rows[resource]
            if delta < 0 and usage["in_use"] + delta < 0:
                LOG.warning("Reserving %s of %s takes the usage of project %s below 0", delta, resource, self._project)
            if limit is not None and limit >= 0 and delta >= 0 and limit < usage["in_use"] + usage["reserved"] + delta:
                found.append(resource)
        return sorted(found)

    def reserve(self, deltas: Mapping[str, int], expire: dt.datetime | None) -> list[dict[str, Any]]:
        """Count the deltas as reserved; the values of their reservations."""
        if expire is None:
            message = "reservations.expire must not be null"
            raise exceptions.DBDataError(table="reservations", columns=["expire"], value=None, message=message)
        rows = []
        for resource, delta in deltas.items():
            if delta > 0:
                self._set(resource, reserved=self.rows[resource]["reserved"] + delta)
            uuid = str(uuidlib.uuid4())
            rows.append(
                {"uuid": uuid, "project_id": self._project, "resource": resource, "delta": delta, "expire": expire}
            )
        return rows

    def totals(self) -> dict[str, dict[str, int]]:
        """What is in use and reserved of every resource of the project."""
        return {name: {"in_use": row["in_use"], "reserved": row["reserved"]} for name, row in self.rows.items()}

    def store(self) -> None:
        """Write what has changed: new usages are inserted, others updated."""
        new = [name for name, row in self.rows.items() if row.get("id") is None]
        if new:
            made = self._tx.insert(("quota_usages", [USAGES.insert_values(self.rows[name]) for name in new]))[0]
            self.rows.update(zip(new, made, strict=True))
        alike: defaultdict[tuple[str, ...], list[tuple[Any, dict[str, Any]]]] = defaultdict(list)
        for name, changes in self._changes.items():
            if name not in new:
                values = {**changes, "updated_at": self._now}
                alike[tuple(sorted(values))].append((self.rows[name]["id"], values))
        for rows in alike.values():
            self._tx.update_each("quota_usages", rows)

    def _is_due(self, resource: str) -> bool:
        usage = self.rows.get(resource)
        if usage is None:
            self._set(resource, in_use=0, until_refresh=self._until_refresh)
            return True
        if usage["in_use"] < 0:
            return True
        if usage["until_refresh"] is not None:
            self._set(resource, until_refresh=usage["until_refresh"] - 1)
            return bool(self.rows[resource]["until_refresh"] <= 0)
        if not self._max_age:
            return False
        changed = usage["updated_at"] or usage["created_at"]
        return changed is None or (self._now - changed).total_seconds() >= self._max_age

    def _set(self, resource: str, **values: Any) -> None:
        usage = self.rows.setdefault(
            resource, {"project_id": self._project, "resource": resource, "in_use": 0, "reserved": 0}
        )
        changes = USAGES.update_values(values)
        usage.update(changes)
        self._changes[resource].update(changes)


def _elevated(context: Context) -> Context:
    """An administrator's copy of any context, the caller's own untouched."""
    elevate: Callable[[], Context] | None = getattr(context, "elevated", None)
    if elevate is not None:
        return elevate()
    return RequestContext(
        context.user_id, context.project_id, is_admin=True, read_deleted=context.read_deleted, overwrite=False
    )


def _end(tx: Transaction, which: Predicate, *, commit: bool, orphans: bool = False) -> None:
    """End the live reservations that match, each exactly once, and settle the usages that they name.

    KeyError if such a usage is no longer live, unless ``orphans`` are to end as well.
    """
    live = all_of(which, LIVE)
    projects = {row["project_id"] for row in tx.select(Query("reservations", live, columns=("id", "project_id")))}
    if not projects:
        return
    tx.serialize(*locks.usages(*projects))
    ended = tx.update_returning(Query("reservations", live), {"deleted": Col("id"), "deleted_at": utcnow()})
    settled: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in ended:
        delta = row["delta"]
        change = settled[row["usage_id"]]
        change[0] -= max(delta, 0)
        change[1] += delta if commit else 0
    now = utcnow()
    changes = [
        (usage, {"reserved": Add(reserved), "in_use": Add(in_use), "updated_at": now})
        for usage, (reserved, in_use) in sorted(settled.items())
        if commit or reserved
    ]
    changed = tx.update_each("quota_usages", changes, LIVE) if changes else 0
    if changed < len(settled) and not orphans:
        _require_usages(tx, ended)


def _require_usages(tx: Transaction, reservations: Iterable[Row]) -> None:
    """KeyError if a usage that the reservations name is no longer live."""
    named = all_of(In("id", [row["usage_id"] for row in reservations]), LIVE)
    live = {row["id"] for row in tx.select(Query("quota_usages", named, columns=("id",)))}
    for row in reservations:
        if row["usage_id"] not in live:
            raise KeyError(f"project {row['project_id']} has no live usage of {row['resource']} for {row['uuid']}")
