"""Mistakes in what belongs to projects and users: quotas, key pairs, certificates, groups, logs and usage."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest import mock

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.context import require_admin, require_context
from nova_db.engine import FALSE, TRUE, Add, Eq, Gt, Le, Order, Query, all_of
from nova_db.operations.rows.changes import create, soft_delete
from nova_db.operations.rows.conditions import LIVE, among, equals, matches
from nova_db.operations.rows.usages import Usages
from nova_db.operations.running.declarations import reads, writes
from nova_db.schema import TABLES
from nova_db_memory import MemoryDriver
from tests.suite.plants.registry import Meddling, planted_driver

USAGES, QUOTAS, TASKS = TABLES["quota_usages"], TABLES["quotas"], TABLES["task_log"]


@planted_driver("quotas")
class QuotaOfAnyProject(MemoryDriver):
    """Has anybody list the quotas of any project."""

    @reads(require_context)
    def quota_get_all_by_project(self, tx: Any, context: Any, project_id: Any) -> Any:
        rows = tx.select(Query("quotas", all_of(equals(QUOTAS, "project_id", project_id), LIVE)))
        return {"project_id": project_id, **{row["resource"]: row["hard_limit"] for row in rows}}


@planted_driver("quotas")
class QuotaKeepsUsages(MemoryDriver):
    """Leaves the usages and reservations of a project whose quotas go."""

    @writes(require_admin)
    def quota_destroy_all_by_project(self, tx: Any, context: Any, project_id: Any) -> None:
        soft_delete(tx, "quotas", all_of(equals(QUOTAS, "project_id", project_id), LIVE))


@planted_driver("quotas")
class DeadQuotas(MemoryDriver):
    """Finds quotas that are soft-deleted."""

    @reads(require_context, snapshot=False)
    def quota_get(self, tx: Any, context: Any, project_id: Any, resource: Any) -> Any:
        found = tx.select(Query("quotas", matches(QUOTAS, project_id=project_id, resource=resource), limit=1))
        if not found:
            raise exceptions.ProjectQuotaNotFound(project_id=project_id)
        return found[0]


@planted_driver("quotas")
class UnlimitedIsNone(MemoryDriver):
    """Stores a limit of -1 as null."""

    def quota_create(self, context: Any, project_id: Any, resource: Any, limit: Any) -> Any:
        return super().quota_create(context, project_id, resource, None if limit == -1 else limit)


class _OnUsages(MemoryDriver):
    """Reserves with usages that are wrong."""

    usages: type[Usages]

    def quota_reserve(self, context: Any, *args: Any, **kwargs: Any) -> Any:
        with mock.patch("nova_db.operations.reservations.Usages", self.usages):
            return super().quota_reserve(context, *args, **kwargs)


@planted_driver("reservations")
class IgnoresUntilRefresh(_OnUsages):
    """Never counts anew because a number of reservations has been made."""

    class usages(Usages):  # noqa: N801 - stands for an attribute
        def _is_due(self, resource: str) -> bool:
            usage = self.rows.get(resource)
            if usage is not None and usage["in_use"] >= 0:
                return False
            return super()._is_due(resource)


@planted_driver("reservations")
class ReservedDoNotCount(_OnUsages):
    """Looks at what is in use alone where it looks for the limit."""

    class usages(Usages):  # noqa: N801
        def overs(self, deltas: Any, quotas: Any) -> list[str]:
            over = [name for name, delta in deltas.items() if (quotas[name] or -1) >= 0 and delta >= 0]
            return sorted(name for name in over if self.rows[name]["in_use"] + deltas[name] > quotas[name])


@planted_driver("reservations")
class LimitIsTooMuch(_OnUsages):
    """Refuses what comes to the limit exactly."""

    class usages(Usages):  # noqa: N801
        def overs(self, deltas: Any, quotas: Any) -> list[str]:
            return super().overs(deltas, {name: limit - 1 if limit else limit for name, limit in quotas.items()})


@planted_driver("reservations")
class ReservesWhatIsGivenBack(_OnUsages):
    """Counts a negative delta as reserved."""

    class usages(Usages):  # noqa: N801
        def reserve(self, deltas: Any, expire: Any) -> list[dict[str, Any]]:
            rows = super().reserve(deltas, expire)
            for name, delta in deltas.items():
                if delta < 0:
                    self._set(name, reserved=self.rows[name]["reserved"] + delta)
            return rows


@planted_driver("reservations")
class ForgetsCountsOfRefusals(MemoryDriver):
    """Undoes with a refusal the counts that were made for it."""

    def quota_reserve(self, context: Any, *args: Any, **kwargs: Any) -> Any:
        kept = self.snapshot()
        try:
            return super().quota_reserve(context, *args, **kwargs)
        except exceptions.OverQuota:
            self.restore(kept)
            raise


@planted_driver("reservations")
class ExpiresEarly(Meddling):
    """Expires reservations that are due at this very moment."""

    def reservation_expire(self, context: Any) -> Any:
        query = Query("reservations", all_of(Eq("expire", utcnow()), LIVE))
        with self.transaction(context):
            super().reservation_expire(context)
            uuids = [row["uuid"] for row in self.meddle(context, lambda tx: tx.select(query))]
            self.reservation_rollback(context, uuids)


@planted_driver("reservations")
class CommitsWithoutUse(MemoryDriver):
    """Takes what is committed off the reserved, and does not add it to what is in use."""

    def reservation_commit(self, context: Any, reservations: Any, project_id: Any = None) -> None:
        self.reservation_rollback(context, reservations, project_id)


@planted_driver("reservations")
class EndsTwice(MemoryDriver):
    """Settles once more a reservation that has ended."""

    @writes(require_context)
    def reservation_rollback(self, tx: Any, context: Any, reservations: Any, project_id: Any = None) -> None:
        which = among(TABLES["reservations"], "uuid", reservations)
        for row in tx.select(Query("reservations", which)):
            tx.update("quota_usages", all_of(Eq("id", row["usage_id"]), LIVE), {"reserved": Add(-max(row["delta"], 0))})
        soft_delete(tx, "reservations", all_of(which, LIVE))


@planted_driver("key_pairs")
class KeepsPrivateKeys(MemoryDriver):
    """Forgets to give back the private key of a new pair."""

    def key_pair_create(self, context: Any, values: Any) -> Any:
        return super().key_pair_create(context, {k: v for k, v in values.items() if k != "private_key"})


@planted_driver("key_pairs")
class DestroysSoftly(MemoryDriver):
    """Soft-deletes key pairs, which are to be removed."""

    @writes(require_context)
    def key_pair_destroy(self, tx: Any, context: Any, user_id: Any, name: Any) -> None:
        where = all_of(matches(TABLES["key_pairs"], user_id=user_id, name=name), LIVE)
        if not soft_delete(tx, "key_pairs", where):
            raise exceptions.KeypairNotFound(user_id=user_id, name=name)


@planted_driver("certificates")
class CertificatesOfAllProjects(MemoryDriver):
    """Lists the certificates of a user in a project with those of all projects."""

    def certificate_get_all_by_user_and_project(self, context: Any, user_id: Any, project_id: Any) -> Any:
        return self.certificate_get_all_by_user(context, user_id)


@planted_driver("certificates")
class CertificatesForAnybody(MemoryDriver):
    """Lists certificates for contexts of users."""

    @reads(require_context, snapshot=False)
    def certificate_get_all_by_project(self, tx: Any, context: Any, project_id: Any) -> Any:
        where = all_of(equals(TABLES["certificates"], "project_id", project_id), LIVE)
        return tx.select(Query("certificates", where))


@planted_driver("task_log")
class TasksBegunTwice(MemoryDriver):
    """Lets a task begin that has begun on this host in this period."""

    @writes(require_admin)
    def task_log_begin_task(
        self,
        tx: Any,
        context: Any,
        task_name: Any,
        period_beginning: Any,
        period_ending: Any,
        host: Any,
        task_items: Any = None,
        message: Any = None,
    ) -> None:
        values = {"period_beginning": period_beginning, "period_ending": period_ending, "task_items": task_items}
        create(tx, TASKS, {**values, "task_name": task_name, "host": host, "message": message, "state": "RUNNING"})


@planted_driver("task_log")
class TasksOfAnyState(MemoryDriver):
    """Lists tasks of any state."""

    def task_log_get_all(self, context: Any, *args: Any, state: Any = None, **kwargs: Any) -> Any:
        return super().task_log_get_all(context, *args[:4], **kwargs)


@planted_driver("task_log")
class TasksOfAnyPeriod(MemoryDriver):
    """Finds a task by when its period ends alone."""

    @reads(require_admin, snapshot=False)
    def task_log_get(
        self,
        tx: Any,
        context: Any,
        task_name: Any,
        period_beginning: Any,
        period_ending: Any,
        host: Any,
        state: Any = None,
    ) -> Any:
        state_is = TRUE if state is None else equals(TASKS, "state", state)
        named = matches(TASKS, task_name=task_name, host=host)
        found = tx.select(Query("task_log", all_of(named, Eq("period_ending", period_ending), state_is, LIVE), limit=1))
        return found[0] if found else None


@planted_driver("usage_caches")
class CountersThatRestart(Meddling):
    """Takes a counter that has begun anew for one that went on."""

    def vol_usage_update(self, context: Any, id: Any, *counters: Any, **kwargs: Any) -> None:
        where = Eq("volume_id", id) if isinstance(id, str) else FALSE
        with self.transaction(context):
            zeros = dict.fromkeys(("curr_read_bytes", "curr_reads", "curr_write_bytes", "curr_writes"), 0)
            self.meddle(context, lambda tx: tx.update("volume_usage_cache", where, zeros))
            super().vol_usage_update(context, id, *counters, **kwargs)


@planted_driver("usage_caches")
class UsageBeforeThen(MemoryDriver):
    """Gives the usage of before a moment, where that since then is asked for."""

    @reads(require_context, snapshot=False)
    def vol_get_usage_by_time(self, tx: Any, context: Any, begin: dt.datetime) -> Any:
        where = Le("curr_last_refreshed", begin) | Gt("tot_last_refreshed", begin)
        return tx.select(Query("volume_usage_cache", where))


@planted_driver("usage_caches")
class OneUsageForAllPeriods(MemoryDriver):
    """Writes the usage of a period over that of the one before."""

    @writes(require_context)
    def bw_usage_update(
        self, tx: Any, context: Any, uuid: Any, mac: Any, start_period: Any, *counters: Any, **kwargs: Any
    ) -> None:
        names = ("bw_in", "bw_out", "last_ctr_in", "last_ctr_out")
        values = {**dict(zip(names, counters, strict=False)), "start_period": start_period}
        values["last_refreshed"] = kwargs.get("last_refreshed") or utcnow()
        table = TABLES["bw_usage_cache"]
        if not tx.update(table.name, matches(table, uuid=uuid, mac=mac), table.update_values(values)):
            create(tx, table, {"uuid": uuid, "mac": mac, **values})


@planted_driver("security_groups")
class GroupsInUse(MemoryDriver):
    """Destroys a group without the rules that it has."""

    @writes(require_context)
    def security_group_destroy(self, tx: Any, context: Any, security_group_id: Any) -> None:
        soft_delete(tx, "security_groups", all_of(equals(TABLES["security_groups"], "id", security_group_id), LIVE))


@planted_driver("security_groups")
class GroupsInAnyOrder(MemoryDriver):
    """Lists the groups of a project by name."""

    def security_group_get_by_project(self, context: Any, project_id: Any) -> Any:
        found = super().security_group_get_by_project(context, project_id)
        return sorted(found, key=lambda group: str(group["name"]), reverse=True)


@planted_driver("security_groups")
class DefaultIsNew(MemoryDriver):
    """Says of the default group that it was there already, whether it was or not."""

    def security_group_ensure_default(self, context: Any) -> Any:
        return True, super().security_group_ensure_default(context)[1]


@planted_driver("security_groups")
class CountsDeadRules(MemoryDriver):
    """Counts soft-deleted rules along with the others."""

    @reads(require_context, snapshot=False)
    def security_group_rule_count_by_group(self, tx: Any, context: Any, security_group_id: Any) -> int:
        where = equals(TABLES["security_group_rules"], "parent_group_id", security_group_id)
        return len(tx.select(Query("security_group_rules", where, order=(Order("id"),))))
