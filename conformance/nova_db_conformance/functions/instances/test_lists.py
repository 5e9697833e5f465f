"""Lists of instances: by project, by host, by time, and the relations that each of them brings."""

from __future__ import annotations

import functools
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.instances.cases import HOUR, Listed, ListsTestCase


class TestEveryList(ListsTestCase):
    """What holds for all seven functions."""

    def test_records_carry_the_relations_that_are_loaded_and_no_others(self) -> None:
        made = self.instance(metadata={"a": "b"}, system_metadata={"c": "d"}, security_groups=["default"])
        for name, (listing, joins) in self.listings.items():
            with self.subTest(name=name, listing=listing, joins=joins):
                (found,) = listing(self.admin)
                present = {*joins, *self.METADATA}
                self.assertShape(found, "instances", *present)
                for relation in present & {"metadata", "system_metadata", "info_cache"}:
                    with self.subTest(relation=relation):
                        self.assertEqual(
                            made[relation] if relation in joins else [], found[relation], f"{name}: {relation}"
                        )
                if "security_groups" in joins:
                    (group,) = found["security_groups"]
                    self.assertShape(group, "security_groups")
                    self.assertIds([group], made["security_groups"])
                columns = made.keys() - set(self.FOUR)
                self.assertEqual({c: made[c] for c in columns}, {c: found[c] for c in columns}, name)

    def test_they_are_in_the_order_of_the_ids(self) -> None:
        for number in (30, 10, 20):
            self.instance(id=number, created_at=NOON - number * HOUR)
        for name, (listing, _) in self.listings.items():
            with self.subTest(name=name, listing=listing):
                if name != "by filters":
                    self.assertEqual([10, 20, 30], [found["id"] for found in listing(self.admin)], name)

    def test_nothing_is_an_empty_list(self) -> None:
        for listing, _ in self.listings.values():
            with self.subTest(listing=listing):
                self.assertEqual([], listing(self.admin))

    def test_each_record_is_a_copy_of_its_own(self) -> None:
        for _ in range(2):
            self.instance(metadata={"a": "b"}, system_metadata={"c": "d"}, security_groups=["default"])
        for listing, joins in self.listings.values():
            with self.subTest(listing=listing, joins=joins):
                self.assertPrivate(functools.partial(listing, self.admin))
                if "security_groups" in joins:
                    first, second = (found["security_groups"][0] for found in listing(self.admin))
                    self.assertEqual(first, second)
                    self.assertIsNot(first, second)

    def test_the_context_says_whether_deleted_instances_are_listed(self) -> None:
        live, gone = self.instance(), self.instance()
        self.db.instance_destroy(self.admin, gone["uuid"])
        for name, (listing, _) in self.listings.items():
            for read_deleted, expected in (("no", [live]), ("yes", [live, gone]), ("only", [gone])):
                with self.subTest(name=name, listing=listing, read_deleted=read_deleted, expected=expected):
                    found = sorted(listing(self.seeing(read_deleted)), key=lambda record: int(record["id"]))
                    self.assertIds(found, [live, gone] if name in self.ALL_ROWS else expected)

    def test_metadata_are_those_that_the_context_sees(self) -> None:
        made = self.instance(metadata={"a": "1", "b": "2"}, system_metadata={"a": "1", "b": "2"})
        plain = self.instance()
        self.db.instance_metadata_update(self.admin, made["uuid"], {"a": "1"}, True)
        self.db.instance_metadata_update(self.admin, made["uuid"], {"a": "1", "b": "3"}, True)
        self.db.instance_system_metadata_update(self.admin, made["uuid"], {"b": "2"}, True)
        for name, (listing, joins) in self.listings.items():
            with self.subTest(name=name, listing=listing, joins=joins):
                if not joins:
                    continue
                lists = {
                    read_deleted: {found["id"]: found for found in listing(self.seeing(read_deleted))}
                    for read_deleted in ("no", "yes")
                }
                self.assertItems({"a": "1", "b": "3"}, [], lists["no"][made["id"]]["metadata"], name)
                self.assertItems({"a": "1", "b": "3"}, [("b", "2")], lists["yes"][made["id"]]["metadata"], name)
                self.assertItems({"b": "2"}, [], lists["no"][made["id"]]["system_metadata"], name)
                self.assertItems({"b": "2"}, [("a", "1")], lists["yes"][made["id"]]["system_metadata"], name)
                for found in lists.values():
                    with self.subTest(found=found):
                        self.assertRecord(found[plain["id"]], metadata=[], system_metadata=[])

    def test_a_context_that_sees_deleted_rows_only_sees_deleted_metadata_only(self) -> None:
        made = self.instance(metadata={"a": "1"}, system_metadata={"b": "2", "c": "3"})
        self.db.instance_system_metadata_update(self.admin, made["uuid"], {"c": "3"}, True)
        self.db.instance_destroy(self.admin, made["uuid"])
        for name, (listing, joins) in self.listings.items():
            with self.subTest(name=name, listing=listing, joins=joins):
                if not joins:
                    continue
                (found,) = listing(self.seeing("only"))
                self.assertItems({}, [("a", "1")], found["metadata"], name)
                self.assertItems({}, [("b", "2")], found["system_metadata"], name)

    def test_a_deleted_instance_shows_the_metadata_that_outlived_it(self) -> None:
        made = self.instance(metadata={"a": "1"}, system_metadata={"b": "2"})
        self.db.instance_destroy(self.admin, made["uuid"])
        for name in self.ALL_ROWS:
            with self.subTest(name=name):
                (found,) = self.listings[name][0](self.admin)
                self.assertItems({}, [], found["metadata"], name)
                self.assertItems({"b": "2"}, [], found["system_metadata"], name)
                self.assertRecord(found["info_cache"], deleted=found["info_cache"]["id"])
                self.assertEqual([], found["security_groups"])

    def assertItems(self, live: dict[str, str], deleted: list[tuple[str, str]], found: Listed, name: str) -> None:
        self.assertEqual(live, {item["key"]: item["value"] for item in found if not item["deleted"]}, name)
        self.assertEqual(deleted, [(item["key"], item["value"]) for item in found if item["deleted"]], name)
        self.assertEqual(sorted(item["id"] for item in found), [item["id"] for item in found], name)

    def test_who_may_list(self) -> None:
        for name, (listing, _) in self.listings.items():
            with self.subTest(name=name, listing=listing):
                if name in self.ADMIN_ONLY:
                    self.assertAdminOnly(listing)
                else:
                    nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=""))
                    self.assertNotAuthorized(nobodies, listing)
                    listing(self.user)

    def test_users_see_their_project_and_administrators_all(self) -> None:
        mine, other, nobody = (self.instance(project_id=project) for project in ("p1", "p2", None))
        for name, (listing, _) in self.listings.items():
            with self.subTest(name=name, listing=listing):
                self.assertEqual(3, len(listing(self.admin)), name)
                if name not in self.ADMIN_ONLY:
                    expected = [mine, other, nobody] if name == "by window" else [mine]
                    self.assertIds(listing(self.user), expected)

    def test_they_see_what_the_open_transaction_has_written(self) -> None:
        with self.db.transaction(self.admin):
            made = self.instance(metadata={"a": "b"})
            for listing, _ in self.listings.values():
                with self.subTest(listing=listing):
                    self.assertIds(listing(self.admin), [made])


