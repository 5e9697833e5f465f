"""Fixed ips found by what they belong to, listed and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOT_CANONICAL
from nova_db_conformance.functions.fixed_ips.cases import FixedIpTestCase
from nova_db_conformance.harness.values import a_uuid


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


class TestFixedIpGetAll(ListTestCase):
    """``fixed_ip_get_all``."""

    def test_every_row_is_listed_by_id_whatever_the_context_sees(self) -> None:
        uuid = self.make.instance(project_id="p2")["uuid"]
        rows = [
            self.fixed(id=number, **values)
            for number, values in ((9, {"deleted": 5}), (2, {"instance_uuid": uuid}), (5, {"address": "2001:DB8::1"}))
        ]
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertEqual([rows[1], rows[2], rows[0]], self.db.fixed_ip_get_all(self.seeing(mode)))
        self.assertShape(self.db.fixed_ip_get_all(self.admin)[0], "fixed_ips")
        self.assertPrivate(lambda: self.db.fixed_ip_get_all(self.admin))

    def test_a_deleted_one_is_enough(self) -> None:
        made = self.fixed(deleted=5)
        self.assertEqual([made], self.db.fixed_ip_get_all(self.admin))

    def test_no_row_at_all_is_an_error(self) -> None:
        with self.raises(exceptions.NoFixedIpsDefined, code=404):
            self.db.fixed_ip_get_all(self.admin)

    def test_only_administrators_may(self) -> None:
        self.assertAdminOnly(self.db.fixed_ip_get_all)
        self.fixed()
        self.assertAdminOnly(self.db.fixed_ip_get_all)

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        self.fixed()
        self.assertFewStatements(lambda: self.db.fixed_ip_get_all(self.admin), self.make.fixed_ip)


class TestFixedIpGetByAddressDetailed(ListTestCase):
    """``fixed_ip_get_by_address_detailed``."""

    def get(self, address: Any, context: Any = None) -> Any:
        return self.db.fixed_ip_get_by_address_detailed(context or self.admin, address)

    def test_it_comes_with_its_network_and_its_instance(self) -> None:
        network, instance = self.make.network(), self.make.instance(metadata={"a": "b"})
        made = self.fixed(address="2001:db8::1", network_id=network["id"], instance_uuid=instance["uuid"])
        for address in ("2001:db8::1", "2001:0DB8::1"):
            with self.subTest(address=address):
                found = self.get(address)
                self.assertIs(tuple, type(found))
                fixed, its_network, its_instance = found
                self.assertEqual((made, network), (fixed, its_network))
                self.assertShape(its_instance, "instances")
                self.assertEqual({name: instance[name] for name in its_instance}, its_instance)
        self.assertPrivate(lambda: list(self.get("2001:db8::1")))

    def test_what_it_does_not_have_is_none(self) -> None:
        network, instance = self.make.network(), self.make.instance()
        cases: tuple[dict[str, Any], ...] = (
            {},
            {"network_id": 999},
            {"network_id": network["id"]},
            {"instance_uuid": instance["uuid"]},
        )
        for values in cases:
            with self.subTest(values=values):
                made = self.fixed(**values)
                fixed, its_network, its_instance = self.get(made["address"])
                self.assertEqual(made, fixed)
                self.assertEqual(values.get("network_id") == network["id"], its_network is not None)
                self.assertEqual("instance_uuid" in values, its_instance is not None)

    def test_network_and_instance_may_be_deleted_ones(self) -> None:
        network = self.insert("networks", {"deleted": 1})[0]
        instance = self.make.deleted_instance()
        values = {"address": "10.0.0.1", "network_id": network["id"], "instance_uuid": instance["uuid"]}
        live, gone = self.fixed(**values), self.fixed(**values, deleted=5)
        for mode, expected in (("no", live), ("yes", live), ("only", gone)):
            with self.subTest(mode=mode, expected=expected):
                fixed, its_network, its_instance = self.get("10.0.0.1", self.seeing(mode))
                self.assertEqual((expected, network), (fixed, its_network))
                self.assertRecord(its_instance, uuid=instance["uuid"], deleted=instance["id"], name=instance["name"])

    def test_of_several_with_one_address_the_first_is_found(self) -> None:
        later, first = self.fixed(id=9, address="10.0.0.1"), self.fixed(id=3, address="10.0.0.1")
        self.assertEqual((first, None, None), self.get("10.0.0.1"))
        self.assertNotEqual(first, later)

    def test_an_unknown_address_is_not_found(self) -> None:
        gone = self.fixed(deleted=5)
        for address in (gone["address"], "10.9.9.9", "", None):
            with (
                self.subTest(address=address),
                self.raises(exceptions.FixedIpNotFoundForAddress, address=address, code=404),
            ):
                self.get(address)

    def test_only_administrators_may(self) -> None:
        made = self.fixed()
        self.assertAdminOnly(lambda context: self.get(made["address"], context))
        self.assertAdminOnly(lambda context: self.get("none", context))


class TestFixedIpGetByFloatingAddress(ListTestCase):
    """``fixed_ip_get_by_floating_address``."""

    def get(self, address: Any, context: Any = None) -> Any:
        return self.db.fixed_ip_get_by_floating_address(context or self.user, address)

    def test_it_is_the_fixed_ip_that_the_floating_one_is_on(self) -> None:
        self.fixed()
        uuid = self.make.instance(project_id="p2")["uuid"]
        made = self.fixed(instance_uuid=uuid)
        self.make.floating_ip(address="2001:db8::1", fixed_ip_id=made["id"], project_id="p2")
        for context in (self.user, self.other, self.admin):
            for address in ("2001:db8::1", "2001:0DB8::1"):
                with self.subTest(context=context, address=address):
                    self.assertEqual(made, self.get(address, context))
        self.assertShape(self.get("2001:db8::1"), "fixed_ips")
        self.assertPrivate(lambda: self.get("2001:db8::1"))

    def test_there_may_be_none(self) -> None:
        self.fixed()
        free = self.make.floating_ip()
        dangling = self.make.floating_ip(fixed_ip_id=999)
        for address in (free, dangling, "203.9.9.9", None):
            with self.subTest(address=address):
                self.assertIsNone(self.get(address))

    def test_deleted_floating_ips_do_not_count(self) -> None:
        made, other = self.fixed(), self.fixed()
        address = self.make.floating_ip(fixed_ip_id=made["id"])
        self.db.floating_ip_bulk_destroy(self.admin, [{"address": address}])
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertIsNone(self.get(address, self.seeing(mode)))
        self.make.floating_ip(address=address, fixed_ip_id=other["id"])
        self.assertEqual(other, self.get(address))

    def test_the_context_says_which_fixed_ips_count(self) -> None:
        live, gone = self.fixed(), self.fixed(deleted=5)
        on_live, on_gone = (self.make.floating_ip(fixed_ip_id=row["id"]) for row in (live, gone))
        for mode, first, second in (("no", live, None), ("yes", live, gone), ("only", None, gone)):
            with self.subTest(mode=mode, first=first, second=second):
                self.assertEqual(first, self.get(on_live, self.seeing(mode, self.user)))
                self.assertEqual(second, self.get(on_gone, self.seeing(mode, self.user)))

    def test_only_users_and_administrators_may(self) -> None:
        self.assertNotAuthorized(self.nobodies, lambda context: self.get("none", context))


class TestFixedIpGetByHost(ListTestCase):
    """``fixed_ip_get_by_host``."""

    def get(self, host: Any, context: Any = None) -> Any:
        return self.db.fixed_ip_get_by_host(context or self.admin, host)

    def test_they_are_those_of_the_live_instances_on_the_host(self) -> None:
        here = [self.make.instance(host="höst")["uuid"] for _ in range(2)]
        gone = self.make.deleted_instance(host="höst")["uuid"]
        elsewhere = self.make.instance(host="host2")["uuid"]
        rows = [
            self.fixed(id=number, instance_uuid=uuid, host="host2")
            for number, uuid in ((9, here[0]), (2, here[1]), (5, here[0]), (1, gone), (3, elsewhere))
        ]
        self.fixed(host="höst")
        found = self.get("höst")
        self.assertEqual([rows[1], rows[2], rows[0]], found)
        self.assertShape(found[0], "fixed_ips")
        self.assertPrivate(lambda: self.get("höst"))
        self.assertEqual([rows[4]], self.get("host2"))

    def test_there_may_be_none(self) -> None:
        self.fixed(instance_uuid=self.make.instance()["uuid"])
        self.fixed()
        for host in ("Host1", "", None, "h" * 300):
            with self.subTest(host=host):
                self.assertEqual([], self.get(host))

    def test_a_host_of_none_asks_for_instances_without_host(self) -> None:
        made = self.fixed(instance_uuid=self.make.instance(host=None)["uuid"])
        self.assertEqual([made], self.get(None))

    def test_the_context_says_which_rows_are_visible(self) -> None:
        uuid = self.make.instance()["uuid"]
        gone = self.make.deleted_instance()["uuid"]
        live, deleted = self.fixed(instance_uuid=uuid), self.fixed(instance_uuid=uuid, deleted=5)
        self.fixed(instance_uuid=gone, deleted=5)
        for mode, expected in (("no", [live]), ("yes", [live, deleted]), ("only", [deleted])):
            with self.subTest(mode=mode, expected=expected):
                self.assertEqual(expected, self.get("host1", self.seeing(mode)))

    def test_only_administrators_may(self) -> None:
        self.assertAdminOnly(lambda context: self.get("host1", context))

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        def grow() -> None:
            self.fixed(instance_uuid=self.make.instance()["uuid"])

        grow()
        self.assertFewStatements(lambda: self.get("host1"), grow)


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
