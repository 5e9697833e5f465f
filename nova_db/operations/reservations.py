"""Reservations: quota checked and taken in one step, then committed, rolled back or expired."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.context import RequestContext, require_admin, require_context
from nova_db.driver.kinds import VALUES, take
from nova_db.driver.reservations import ReservationsContract
from nova_db.engine import Add, Col, Eq, In, Lt, Predicate, Query, Row, all_of
from nova_db.operations.quotas import QUOTAS, RESERVATIONS, USAGES
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import create
from nova_db.operations.rows.conditions import LIVE, among, equals
from nova_db.operations.rows.reading import one
from nova_db.operations.rows.usages import Usages, by_stored_name
from nova_db.operations.running.declarations import Refusal, reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema.coercion import described

if TYPE_CHECKING:
    from nova_db.driver.types import Context, QuotaResource, Record, SyncFunction, Text, Uuid, Values
    from nova_db.engine import Transaction

LOG = logging.getLogger(__name__)
_NUMBERS: Final = frozenset({int, type(None)})


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
        wanted = {name: stored({"delta": delta})["delta"] for name, delta in by_stored_name(deltas).items()}
        limits = _limits(quotas, wanted)
        counted = by_stored_name(resources)
        tx.serialize(*locks.usages(project))

        def sync(resource: str) -> Mapping[str, int]:
            function = _sync_of(counted, resource, wanted)
            with self._lend(tx) as session:
                counts: Mapping[str, int] = take(
                    f"What {resource}.sync() returns", VALUES, function(_elevated(context), project, session)
                )
            return counts

        fresh = None
        if until_refresh:
            fresh = USAGES.update_values({"until_refresh": until_refresh})["until_refresh"] or None
        usages = Usages(tx, project, fresh, max_age or 0)
        usages.refresh(wanted, sync)
        overs = usages.overs(wanted, limits)
        rows = [] if overs else usages.reserve(wanted, expire)
        usages.store()
        if overs:
            return Refusal(exceptions.OverQuota(overs=overs, quotas=quotas, usages=usages.totals()))
        for row in rows:
            row["usage_id"] = usages.rows[row["resource"]]["id"]
        made = [RESERVATIONS.insert_values(row) for row in rows]
        if made:
            tx.insert(("reservations", made))
        return [row["uuid"] for row in made]

    @writes(require_admin, keys={"usage": ("id",)})
    def reservation_create(
        self,
        tx: Transaction,
        context: Context,
        uuid: Uuid,
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

    @writes(require_context)
    def reservation_commit(
        self, tx: Transaction, context: Context, reservations: Iterable[Uuid], project_id: Text = None
    ) -> None:
        _end(tx, among(RESERVATIONS, "uuid", reservations), commit=True, function="reservation_commit")

    @writes(require_context)
    def reservation_rollback(
        self, tx: Transaction, context: Context, reservations: Iterable[Uuid], project_id: Text = None
    ) -> None:
        _end(tx, among(RESERVATIONS, "uuid", reservations), commit=False, function="reservation_rollback")

    @writes(require_admin)
    def reservation_expire(self, tx: Transaction, context: Context) -> None:
        overdue = Lt("expire", utcnow())
        try:
            with tx.savepoint():
                _end(tx, overdue, commit=False)
        except exceptions.DBDataError:
            _expire_apart(tx, overdue)


def _limits(quotas: Mapping[Any, Any], deltas: Mapping[str, int]) -> dict[str, int | None]:
    """The limit of each resource; MissingKeys where there is none."""
    limits = by_stored_name(quotas)
    missing = [resource for resource in deltas if resource not in limits]
    if missing:
        raise exceptions.MissingKeys(
            function="quota_reserve", argument="quotas", missing=missing, required=list(deltas)
        )
    found = {resource: limits[resource] for resource in deltas}
    if _NUMBERS.issuperset(map(type, found.values())):
        return found
    stored = QUOTAS.update_values
    return {resource: stored({"hard_limit": limit})["hard_limit"] for resource, limit in found.items()}


def _sync_of(resources: Mapping[str, Any], resource: str, deltas: Mapping[str, int]) -> SyncFunction:
    """What counts a resource; MissingKeys for one that is not there, TypeError for one that cannot be counted."""
    if resource not in resources:
        missing = [name for name in deltas if name not in resources]
        raise exceptions.MissingKeys(
            function="quota_reserve", argument="resources", missing=missing, required=list(deltas)
        )
    function: SyncFunction | None = getattr(resources[resource], "sync", None)
    if function is None or not callable(function):
        raise TypeError(
            f"quota_reserve(): resources[{resource!r}] must have a function sync(), which "
            f"{described(resources[resource])} has not."
        )
    return function


def _elevated(context: Context) -> Context:
    """An administrator's copy of any context, the caller's own untouched."""
    elevate: Callable[[], Context] | None = getattr(context, "elevated", None)
    if elevate is not None:
        return elevate()
    return RequestContext(
        context.user_id, context.project_id, is_admin=True, read_deleted=context.read_deleted, overwrite=False
    )


def _end(tx: Transaction, which: Predicate, *, commit: bool, function: str | None = None) -> None:
    """End the live reservations that match, each exactly once, and settle the usages that they name.

    KeyError, on behalf of the function, if such a usage is no longer live; without one they end all the same.
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
    if changed < len(settled) and function is not None:
        _require_usages(tx, ended, function)


def _expire_apart(tx: Transaction, overdue: Predicate) -> None:
    """Expire reservations usage by usage: where one cannot be settled, its reservations stay, and the log tells."""
    live = all_of(overdue, LIVE)
    usages = {row["usage_id"] for row in tx.select(Query("reservations", live, columns=("id", "usage_id")))}
    for usage in sorted(usages):
        try:
            with tx.savepoint():
                _end(tx, all_of(overdue, Eq("usage_id", usage)), commit=False)
        except exceptions.DBDataError as error:
            LOG.warning(
                "The overdue reservations on usage %s stay until it can take what they give back. %s", usage, error
            )


def _require_usages(tx: Transaction, reservations: Iterable[Row], function: str) -> None:
    """KeyError if a usage that the reservations name is no longer live."""
    named = all_of(In("id", [row["usage_id"] for row in reservations]), LIVE)
    live = {row["id"] for row in tx.select(Query("quota_usages", named, columns=("id",)))}
    for row in reservations:
        if row["usage_id"] not in live:
            raise KeyError(
                f"{function}(): project {row['project_id']} has no live usage of {row['resource']} for {row['uuid']}"
            )
