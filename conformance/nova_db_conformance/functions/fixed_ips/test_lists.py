"""Fixed ips found by what they belong to, listed and counted."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.fixed_ips.cases import ListTestCase


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
