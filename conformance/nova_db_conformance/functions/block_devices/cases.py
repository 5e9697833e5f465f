"""What the tests of block devices share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import block_device_values

HOUR = dt.timedelta(hours=1)
TABLE = "block_device_mapping"


class BlockDeviceTestCase(ConformanceTestCase):
    """There is an instance, and the clock stands still."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.instance = self.make.instance()
        self.uuid: str = self.instance["uuid"]

    def create(self, **values: Any) -> None:
        """Map a device of the instance, as a user."""
        self.db.block_device_mapping_create(self.user, block_device_values(instance_uuid=self.uuid, **values))

    def device(self, **values: Any) -> dict[str, Any]:
        """A new mapping of the instance."""
        return dict(self.make.block_device(self.instance, **values))

    def listed(self, read_deleted: str = "no", uuid: str | None = None) -> list[dict[str, Any]]:
        """The mappings of the instance, or of another."""
        context = self.seeing(read_deleted, self.user)
        return list(self.db.block_device_mapping_get_all_by_instance(context, uuid or self.uuid))