class TestColumnsToJoin(ListsTestCase):
    """The argument ``columns_to_join`` of ``instance_get_all`` and ``instance_get_all_by_filters``."""

    def listed(self, columns: Any) -> list[dict[str, Any]]:
        """The only instance, as both functions list it."""
        return [
            *self.db.instance_get_all(self.user, columns),
            *self.db.instance_get_all(self.user, columns_to_join=columns),
            *self.db.instance_get_all_by_filters(self.user, {}, columns_to_join=columns),
        ]

    def test_any_of_the_relations_can_be_chosen(self) -> None:
        made = self.instance(metadata={"a": "b"}, system_metadata={"c": "d"}, security_groups=["default"])
        choices: tuple[Any, ...] = (
            [],
            (),
            ["metadata"],
            ("system_metadata", "info_cache"),
            ["security_groups", "security_groups"],
            ["block_device_mapping"],
            ("info_cache", "security_groups", "metadata", "system_metadata", "block_device_mapping"),
        )
        for columns in choices:
            for found in self.listed(columns):
                with self.subTest(columns=columns, found=found):
                    self.assertShape(found, "instances", *{*columns, *self.METADATA})
                    for name in self.METADATA:
                        with self.subTest(name=name):
                            self.assertEqual(made[name] if name in columns else [], found[name])

    def test_none_stands_for_four_of_them(self) -> None:
        self.instance()
        for found in self.listed(None):
            with self.subTest(found=found):
                self.assertShape(found, "instances", *self.FOUR)

    def test_block_device_mappings_are_the_live_ones(self) -> None:
        made = self.instance()
        for device in ("vda", "vdb"):
            values = {"instance_uuid": made["uuid"], "device_name": device}
            self.db.block_device_mapping_create(self.admin, values)
        first, second = self.db.block_device_mapping_get_all_by_instance(self.admin, made["uuid"])
        self.db.block_device_mapping_destroy(self.admin, first["id"])
        for read_deleted in ("no", "yes"):
            with self.subTest(read_deleted=read_deleted):
                (found,) = self.db.instance_get_all(self.seeing(read_deleted), ["block_device_mapping"])
                self.assertEqual([second], found["block_device_mapping"])

    def test_metadata_that_are_not_chosen_are_empty_whatever_is_visible(self) -> None:
        made = self.instance(metadata={"a": "b"}, system_metadata={"c": "d"})
        self.db.instance_metadata_update(self.admin, made["uuid"], {}, True)
        for read_deleted in ("no", "yes"):
            with self.subTest(read_deleted=read_deleted):
                (found,) = self.db.instance_get_all(self.seeing(read_deleted), ["system_metadata"])
                self.assertEqual([], found["metadata"])
                self.assertEqual(["c"], [item["key"] for item in found["system_metadata"]])

    def test_another_name_is_refused(self) -> None:
        self.instance()
        wrong: tuple[Any, ...] = (["fixed_ips"], ["metadata", "host"], ("",), ["security_groups.rules"], "metadata")
        for columns in wrong:
            with self.subTest(columns=columns):
                with self.raises(exceptions.Invalid) as caught:
                    self.db.instance_get_all(self.user, columns)
                self.assertIn(repr(next(name for name in columns if name != "metadata")), str(caught.exception))
                with self.raises(exceptions.Invalid):
                    self.db.instance_get_all_by_filters(self.user, {}, columns_to_join=columns)
