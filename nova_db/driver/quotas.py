"""Quotas: the contract of the limits of projects and quota classes, and of what projects use.

A limit (``hard_limit``) is stored as it is; callers take a negative one for none. No class is special, and which
limit applies to a project is for the caller to find out. A usage has ``in_use``, ``reserved``, ``until_refresh`` (how
many reservations may come before the next count; None: any number) and ``total``, which is ``in_use`` plus
``reserved``; a project has one live usage of a resource. Limits may repeat: one is then read as the first, in a dict
as the last, and all of them are updated.

All functions work on live rows, whatever the context says. Updates stamp ``updated_at``.
"""

from __future__ import annotations

import abc
from typing import Any, Unpack

from nova_db.driver.records import Quota, QuotaClass, QuotaUsage
from nova_db.driver.types import Context, Text, UsageChanges


class QuotasContract(abc.ABC):
    """What a driver does for quotas, quota classes and quota usages."""

    @abc.abstractmethod
    def quota_create(self, context: Context, project_id: Text, resource: str, limit: int | None) -> Quota:
        """Set the ``limit`` of ``project_id`` on ``resource`` for the first time, and return the quota.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def quota_get(self, context: Context, project_id: Text, resource: Text) -> Quota:
        """Return the quota of ``project_id`` on ``resource``.

        Auth: context, for whatever project. Rows: live.

        :raises ProjectQuotaNotFound: no such quota.
        """

    @abc.abstractmethod
    def quota_get_all_by_project(self, context: Context, project_id: Text) -> dict[str, Any]:
        """Return the limits of ``project_id``: ``{"project_id": project_id, resource: limit, ...}``.

        Auth: own project. Rows: live.
        """

    @abc.abstractmethod
    def quota_update(self, context: Context, project_id: Text, resource: Text, limit: int | None) -> None:
        """Change the ``limit`` of ``project_id`` on ``resource``.

        Auth: admin. Rows: live.

        :raises ProjectQuotaNotFound: no such quota.
        """

    @abc.abstractmethod
    def quota_destroy_all_by_project(self, context: Context, project_id: Text) -> None:
        """Soft-delete the quotas, usages and reservations of ``project_id``, if there are any.

        Auth: admin. Rows: live.

        Racing: no reservation of the project is made or ended half before and half after.
        """

    @abc.abstractmethod
    def quota_class_create(self, context: Context, class_name: Text, resource: Text, limit: int | None) -> QuotaClass:
        """Set the ``limit`` of the class ``class_name`` on ``resource`` for the first time, and return the quota class.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def quota_class_get(self, context: Context, class_name: Text, resource: Text) -> QuotaClass:
        """Return the quota of the class ``class_name`` on ``resource``.

        Auth: context, for whatever class. Rows: live.

        :raises QuotaClassNotFound: no such quota.
        """

    @abc.abstractmethod
    def quota_class_get_all_by_name(self, context: Context, class_name: Text) -> dict[str, Any]:
        """Return the limits of the class ``class_name``: ``{"class_name": class_name, resource: limit, ...}``.

        Auth: own class. Rows: live.
        """

    @abc.abstractmethod
    def quota_class_update(self, context: Context, class_name: Text, resource: Text, limit: int | None) -> None:
        """Change the ``limit`` of the class ``class_name`` on ``resource``.

        Auth: admin. Rows: live.

        :raises QuotaClassNotFound: no such quota.
        """

    @abc.abstractmethod
    def quota_usage_get(self, context: Context, project_id: Text, resource: Text) -> QuotaUsage:
        """Return the usage of ``resource`` by ``project_id``.

        Auth: context, for whatever project. Rows: live.

        :raises QuotaUsageNotFound: no such usage.
        """

    @abc.abstractmethod
    def quota_usage_get_all_by_project(self, context: Context, project_id: Text) -> dict[str, Any]:
        """Return the usages of ``project_id``.

        Auth: own project. Rows: live.

        The result is ``{"project_id": project_id, resource: {"in_use": n, "reserved": n}, ...}``.
        """

    @abc.abstractmethod
    def quota_usage_update(
        self, context: Context, project_id: Text, resource: Text, **kwargs: Unpack[UsageChanges]
    ) -> None:
        """Set numbers in the usage of ``resource`` by ``project_id``.

        Auth: admin. Rows: live.

        ``kwargs`` are any of ``in_use``, ``reserved`` and ``until_refresh``; other columns are ignored. ``in_use=-1``
        makes the next reservation count afresh.

        :raises QuotaUsageNotFound: no such usage, whatever the keywords.
        :raises UnknownColumn: a keyword is no column of a usage.
        """
