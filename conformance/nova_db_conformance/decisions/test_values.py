"""Decisions on what callers write, each shown on every function that takes values."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

from oslo_utils import timeutils

from nova_db import exceptions
from nova_db.driver import FUNCTIONS, Driver
from nova_db.schema import TABLES, Kind
from nova_db_conformance import decision
from nova_db_conformance.harness import values as f
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.checking import private_copy

NOON = dt.datetime(2013, 3, 1, 12, 0, 0, 250)
BERLIN = dt.timezone(dt.timedelta(hours=1))
Writer: TypeAlias = tuple[str, Callable[[dict[str, Any]], Any]]
"""The table that a function writes to, and a call of it with these values beside those that it needs."""


def takers_of_values() -> set[str]:
    """The functions whose arguments hold columns."""
    found = {name for name in FUNCTIONS if "values" in inspect.signature(getattr(Driver, name)).parameters}
    return found | {"fixed_ip_bulk_create", "floating_ip_bulk_create", "provider_fw_rule_create", "quota_usage_update"}


class WritersTestCase(ConformanceTestCase):
    """A row for every function to change."""

    def setUp(self) -> None:
        super().setUp()
        made = self.make
        self.uuid: str = made.instance()["uuid"]
        self.request = {"instance_uuid": self.uuid, "request_id": "req-1", "event": "e", "result": "Success"}
        action = {key: self.request[key] for key in ("instance_uuid", "request_id")}
        self.db.action_start(self.admin, {**action, "action": "create"})
        self.db.action_event_start(self.admin, {**action, "event": "e"})
        self.action = action
        self.device = {"instance_uuid": self.uuid, "device_name": "vda", "virtual_name": "ami"}
        self.db.block_device_mapping_create(self.admin, {**self.device, "delete_on_termination": True})
        self.service = made.service()["id"]
        self.ids = {
            "block_device_mapping": self.db.block_device_mapping_get_all_by_instance(self.admin, self.uuid)[0]["id"],
            "migrations": self.db.migration_create(self.admin, {"instance_uuid": self.uuid})["id"],
            "networks": made.network()["id"],
            "services": self.service,
            "compute_nodes": made.compute_node(service_id=self.service)["id"],
            "aggregates": made.aggregate()["id"],
            "agent_builds": made.agent_build()["id"],
        }
        self.fixed_ip, self.floating_ip = made.fixed_ip(), made.floating_ip()
        self.cell = made.cell()["name"]
        self.db.quota_reserve(
            self.user, f.resources("cores"), {"cores": 9}, {"cores": 1}, NOON + dt.timedelta(days=9), 0, 0
        )

    def rows(self) -> dict[str, tuple[str, Callable[..., dict[str, Any]]]]:
        """The table of each function that makes a row, and values that would do."""
        start = {key: self.request[key] for key in ("instance_uuid", "request_id", "event")}
        return {
            "instance_create": ("instances", f.instance_values),
            "instance_fault_create": ("instance_faults", lambda: {"instance_uuid": self.uuid, "code": 500}),
            "action_start": ("instance_actions", lambda: self.action),
            "action_event_start": ("instance_actions_events", lambda: start),
            "block_device_mapping_create": (
                "block_device_mapping",
                lambda: {**self.device, "device_name": "vdb", "delete_on_termination": False},
            ),
            "block_device_mapping_update_or_create": ("block_device_mapping", lambda: self.device),
            "migration_create": ("migrations", lambda: {"instance_uuid": self.uuid}),
            "fixed_ip_create": ("fixed_ips", f.fixed_ip_values),
            "floating_ip_create": ("floating_ips", f.floating_ip_values),
            "network_create_safe": ("networks", f.network_values),
            "virtual_interface_create": ("virtual_interfaces", f.virtual_interface_values),
            "security_group_create": ("security_groups", f.security_group_values),
            "security_group_rule_create": ("security_group_rules", f.rule_values),
            "security_group_default_rule_create": ("security_group_default_rules", f.rule_values),
            "provider_fw_rule_create": ("provider_fw_rules", f.rule_values),
            "service_create": ("services", f.service_values),
            "compute_node_create": ("compute_nodes", lambda: f.compute_node_values(service_id=self.service)),
            "aggregate_create": ("aggregates", lambda: {"name": f"a{f.a_number()}"}),
            "cell_create": ("cells", f.cell_values),
            "agent_build_create": ("agent_builds", f.agent_build_values),
            "certificate_create": ("certificates", f.certificate_values),
            "console_pool_create": ("console_pools", f.console_pool_values),
            "console_create": ("consoles", lambda: {"instance_uuid": self.uuid}),
            "instance_type_create": ("instance_types", f.flavor_values),
            "key_pair_create": ("key_pairs", f.key_pair_values),
        }

    def creators(self) -> dict[str, Writer]:
        """The functions that make a row, with values that would do."""
        db, admin = self.db, self.admin

        def writer(name: str, table: str, base: Callable[..., dict[str, Any]]) -> Writer:
            return table, lambda values: getattr(db, name)(admin, {**base(), **values})

        def several(name: str, table: str, base: Callable[..., dict[str, Any]]) -> Writer:
            return table, lambda values: getattr(db, name)(admin, [base(), {**base(), **values}])

        found = {name: writer(name, table, base) for name, (table, base) in self.rows().items()}
        for kind, base in (("fixed_ip", f.fixed_ip_values), ("floating_ip", f.floating_ip_values)):
            found[f"{kind}_bulk_create"] = several(f"{kind}_bulk_create", f"{kind}s", base)
        return found

    def updaters(self) -> dict[str, Writer]:
        """The functions that change a row."""
        db, admin, ids = self.db, self.admin, self.ids
        keyed: dict[str, tuple[str, Any]] = {
            "instance_update": ("instances", self.uuid),
            "instance_update_and_get_original": ("instances", self.uuid),
            "instance_info_cache_update": ("instance_info_caches", self.uuid),
            "fixed_ip_update": ("fixed_ips", self.fixed_ip),
            "floating_ip_update": ("floating_ips", self.floating_ip),
            "cell_update": ("cells", self.cell),
            "block_device_mapping_update": ("block_device_mapping", ids["block_device_mapping"]),
            "migration_update": ("migrations", ids["migrations"]),
            "network_update": ("networks", ids["networks"]),
            "service_update": ("services", ids["services"]),
            "compute_node_update": ("compute_nodes", ids["compute_nodes"]),
            "aggregate_update": ("aggregates", ids["aggregates"]),
            "agent_build_update": ("agent_builds", ids["agent_builds"]),
        }

        def writer(name: str, table: str, key: Any) -> Writer:
            return table, lambda values: getattr(db, name)(admin, key, values)

        return {
            **{name: writer(name, table, key) for name, (table, key) in keyed.items()},
            "action_finish": ("instance_actions", lambda values: db.action_finish(admin, {**self.action, **values})),
            "action_event_finish": (
                "instance_actions_events",
                lambda values: db.action_event_finish(admin, {**self.request, **values}),
            ),
            "quota_usage_update": (
                "quota_usages",
                lambda values: db.quota_usage_update(admin, "p1", "cores", **values),
            ),
        }

    def writers(self) -> dict[str, Writer]:
        """All of them."""
        return {**self.creators(), **self.updaters()}


class TestValues(WritersTestCase):
    """What holds for all functions that take values."""

    def test_all_of_them_are_here(self) -> None:
        self.assertEqual(sorted(takers_of_values()), sorted(self.writers()))

    @decision(2, 18, 23)
    def test_unknown_keys_are_errors_and_nothing_is_stored(self) -> None:
        for name, (table, write) in self.writers().items():
            before = self.dump()
            for unknown, nearest in (("deletedat", "deleted_at"), ("created-at", "created_at")):
                with self.subTest(name):
                    expected = {"table": table, "column": unknown, "nearest": nearest, "code": 400}
                    with self.raises(exceptions.UnknownColumn, **expected):
                        write({"created_at": NOON, unknown: NOON})
                    self.assertSameRows(before, f"although {name} refused an unknown key")

    @decision(2)
    def test_what_is_taken_beside_columns(self) -> None:
        writers = self.writers()
        taken: list[tuple[str, dict[str, Any]]] = [
            ("key_pair_create", {"private_key": "secret"}),
            ("compute_node_create", {"host": "h", "stats": {"x": 1}}),
            ("compute_node_update", {"host": "h", "stats": {"x": 2}}),
            ("instance_create", {"metadata": {"x": "1"}, "system_metadata": {"x": "1"}, "security_groups": []}),
            ("instance_update", {"metadata": {"x": "1"}, "expected_task_state": None}),
            ("aggregate_create", {"metadata": {"ignored": "1"}}),
            ("aggregate_update", {"metadata": {"x": "1"}, "availability_zone": "az1"}),
            ("instance_type_create", {"extra_specs": {"x": "1"}}),
        ]
        for name, values in taken:
            with self.subTest(name):
                writers[name][1](values)
        self.assertNotIn("secret", str(self.dump()["key_pairs"]))

    @decision(3)
    def test_arguments_are_never_changed(self) -> None:
        zone = {"availability_zone": "az1"}
        special: dict[str, dict[str, Any]] = {
            "instance_create": {"metadata": {"x": 1}, "system_metadata": {"x": 1}, "security_groups": []},
            "instance_update": {"metadata": {"x": 2}, "system_metadata": {"x": 2}, "expected_task_state": [None]},
            "action_start": {"start_time": "2013-03-01T12:00:00.000000"},
            "action_finish": {"finish_time": "2013-03-01T12:00:00.000000"},
            "compute_node_create": {"host": "h", "stats": {"x": 1}, "updated_at": "2013-03-01T12:00:00.000000"},
            "compute_node_update": {"host": "h", "stats": {"x": 1}, "updated_at": "2013-03-01T12:00:00.000000"},
            "aggregate_update": {**zone, "metadata": {"x": 1, **zone}},
            "instance_type_create": {"extra_specs": {"x": 1}},
            "key_pair_create": {"private_key": "secret"},
            "quota_usage_update": {},
        }
        for name, (_, write) in self.writers().items():
            values = special.get(name, {"created_at": NOON.replace(tzinfo=BERLIN)})
            given = private_copy(values)
            with self.subTest(name):
                write(values)
                self.assertEqual(given, values)

    @decision(7)
    def test_a_time_with_a_zone_is_converted_to_utc(self) -> None:
        for number, (name, (table, write)) in enumerate(self.writers().items()):
            moment = NOON + dt.timedelta(minutes=number)
            if name != "quota_usage_update":
                with self.subTest(name):
                    write({"created_at": moment.replace(tzinfo=BERLIN)})
                    stored = moment - dt.timedelta(hours=1)
                    self.assertIn(stored, [row["created_at"] for row in self.dump()[table]])

    @decision(7)
    def test_the_clock_is_that_of_oslo(self) -> None:
        self.patch(timeutils, "utcnow", lambda: NOON)
        for name, (table, write) in self.creators().items():
            if name != "block_device_mapping_update_or_create":
                with self.subTest(name):
                    write({})
                    self.assertEqual(NOON, self.dump()[table][-1]["created_at"])

    @decision(19, 23, 25)
    def test_what_does_not_fit_its_column_is_named_with_its_table_and_value(self) -> None:
        unfit: tuple[Any, ...] = (b"2013-03-01", 5, NOON.date(), [NOON])
        for name, (table, write) in self.writers().items():
            before = self.dump()
            for value in unfit:
                with self.subTest(name):
                    column = "until_refresh" if name == "quota_usage_update" else "created_at"
                    bad = "x" if name == "quota_usage_update" else value
                    if name == "virtual_interface_create":  # it has one exception for whatever goes wrong
                        with self.raises(exceptions.VirtualInterfaceCreateException, code=500):
                            write({column: bad})
                        continue
                    with self.raises(exceptions.DBDataError, table=table, columns=[column], value=bad):
                        write({column: bad})
                    self.assertSameRows(before, f"although {name} refused a value")

    @decision(35)
    def test_text_that_is_no_unicode_text_or_holds_a_nul_is_refused(self) -> None:
        texts = {Kind.STRING, Kind.TEXT, Kind.MEDIUMTEXT, Kind.IP, Kind.CIDR}
        keys = ("instance_uuid", "request_id")  # of an action that is looked up, and there is none
        others: dict[tuple[str, str], type[Exception]] = {
            **dict.fromkeys([("action_finish", key) for key in keys], exceptions.InstanceActionNotFound),
            **dict.fromkeys(
                [("virtual_interface_create", column) for column in TABLES["virtual_interfaces"].names],
                exceptions.VirtualInterfaceCreateException,
            ),
        }
        for name, (table, write) in self.writers().items():
            if name == "quota_usage_update":
                continue  # it takes no text
            before = self.dump()
            for column in [column.name for column in TABLES[table].columns if column.kind in texts]:
                for value in ("\ud800", "a\udfffb", "a\0b"):
                    with self.subTest(f"{name}, {column}", value=ascii(value)):
                        if (name, column) in others:
                            self.assertRaises(others[name, column], write, {column: value})
                            continue
                        with self.raises(exceptions.DBDataError, table=table, columns=[column], value=value):
                            write({column: value})
            with self.subTest(name):
                self.assertSameRows(before, f"although {name} refused a text")

    @decision(6, 24)
    def test_no_column_that_needs_a_value_takes_none(self) -> None:
        for name, (table, write) in self.updaters().items():
            if name == "quota_usage_update":
                continue
            for column in TABLES[table].columns:
                if column.nullable or column.name == "deleted":
                    continue
                before = self.dump()
                with self.subTest(f"{name}, {column.name}"):
                    with self.raises(exceptions.DBDataError, table=table, columns=[column.name], value=None):
                        write({column.name: None})
                    self.assertSameRows(before, f"although {name} refused None")

    @decision(4)
    def test_what_a_write_returns_is_what_a_read_returns(self) -> None:
        db, admin = self.db, self.admin
        writers = self.writers()
        readers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "instance_create": lambda row: db.instance_get_by_uuid(admin, row["uuid"]),
            "instance_update": lambda row: db.instance_get(admin, row["id"]),
            "aggregate_create": lambda row: db.aggregate_get(admin, row["id"]),
            "aggregate_update": lambda row: db.aggregate_get(admin, row["id"]),
            "cell_create": lambda row: db.cell_get(admin, row["name"]),
            "cell_update": lambda row: db.cell_get(admin, row["name"]),
            "instance_type_create": lambda row: db.instance_type_get(admin, row["id"]),
            "key_pair_create": lambda row: db.key_pair_get(admin, row["user_id"], row["name"]),
            "migration_create": lambda row: db.migration_get(admin, row["id"]),
            "migration_update": lambda row: db.migration_get(admin, row["id"]),
            "network_create_safe": lambda row: db.network_get(admin, row["id"]),
            "network_update": lambda row: db.network_get(admin, row["id"]),
            "security_group_create": lambda row: db.security_group_get(admin, row["id"]),
            "compute_node_create": lambda row: db.compute_node_get(admin, row["id"]),
            "compute_node_update": lambda row: db.compute_node_get(admin, row["id"]),
            "virtual_interface_create": lambda row: db.virtual_interface_get(admin, row["id"]),
            "action_start": lambda row: db.action_get_by_request_id(admin, self.uuid, row["request_id"]),
        }
        special: dict[str, dict[str, Any]] = {
            "action_start": {"request_id": "req-2", "message": 5},
            "instance_create": {"display_name": 5, "memory_mb": "512", "access_ip_v6": "2001:0DB8::0001"},
            "instance_update": {"display_name": 5, "metadata": {"n": 1}},
            "aggregate_update": {"name": 5, "metadata": {"n": 1}},
            "instance_type_create": {"flavorid": 5, "extra_specs": {"n": 1}},
            "network_update": {"label": 5, "gateway_v6": "2001:0DB8::0001"},
            "compute_node_update": {"vcpus": "16", "stats": {"n": 1}},
        }
        for name, read in readers.items():
            with self.subTest(name):
                written = writers[name][1](special.get(name, {}))
                found = read(written)
                self.assertEqual({key: found[key] for key in written}, written)
                self.assertIs(dict, type(written))
