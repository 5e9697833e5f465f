"""What the tests of instance actions share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid

NOON_TEXT = "2013-03-01T12:00:00.000250"
HOUR = dt.timedelta(hours=1)
BAD_TIMES = ("2013-03-01T12:00:00", "2013-03-01 12:00:00.000250", "noon", "")


class EventTestCase(ConformanceTestCase):
    """There is an action, and the clock stands still."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.action = self.make.action(request_id="req-1", message="begun")
        self.uuid: str = self.action["instance_uuid"]
        self.named: dict[str, Any] = {"instance_uuid": self.uuid, "request_id": "req-1"}

    def assertNoAction(self, call: Any) -> None:
        """Check that a call, given values, wants both names, and wants them to name an action."""
        before = self.dump()
        for missing in self.named:
            with self.subTest(missing=missing):
                values = {**self.named}
                del values[missing]
                with self.raises(exceptions.MissingKeys):
                    call(values)
        for uuid, request_id in ((a_uuid(), "req-1"), (self.uuid, "req-2"), (self.uuid, None), (None, "req-1")):
            with self.subTest(uuid=uuid, request_id=request_id):
                with self.raises(
                    exceptions.InstanceActionNotFound, request_id=request_id, instance_uuid=uuid, code=500
                ) as caught:
                    call({"instance_uuid": uuid, "request_id": request_id})
                self.assertNotIsInstance(caught.exception, exceptions.NotFound)
        self.assertSameRows(before, "although no action was named")

    def message(self) -> Any:
        """The message of the action."""
        return self.db.action_get_by_request_id(self.seeing("yes"), self.uuid, "req-1")["message"]
