"""What the tests of reservations share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import CountedResource, resources

LATER = NOON + dt.timedelta(days=1)


class ReservationTestCase(ConformanceTestCase):
    """Reserves, and reads what came of it."""

    def reserve(
        self,
        deltas: Mapping[str, Any],
        *,
        counted: Mapping[str, CountedResource] | None = None,
        limits: Mapping[str, int | None] | None = None,
        expire: Any = LATER,
        until_refresh: int | None = None,
        max_age: float | None = None,
        project_id: Any = None,
        context: Any = None,
    ) -> list[str]:
        """Reserve; as user ``u1`` of ``p1``, without limits and with nothing in use, unless said otherwise."""
        return self.api.quota_reserve(
            context or self.user,
            resources(*deltas) if counted is None else counted,
            dict.fromkeys(deltas, -1) if limits is None else limits,
            deltas,
            expire,
            until_refresh,
            max_age,
            project_id,
        )

    def usage(self, resource: str, project_id: Any = "p1") -> dict[str, Any]:
        """The usage of a resource."""
        return self.api.quota_usage_get(self.admin, project_id, resource)

    def numbers(self, project_id: Any = "p1") -> dict[str, tuple[int, int]]:
        """What is in use and reserved, by resource."""
        usages = self.db.quota_usage_get_all_by_project(self.admin, project_id)
        return {name: (each["in_use"], each["reserved"]) for name, each in usages.items() if name != "project_id"}
