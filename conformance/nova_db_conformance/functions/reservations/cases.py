"""What the tests of reservations share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import CountedResource, a_uuid, resources

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


class EndTestCase(ReservationTestCase):
    """Reserves some of everything, and ends it."""

    COMMITTED: ClassVar = {"cores": (6, 0), "ram": (512, 0), "keys": (-2, 0)}
    ROLLED_BACK: ClassVar = {"cores": (4, 0), "ram": (512, 0), "keys": (1, 0)}

    def setUp(self) -> None:
        """Stop the clock."""
        super().setUp()
        self.set_time(NOON)

    def some(self, **arguments: Any) -> list[str]:
        """Reserve 2 cores, no ram and -3 keys, of which 4, 512 and 1 are in use."""
        counted = resources(cores=4, ram=512, keys=1)
        return self.reserve({"cores": 2, "ram": 0, "keys": -3}, counted=counted, **arguments)

    def foreign(self, usage: dict[str, Any], delta: int = 5, **values: Any) -> str:
        """A reservation of project ``p9`` on a usage of another project; its uuid."""
        arguments = {"uuid": a_uuid(), "project_id": "p9", "resource": "disk", "expire": LATER, **values}
        return str(self.db.reservation_create(self.admin, usage=usage, delta=delta, **arguments)["uuid"])

    def assertEnded(self, uuids: Iterable[str]) -> None:
        """Check that reservations can no longer be found."""
        for uuid in uuids:
            with self.subTest(uuid=uuid), self.raises(exceptions.ReservationNotFound, uuid=uuid):
                self.db.reservation_get(self.seeing("yes"), uuid)
