"""Quotas of projects, quota classes, and what projects use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from nova_db import exceptions
from nova_db.context import authorize_project, authorize_quota_class, require_admin, require_context
from nova_db.driver.quotas import QuotasContract
from nova_db.engine import Query, all_of
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import condition_update, create, soft_delete
from nova_db.operations.rows.conditions import LIVE, equals, matches
from nova_db.operations.rows.reading import one
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Record, Text, UsageChanges
    from nova_db.engine import Transaction

QUOTAS = TABLES["quotas"]
CLASSES = TABLES["quota_classes"]
USAGES = TABLES["quota_usages"]
RESERVATIONS = TABLES["reservations"]
_SETTABLE = ("in_use", "reserved", "until_refresh")


class QuotasOperations(TransactionalDriver, QuotasContract):
    """Quotas, classes and usages; reservations are in ``reservations``."""

    @writes(require_admin)
    def quota_create(
        self, tx: Transaction, context: Context, project_id: Text, resource: str, limit: int | None
    ) -> Record:
        return create(tx, QUOTAS, {"project_id": project_id, "resource": resource, "hard_limit": limit})

    @reads(require_context, snapshot=False)
    def quota_get(self, tx: Transaction, context: Context, project_id: Text, resource: Text) -> Record:
        where = all_of(matches(QUOTAS, project_id=project_id, resource=resource), LIVE)
        return one(tx, Query("quotas", where, limit=1), exceptions.ProjectQuotaNotFound, project_id=project_id)

    @reads(require_context, snapshot=False, authorize=authorize_project)
    def quota_get_all_by_project(self, tx: Transaction, context: Context, project_id: Text) -> dict[str, Any]:
        rows = tx.select(Query("quotas", all_of(equals(QUOTAS, "project_id", project_id), LIVE)))
        return {"project_id": project_id, **{row["resource"]: row["hard_limit"] for row in rows}}

    @writes(require_admin)
    def quota_update(
        self, tx: Transaction, context: Context, project_id: Text, resource: Text, limit: int | None
    ) -> None:
        where = all_of(matches(QUOTAS, project_id=project_id, resource=resource), LIVE)
        if not tx.update("quotas", where, condition_update(QUOTAS, {"hard_limit": limit})):
            raise exceptions.ProjectQuotaNotFound(project_id=project_id)

    @writes(require_admin)
    def quota_destroy_all_by_project(self, tx: Transaction, context: Context, project_id: Text) -> None:
        tx.serialize(*locks.usages(project_id))
        for table in (QUOTAS, USAGES, RESERVATIONS):
            soft_delete(tx, table.name, all_of(equals(table, "project_id", project_id), LIVE))

    @writes(require_admin)
    def quota_class_create(
        self, tx: Transaction, context: Context, class_name: Text, resource: Text, limit: int | None
    ) -> Record:
        return create(tx, CLASSES, {"class_name": class_name, "resource": resource, "hard_limit": limit})

    @reads(require_context, snapshot=False)
    def quota_class_get(self, tx: Transaction, context: Context, class_name: Text, resource: Text) -> Record:
        where = all_of(matches(CLASSES, class_name=class_name, resource=resource), LIVE)
        return one(tx, Query("quota_classes", where, limit=1), exceptions.QuotaClassNotFound, class_name=class_name)

    @reads(require_context, snapshot=False, authorize=authorize_quota_class)
    def quota_class_get_all_by_name(self, tx: Transaction, context: Context, class_name: Text) -> dict[str, Any]:
        rows = tx.select(Query("quota_classes", all_of(equals(CLASSES, "class_name", class_name), LIVE)))
        return {"class_name": class_name, **{row["resource"]: row["hard_limit"] for row in rows}}

    @writes(require_admin)
    def quota_class_update(
        self, tx: Transaction, context: Context, class_name: Text, resource: Text, limit: int | None
    ) -> None:
        where = all_of(matches(CLASSES, class_name=class_name, resource=resource), LIVE)
        if not tx.update("quota_classes", where, condition_update(CLASSES, {"hard_limit": limit})):
            raise exceptions.QuotaClassNotFound(class_name=class_name)

    @reads(require_context, snapshot=False)
    def quota_usage_get(self, tx: Transaction, context: Context, project_id: Text, resource: Text) -> Record:
        where = all_of(matches(USAGES, project_id=project_id, resource=resource), LIVE)
        return one(tx, Query("quota_usages", where, limit=1), exceptions.QuotaUsageNotFound, project_id=project_id)

    @reads(require_context, snapshot=False, authorize=authorize_project)
    def quota_usage_get_all_by_project(self, tx: Transaction, context: Context, project_id: Text) -> dict[str, Any]:
        rows = tx.select(Query("quota_usages", all_of(equals(USAGES, "project_id", project_id), LIVE)))
        usages = {row["resource"]: {"in_use": row["in_use"], "reserved": row["reserved"]} for row in rows}
        return {"project_id": project_id, **usages}

    @writes(require_admin)
    def quota_usage_update(
        self, tx: Transaction, context: Context, project_id: Text, resource: Text, **kwargs: Unpack[UsageChanges]
    ) -> None:
        USAGES.update_values(kwargs)
        used: dict[str, Any] = {name: value for name, value in kwargs.items() if name in _SETTABLE}
        tx.serialize(*locks.usages(project_id))
        where = all_of(matches(USAGES, project_id=project_id, resource=resource), LIVE)
        if not tx.update("quota_usages", where, condition_update(USAGES, used)):
            raise exceptions.QuotaUsageNotFound(project_id=project_id)
