"""Decisions on what callers read: its order, its form, and what None asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.harness import values as f
from nova_db_conformance.harness.base import ConformanceTestCase

NOON = dt.datetime(2013, 3, 1, 12, 0, 0, 250)
TEXTS = ["", "B", "a", "a b", "a_b", "ab", "b", "\u00e4", "\ue000", "\U0001f511"]
"""In the order of code points, which neither a language nor UTF-16 would give."""


class TestOrder(ConformanceTestCase):
    """Where nothing else is said: by id, names by code point."""

    @decision(5)
    def test_lists_come_by_id_whatever_the_order_they_were_made_in(self) -> None:
        db, admin, made = self.db, self.admin, self.make
        uuid = made.instance()["uuid"]
        pool = made.console_pool()
        lists: dict[Callable[[int], Any], Callable[[], Any]] = {
            lambda key: made.service(id=key): lambda: db.service_get_all(admin),
            lambda key: made.agent_build(id=key): lambda: db.agent_build_get_all(admin),
            lambda key: made.cell(id=key): lambda: db.cell_get_all(admin),
            lambda key: made.certificate(id=key): lambda: db.certificate_get_all_by_user(admin, "u1"),
            lambda key: made.console(pool, id=key, instance_uuid=uuid): (
                lambda: db.console_get_all_by_instance(admin, uuid)
            ),
            lambda key: db.aggregate_create(admin, {"id": key, "name": str(key)}): lambda: db.aggregate_get_all(admin),
            lambda key: made.network(id=key): lambda: db.network_get_all(admin),
            lambda key: made.fixed_ip(id=key): lambda: db.fixed_ip_get_all(admin),
            lambda key: made.floating_ip(id=key): lambda: db.floating_ip_get_all(admin),
            lambda key: made.virtual_interface(id=key, instance_uuid=uuid): (
                lambda: db.virtual_interface_get_by_instance(admin, uuid)
            ),
            lambda key: made.security_group(id=key): lambda: db.security_group_get_by_project(admin, "p1"),
            lambda key: db.provider_fw_rule_create(admin, f.rule_values(id=key)): (
                lambda: db.provider_fw_rule_get_all(admin)
            ),
            lambda key: made.key_pair(id=key): lambda: db.key_pair_get_all_by_user(admin, "u1"),
            lambda key: made.compute_node(id=key): lambda: db.compute_node_get_all(admin),
            lambda key: db.block_device_mapping_create(
                admin,
                {"id": key, "instance_uuid": uuid, "device_name": str(key), "delete_on_termination": False},
            ): lambda: db.block_device_mapping_get_all_by_instance(admin, uuid),
        }
        for create, listed in lists.items():
            with self.subTest(create=create, listed=listed):
                for key in (901, 903, 900, 902):
                    create(key)
                found = [row["id"] for row in listed()]
                self.assertEqual([900, 901, 902, 903], [key for key in found if key >= 900])
                self.assertEqual(sorted(found), found)

    @decision(5)
    def test_the_first_of_several_is_the_one_with_the_lowest_id(self) -> None:
        db, admin, made = self.db, self.admin, self.make
        for key in (902, 900, 901):
            made.agent_build(id=key)
            made.console_pool(id=key)
            made.cell(id=key, name="twice")
            made.service(id=key, host="h", binary="b", topic="compute")
            made.key_pair(id=key, name="twice")
            made.security_group(id=key, name="twice")
        for found in (
            db.agent_build_get_by_triple(admin, "xen", "windows", "x86"),
            db.console_pool_get_by_host_type(admin, "host1", "proxy1", "xvpvnc"),
            db.cell_get(admin, "twice"),
            db.service_get_by_args(admin, "h", "b"),
            db.service_get_by_compute_host(admin, "h"),
            db.key_pair_get(admin, "u1", "twice"),
            db.security_group_get_by_name(admin, "p1", "twice"),
        ):
            with self.subTest(found=found):
                self.assertRecord(found, id=900)

    @decision(5, 26)
    def test_names_and_pools_come_by_code_point(self) -> None:
        for text in reversed(TEXTS):
            self.make.floating_ip(pool=text)
            if text:
                self.db.dnsdomain_register_for_project(self.admin, text, "p1")
        self.assertEqual(TEXTS, [pool["name"] for pool in self.db.floating_ip_get_pools(self.user)])
        self.assertEqual(TEXTS[1:], self.db.dnsdomain_list(self.user))

    @decision(26)
    def test_instances_are_sorted_by_code_point_and_only_ascii_is_folded(self) -> None:
        for text in reversed(TEXTS):
            self.make.instance(display_name=text, hostname=f"{text}.\u00e4")
        found = self.db.instance_get_all_by_filters(self.admin, {}, "display_name", "asc")
        self.assertEqual(TEXTS, [instance["display_name"] for instance in found])
        self.set_option("osapi_compute_unique_server_name_scope", "global")
        self.make.instance(hostname="A.\u00c4")
        with self.raises(exceptions.InstanceExists):
            self.make.instance(hostname="A.\u00e4")


class TestValuesRead(ConformanceTestCase):
    """What comes back, and what is looked up."""

    @decision(16)
    def test_an_address_has_one_spelling(self) -> None:
        long, short = "2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"
        self.assertEqual(short, self.make.fixed_ip(address=long))
        self.assertEqual(short, self.make.floating_ip(address=long))
        for spelling in (long, short, "2001:DB8::0:1"):
            with self.subTest(spelling=spelling):
                self.assertRecord(self.db.fixed_ip_get_by_address(self.admin, spelling), address=short)
                self.assertRecord(self.db.floating_ip_get_by_address(self.admin, spelling), address=short)
        self.assertRecord(self.make.instance(access_ip_v6=long), access_ip_v6=short)
        self.assertEqual([short], [row["address"] for row in self.dump()["fixed_ips"]])

    @decision(16)
    def test_networks_of_ipv6_are_shortened_and_all_else_stays_as_given(self) -> None:
        cases = {
            "2001:DB8::5/64": "2001:db8::/64",
            "::1": "::1/128",
            "10.0.0.5/24": "10.0.0.5/24",
            "10.0.0.1/32": "10.0.0.1/32",
            "10.0.0.1": "10.0.0.1",
        }
        for given, stored in cases.items():
            with self.subTest(given=given, stored=stored):
                network = self.make.network(cidr=given, cidr_v6=given)
                self.assertRecord(network, cidr=stored, cidr_v6=stored)
                self.assertIds([self.db.network_get_by_cidr(self.admin, given)], [network])
        for text in ("010.0.0.1", "no address", "", "fe80::1%eth0"):
            with self.subTest(text=text):
                self.assertRecord(self.make.instance(access_ip_v4=text), access_ip_v4=text)

    @decision(24)
    def test_none_as_the_value_of_a_filter_asks_for_null(self) -> None:
        none, some = self.make.instance(host=None), self.make.instance(host="h")
        self.assertIds(self.db.instance_get_all_by_filters(self.admin, {"host": None}), [none])
        self.assertIds(self.db.instance_get_all_by_host(self.admin, None), [none])
        self.assertIds(self.db.instance_get_all_by_host(self.admin, "h"), [some])
        free = self.make.fixed_ip()
        self.make.fixed_ip(instance_uuid=some["uuid"])
        self.assertEqual(
            [free], [ip["address"] for ip in self.db.fixed_ip_get_all(self.admin) if not ip["instance_uuid"]]
        )

    @decision(24)
    def test_none_where_a_value_is_required_is_an_error(self) -> None:
        uuid = self.make.instance()["uuid"]
        device = {"instance_uuid": uuid, "device_name": "vda", "delete_on_termination": True}
        calls: list[tuple[str, str, Callable[[], Any]]] = [
            (
                "block_device_mapping",
                "instance_uuid",
                lambda: self.db.block_device_mapping_create(self.user, {**device, "instance_uuid": None}),
            ),
            ("instance_actions", "instance_uuid", lambda: self.db.action_start(self.user, {"instance_uuid": None})),
            ("aggregate_metadata", "value", lambda: self.make.aggregate("a", x=None)),
            ("compute_nodes", "vcpus", lambda: self.make.compute_node(vcpus=None, service_id=1)),
        ]
        for table, column, call in calls:
            with self.subTest(table=table, column=column, call=call):
                before = self.dump()
                with self.raises(exceptions.DBDataError, table=table, columns=[column], value=None):
                    call()
                self.assertSameRows(before, "although a value was required")

    @decision(4)
    def test_a_record_is_the_callers_own(self) -> None:
        aggregate = self.make.aggregate(hosts=["h"], x="y")
        group = self.make.security_group()
        self.make.security_group_rule(group)
        instance = self.make.instance(metadata={"x": "y"})
        for read in (
            lambda: self.db.aggregate_get(self.admin, aggregate["id"]),
            lambda: self.db.security_group_get(self.admin, group["id"]),
            lambda: self.db.instance_get_by_uuid(self.admin, instance["uuid"]),
            lambda: self.db.instance_get_all(self.admin),
        ):
            with self.subTest(read=read):
                self.assertPrivate(read)

    @decision(13)
    def test_two_functions_that_never_worked(self) -> None:
        instance, other = self.make.instance(vm_state="active"), self.make.instance()
        self.db.instance_test_and_set(self.user, instance["uuid"], "vm_state", ["active"], "stopped")
        found = self.db.instance_get_by_uuid(self.user, instance["uuid"])
        self.assertRecord(found, vm_state="stopped")
        expected = {"attr": "vm_state", "instance_uuid": instance["uuid"], "state": "stopped", "code": 400}
        with self.raises(exceptions.InstanceInvalidState, **expected) as caught:
            self.db.instance_test_and_set(self.user, instance["uuid"], "vm_state", ["active"], "stopped")
        self.assertIn("method", caught.exception.kwargs)

        last, first, unused = (self.make.network(id=key) for key in (9, 3, 5))
        for network in (last, first):
            self.make.virtual_interface(instance_uuid=instance["uuid"], network_id=network["id"])
        self.make.virtual_interface(instance_uuid=other["uuid"], network_id=unused["id"])
        self.assertIds(self.db.network_get_all_by_instance(self.admin, instance["id"]), [first, last])
        with self.raises(exceptions.NetworkNotFoundForInstance, instance_id=99, code=404):
            self.db.network_get_all_by_instance(self.admin, 99)
