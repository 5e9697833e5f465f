"""What the tests of fixed ips share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_db.context import RequestContext
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase


class FixedIpTestCase(ConformanceTestCase):
    """What the tests of fixed ips share."""

    def fixed(self, **values: Any) -> dict[str, Any]:
        """A fixed ip; its record."""
        return self.make.fixed_ip_record(**values)

    def again(self, record: dict[str, Any]) -> dict[str, Any]:
        """A fixed ip as it is now."""
        return self.api.fixed_ip_get(self.seeing("yes"), record["id"])

    def assertChanged(self, record: dict[str, Any], **changes: Any) -> None:
        """Check that these columns of a row changed, and no others."""
        self.assertEqual({**record, **changes}, self.again(record))

    @property
    def nobodies(self) -> list[RequestContext]:
        """Those who are neither a user nor an administrator."""
        return [self.nobody, self.context(user_id=None), self.context(project_id=None)]

    def assertOwnInstance(self, call: Callable[[RequestContext, dict[str, Any]], object]) -> None:
        """Check who may make a call on a row: users if its instance, deleted or not, is of their project."""

        def on(row: dict[str, Any]) -> Callable[[RequestContext], object]:
            return lambda context: call(context, row)

        free = self.fixed()
        mine = self.fixed(instance_uuid=self.make.instance()["uuid"])
        late = self.fixed(instance_uuid=self.make.deleted_instance()["uuid"])
        for row in (free, mine, late):
            with self.subTest(row=row):
                for context in (self.user, self.admin):
                    call(context, row)
                self.assertNotAuthorized(self.nobodies, on(row))
        call(self.other, free)
        for project, context in (("p1", self.other), ("p2", self.user), (None, self.user)):
            for made in (self.make.instance, self.make.deleted_instance):
                with self.subTest(project=project, context=context, made=made):
                    theirs = self.fixed(instance_uuid=made(project_id=project)["uuid"])
                    before = self.dump()
                    self.assertNotAuthorized([context, *self.nobodies], on(theirs))
                    self.assertSameRows(before, "although the call was not allowed")
                    call(self.admin, theirs)


IN_USE = {"allocated": True, "leased": True, "virtual_interface_id": 4}


class AssociationTestCase(FixedIpTestCase):
    """An instance that gets addresses."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.uuid: str = self.make.instance()["uuid"]
        self.others: str = self.make.instance(project_id="p2")["uuid"]


class ListTestCase(FixedIpTestCase):
    """What the tests of lists share."""

    def assertFewStatements(self, read: Callable[[], Any], grow: Callable[[], object]) -> None:
        """Check that a call takes as many statements for many rows as for few."""
        counts = []
        for _ in range(2):
            with self.statements() as sent:
                read()
            counts.append(len(sent))
            for _ in range(20):
                grow()
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 2)
