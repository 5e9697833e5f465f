"""Fixed ips as hosts, instances, networks and interfaces have them."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOT_CANONICAL
from nova_db_conformance.functions.fixed_ips.cases import ListTestCase
from nova_db_conformance.harness.values import a_uuid


class TestFixedIpGetByInstance(ListTestCase):
    """``fixed_ip_get_by_instance``."""

    def get(self, uuid: Any, context: Any = None) -> Any:
        return self.db.fixed_ip_get_by_instance(context or self.user, uuid)

    def test_they_are_those_of_the_instance_of_whatever_project(self) -> None:
        uuid = self.make.instance(project_id="p2")["uuid"]
        last, first = self.fixed(id=9, instance_uuid=uuid), self.fixed(id=2, instance_uuid=uuid)
        self.fixed(instance_uuid=self.make.instance()["uuid"])
        self.fixed()
        for context in (self.user, self.other, self.admin):
            with self.subTest(context=context):
                self.assertEqual([first, last], self.get(uuid, context))
        self.assertShape(self.get(uuid)[0], "fixed_ips")
        self.assertPrivate(lambda: self.get(uuid))

    def test_they_are_live_whatever_the_context_sees_and_the_instance_need_not_be(self) -> None:
        uuid = self.make.deleted_instance()["uuid"]
        live = self.fixed(instance_uuid=uuid)
        self.fixed(instance_uuid=uuid, deleted=5)
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertEqual([live], self.get(uuid, self.seeing(mode)))

    def test_none_is_an_error(self) -> None:
        uuid = self.make.instance()["uuid"]
        self.fixed(instance_uuid=uuid, deleted=5)
        for unknown in (uuid, a_uuid()):
            with (
                self.subTest(unknown=unknown),
                self.raises(exceptions.FixedIpNotFoundForInstance, instance_uuid=unknown, code=404),
            ):
                self.get(unknown)

    def test_the_uuid_must_be_canonical(self) -> None:
        for uuid in NOT_CANONICAL:
            with self.subTest(uuid=uuid), self.raises(exceptions.InvalidUUID, uuid=uuid, code=400):
                self.get(uuid)

    def test_only_users_and_administrators_may(self) -> None:
        self.assertNotAuthorized(self.nobodies, lambda context: self.get("no uuid", context))

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        uuid = self.make.instance()["uuid"]
        self.fixed(instance_uuid=uuid)
        self.assertFewStatements(lambda: self.get(uuid), lambda: self.fixed(instance_uuid=uuid))


class TestFixedIpGetByNetworkHost(ListTestCase):
    """``fixed_ip_get_by_network_host``."""

    def get(self, network: Any, host: Any, context: Any = None) -> Any:
        return self.db.fixed_ip_get_by_network_host(context or self.user, network, host)

    def test_it_is_the_first_that_the_host_uses_in_the_network(self) -> None:
        uuid = self.make.instance(project_id="p2")["uuid"]
        rows = [
            self.fixed(id=number, network_id=network, host=host, instance_uuid=uuid)
            for number, network, host in ((9, 3, "host1"), (5, 3, "host1"), (1, 3, "host2"), (2, 4, "host1"))
        ]
        for context in (self.user, self.admin):
            for network in (3, "3"):
                with self.subTest(context=context, network=network):
                    self.assertEqual(rows[1], self.get(network, "host1", context))
        self.assertEqual(rows[2], self.get(3, "host2"))
        self.assertEqual(rows[3], self.get(4, "host1"))
        self.assertShape(self.get(3, "host1"), "fixed_ips")
        self.assertPrivate(lambda: self.get(3, "host1"))

    def test_none_asks_for_null(self) -> None:
        self.fixed(network_id=3, host="host1")
        neither, no_network = self.fixed(), self.fixed(host="host1")
        self.assertEqual(neither, self.get(None, None))
        self.assertEqual(no_network, self.get(None, "host1"))

    def test_none_that_is_live_is_an_error(self) -> None:
        self.fixed(network_id=3, host="host1", deleted=5)
        for mode in ("no", "yes", "only"):
            with (
                self.subTest(mode=mode),
                self.raises(exceptions.FixedIpNotFoundForNetworkHost, network_id=3, host="host1", code=404),
            ):
                self.get(3, "host1", self.seeing(mode))
        for network, host in (("3", None), (a_uuid(), "host1"), (None, "host1"), (2**70, "")):
            with (
                self.subTest(network=network, host=host),
                self.raises(exceptions.FixedIpNotFoundForNetworkHost, network_id=network, host=host),
            ):
                self.get(network, host)

    def test_only_users_and_administrators_may(self) -> None:
        self.assertNotAuthorized(self.nobodies, lambda context: self.get(3, "host1", context))


class TestFixedIpsByVirtualInterface(ListTestCase):
    """``fixed_ips_by_virtual_interface``."""

    def get(self, vif: Any, context: Any = None) -> Any:
        return self.db.fixed_ips_by_virtual_interface(context or self.user, vif)

    def test_they_are_the_live_ones_of_the_interface_of_whatever_project(self) -> None:
        uuid = self.make.instance(project_id="p2")["uuid"]
        vif = self.make.virtual_interface(instance_uuid=uuid)["id"]
        rows = [
            self.fixed(id=number, virtual_interface_id=vif, instance_uuid=uuid, deleted=deleted)
            for number, deleted in ((9, 0), (5, 0), (2, 2))
        ]
        self.fixed(virtual_interface_id=vif + 1)
        self.fixed()
        for mode in ("no", "yes", "only"):
            for base in (self.user, self.admin):
                for which in (vif, str(vif)):
                    with self.subTest(mode=mode, base=base, which=which):
                        self.assertEqual([rows[1], rows[0]], self.get(which, self.seeing(mode, base)))
        self.assertShape(self.get(vif)[0], "fixed_ips")
        self.assertPrivate(lambda: self.get(vif))

    def test_there_may_be_none(self) -> None:
        self.fixed(virtual_interface_id=4)
        for vif in (5, "four", None, 2**70, a_uuid()):
            with self.subTest(vif=vif):
                self.assertEqual([], self.get(vif))
        free = self.fixed()
        self.assertEqual([free], self.get(None))

    def test_only_users_and_administrators_may(self) -> None:
        self.assertNotAuthorized(self.nobodies, lambda context: self.get(4, context))

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        self.fixed(virtual_interface_id=4)
        self.assertFewStatements(lambda: self.get(4), lambda: self.fixed(virtual_interface_id=4))


class TestFixedIpCountByProject(ListTestCase):
    """``fixed_ip_count_by_project``."""

    def assertCount(self, expected: int, project: Any = "p1", context: Any = None) -> None:
        """Check how many fixed ips a project has."""
        count = self.db.fixed_ip_count_by_project(context or self.admin, project)
        self.assertEqual((expected, int), (count, type(count)))

    def test_the_live_ones_of_a_projects_instances_are_counted(self) -> None:
        uuids = [self.make.instance()["uuid"], self.make.deleted_instance()["uuid"]]
        for uuid in (*uuids, uuids[0]):
            self.fixed(instance_uuid=uuid)
            self.fixed(instance_uuid=uuid, deleted=5)
        self.fixed(instance_uuid=self.make.instance(project_id="p2")["uuid"])
        self.fixed(host="p1")
        for mode in ("no", "yes", "only"):
            for context in (self.seeing(mode), self.seeing(mode, self.user)):
                with self.subTest(mode=mode, context=context):
                    self.assertCount(3, context=context)
        self.assertCount(1, "p2", self.other)
        for project in ("p3", "P1", uuids[0], "", None):
            with self.subTest(project=project):
                self.assertCount(0, project)

    def test_a_project_that_is_a_number_is_its_text_and_none_asks_for_null(self) -> None:
        self.fixed(instance_uuid=self.make.instance(project_id="7")["uuid"])
        nobodys = self.make.instance(project_id=None)["uuid"]
        for _ in range(2):
            self.fixed(instance_uuid=nobodys)
        self.assertCount(1, 7)
        self.assertCount(2, None)

    def test_a_session_shows_what_its_transaction_has_done(self) -> None:
        uuid = self.make.instance()["uuid"]
        with self.raises(LookupError), self.db.transaction(self.user) as session:
            self.make.fixed_ip(instance_uuid=uuid)
            self.assertEqual(1, self.db.fixed_ip_count_by_project(self.user, "p1", session))
            self.assertEqual(1, self.db.fixed_ip_count_by_project(self.user, "p1", session=session))
            self.assertCount(1)
            raise LookupError
        self.assertCount(0)
        for ended in (session, object(), "session"):
            with self.subTest(ended=ended), self.raises(TypeError):
                self.db.fixed_ip_count_by_project(self.user, "p1", ended)

    def test_users_may_ask_for_their_own_project(self) -> None:
        self.assertCount(0, "p1", self.user)
        self.assertNotAuthorized(
            [self.other, *self.nobodies], lambda context: self.db.fixed_ip_count_by_project(context, "p1")
        )
        self.assertNotAuthorized([self.user], lambda context: self.db.fixed_ip_count_by_project(context, None))
        self.assertNotAuthorized([self.other], lambda context: self.db.fixed_ip_count_by_project(context, "p1", 5))
