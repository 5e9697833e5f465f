"""Decisions on what callers write, each shown on every function that takes values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from oslo_utils import timeutils

from nova_db import exceptions
from nova_db.schema import TABLES, Kind
from nova_db_conformance import decision
from nova_db_conformance.decisions.cases import BERLIN, NOON, WritersTestCase, takers_of_values
from nova_db_conformance.harness import values as f
from nova_db_conformance.harness.checking import private_copy

NAMES = ("uuid", "instance_uuid", "request_id", "event")
"""Columns that say which row is meant, also to other functions that are tried here."""


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

    @decision(6)
    def test_the_longest_texts_in_all_columns_at_once_are_stored(self) -> None:
        for name, (table, write) in self.writers().items():
            texts = {
                column.name: f.a_long_text(column.length or 0)
                for column in TABLES[table].columns
                if column.kind is Kind.STRING and column.name not in NAMES
            }
            if name == "quota_usage_update":
                continue  # it takes no text
            with self.subTest(name):
                write(texts)
                found = [{column: row[column] for column in texts} for row in self.dump()[table]]
                self.assertIn(texts, found)

    @decision(6)
    def test_rows_are_found_by_their_longest_texts(self) -> None:
        db, admin, made = self.db, self.admin, self.make
        one, two, three = (f.a_long_text(255) for _ in range(3))
        build = made.agent_build(hypervisor=one, os=two, architecture=three)
        self.assertEqual(build, db.agent_build_get_by_triple(admin, one, two, three))
        self.assertIsNone(db.agent_build_get_by_triple(admin, one, two, three[:-1]))
        pool = made.console_pool(compute_host=one, host=two, console_type=three)
        found = db.console_pool_get_by_host_type(admin, one, two, three)
        self.assertEqual(pool, {key: found[key] for key in pool})
        self.assertEqual([found], db.console_pool_get_all_by_host_type(admin, two, three))
        texts = {"source_compute": one, "source_node": two, "dest_compute": three, "dest_node": one, "status": two}
        moving = made.migration(**texts, instance_uuid=self.uuid)
        for host, node in ((one, two), (three, one)):
            with self.subTest(host[:1]):
                (found,) = db.migration_get_in_progress_by_host_and_node(admin, host, node)
                self.assertEqual(moving, {key: found[key] for key in moving})
        self.assertEqual([], db.migration_get_in_progress_by_host_and_node(admin, one, two[:-1]))

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
