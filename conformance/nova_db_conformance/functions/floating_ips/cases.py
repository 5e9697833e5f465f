"""What the tests of floating ips share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nova_db.context import RequestContext
from nova_db.schema import TABLES
from nova_db_conformance.harness.base import ConformanceTestCase

NULLS = dict.fromkeys(TABLES["floating_ips"].names)


class FloatingIpTestCase(ConformanceTestCase):
    """What the tests of floating ips share."""

    def floating(self, **values: Any) -> dict[str, Any]:
        """A floating ip; its record, without relations."""
        return self.make.floating_ip_record(**values)

    def twin(self, address: str, **values: Any) -> dict[str, Any]:
        """A further floating ip with an address that is there already; its record."""
        made = self.floating(**values)
        self.db.floating_ip_update(self.seeing("yes"), made["address"], {"address": address})
        return self.again(made)

    def again(self, record: dict[str, Any]) -> dict[str, Any]:
        """A floating ip as it is now, without relations."""
        found: dict[str, Any] = self.db.floating_ip_get(self.seeing("yes"), record["id"])
        del found["fixed_ip"]
        return found

    def assertChanged(self, record: dict[str, Any], **changes: Any) -> None:
        """Check that these columns of a row changed, and no others."""
        self.assertEqual({**record, **changes}, self.again(record))

    @property
    def nobodies(self) -> list[RequestContext]:
        """Those who are neither a user nor an administrator."""
        return [self.nobody, self.context(user_id=None), self.context(project_id=None)]

    def assertOwnAddress(self, call: Callable[[RequestContext, dict[str, Any]], object]) -> None:
        """Check who may make a call on a row: users if it is allocated to their project, or to none."""
        for project, allowed, others in (
            (None, [self.user, self.other, self.admin], []),
            ("", [self.user, self.other, self.admin], []),
            ("p1", [self.user, self.admin], [self.other]),
            ("p2", [self.other, self.admin], [self.user]),
        ):
            with self.subTest(project=project, allowed=allowed, others=others):
                row = self.floating(project_id=project)
                before = self.dump()
                self.assertNotAuthorized([*others, *self.nobodies], partial(self._call_on, row, call))
                self.assertSameRows(before, "although the call was not allowed")
                for context in allowed:
                    call(context, row)

    @staticmethod
    def _call_on(
        row: dict[str, Any], call: Callable[[RequestContext, dict[str, Any]], object], context: RequestContext
    ) -> None:
        call(context, row)
