"""Instances as they are created: the columns, what comes with an instance, and what is refused."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.instances.cases import COMPLETE
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid, instance_values, rule_values

FOUR = ("info_cache", "metadata", "security_groups", "system_metadata")


class TestInstanceCreate(ConformanceTestCase):
    """The columns of an instance."""

    def create(self, **values: Any) -> dict[str, Any]:
        return self.api.instance_create(self.admin, values)

    def test_every_column_is_stored_as_given(self) -> None:
        created = self.create(**COMPLETE)
        self.assertRecord(created, **COMPLETE)
        self.assertRecord(self.db.instance_get_by_uuid(self.admin, COMPLETE["uuid"]), **COMPLETE)

    def test_an_instance_of_no_values_has_defaults_and_nothing_else(self) -> None:
        self.set_time(NOON)
        created = self.db.instance_create(self.user, {})
        self.assertShape(created, "instances", *FOUR)
        given = {
            "id": 1,
            "name": "instance-00000001",
            "created_at": NOON,
            "deleted": 0,
            "shutdown_terminate": False,
            "disable_terminate": False,
            "metadata": [],
            "system_metadata": [],
            "security_groups": [],
        }
        self.assertRecord(created, **given)
        others = created.keys() - given.keys() - {"uuid", "info_cache"}
        self.assertEqual([], [name for name in sorted(others) if created[name] is not None])
        self.assertRegex(created["uuid"], r"\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")

    def test_an_instance_belongs_to_nobody_unless_the_values_say_so(self) -> None:
        created = self.db.instance_create(self.user, {})
        self.assertRecord(created, project_id=None, user_id=None)
        with self.raises(exceptions.InstanceNotFound, instance_id=created["uuid"]):
            self.db.instance_get_by_uuid(self.user, created["uuid"])

    @decision(4)
    def test_the_record_is_what_reading_the_instance_gives(self) -> None:
        group = self.make.security_group(name="web")
        self.make.security_group_rule(group)
        created = self.db.instance_create(
            self.user,
            instance_values(
                vcpus="3",
                metadata={"a": 1, "b": None},
                system_metadata={"c": "2"},
                info_cache={"network_info": "[]"},
                security_groups=["web", "default"],
            ),
        )
        self.assertShape(created, "instances", *FOUR)
        self.assertEqual(self.db.instance_get_by_uuid(self.user, created["uuid"]), created)

    def test_an_instance_may_be_deleted_from_the_beginning(self) -> None:
        created = self.create(deleted=99, deleted_at=NOON, metadata={"a": "b"}, security_groups=["default"])
        self.assertRecord(created, deleted=99, deleted_at=NOON, security_groups=[])
        self.assertEqual(self.db.instance_get(self.seeing("only"), created["id"]), created)

    def test_each_instance_has_a_uuid_and_an_id_of_its_own(self) -> None:
        made = [self.create() for _ in range(5)]
        self.assertEqual([1, 2, 3, 4, 5], [instance["id"] for instance in made])
        self.assertEqual(5, len({instance["uuid"] for instance in made}))

    def test_an_empty_uuid_is_replaced_by_a_random_one(self) -> None:
        for empty in ("", None):
            with self.subTest(empty=empty):
                self.assertRegex(self.create(uuid=empty)["uuid"], r"\A[0-9a-f-]{36}\Z")

    def test_the_form_of_a_uuid_is_not_checked(self) -> None:
        for uuid in ("vm", "0F3C7F7E-58A5-4A3B-8D0C-6D5B6F3A9A11", "x" * 36):
            with self.subTest(uuid=uuid):
                self.assertEqual(uuid, self.create(uuid=uuid)["uuid"])
                self.assertEqual(uuid, self.db.instance_get_by_uuid(self.admin, uuid)["uuid"])

    @decision(25)
    def test_values_are_stored_in_the_type_of_their_column(self) -> None:
        east = dt.timezone(dt.timedelta(hours=2))
        created = self.create(
            vcpus="3",
            memory_mb=True,
            image_ref=7,
            display_name=1.5,
            locked=1,
            auto_disk_config=0,
            launched_at=dt.datetime(2013, 3, 1, 14, 0, tzinfo=east),
            access_ip_v6="2001:0DB8:0::0001",
            access_ip_v4="no address",
        )
        stored = {
            "vcpus": 3,
            "memory_mb": 1,
            "image_ref": "7",
            "display_name": "1.5",
            "locked": True,
            "auto_disk_config": False,
            "launched_at": dt.datetime(2013, 3, 1, 12, 0),
            "access_ip_v6": "2001:db8::1",
            "access_ip_v4": "no address",
        }
        self.assertRecord(created, **stored)
        self.assertRecord(self.db.instance_get(self.admin, created["id"]), **stored)

    def test_what_a_column_cannot_hold_is_refused(self) -> None:
        refused: list[tuple[str, Any]] = [
            ("vcpus", "two"),
            ("vcpus", 2.5),
            ("memory_mb", 2**31),
            ("memory_mb", -(2**31) - 1),
            ("locked", "yes"),
            ("locked", 2),
            ("launched_at", "2013-03-01T12:00:00.000000"),
            ("display_name", "x" * 256),
            ("display_name", ["x"]),
            ("display_name", "a\0b"),
            ("uuid", "x" * 37),
            ("access_ip_v4", "1" * 40),
            ("user_data", "é" * (8 * 2**20)),
        ]
        before = self.dump()
        for column, value in refused:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="instances", columns=[column], value=value),
            ):
                self.create(**{column: value})
        self.assertSameRows(before, "although every call was refused")

    def test_the_largest_values_that_fit_are_stored(self) -> None:
        largest = {"memory_mb": 2**31 - 1, "vcpus": -(2**31), "display_name": "é" * 255, "user_data": "é" * 2**20}
        self.assertRecord(self.create(**largest), **largest)

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for key in ("name", "injected_files", "block_device_mapping", "expected_task_state", ""):
            with self.subTest(key=key), self.raises(exceptions.UnknownColumn, table="instances", column=key):
                self.create(uuid=a_uuid(), **{key: "x"})
        with self.raises(exceptions.UnknownColumn, table="instances", column="hst", nearest="host"):
            self.create(hst="host1", vcpus=1)
        self.assertEqual({}, self.dump())

    def test_an_id_that_is_given_moves_the_counter_on(self) -> None:
        self.assertEqual([1000, 1001, 2, 1002], [self.create(id=given)["id"] for given in (1000, None, 2, None)])

    def test_a_taken_uuid_is_refused_also_if_a_deleted_instance_has_it(self) -> None:
        for taken in (self.make.instance()["uuid"], self.make.deleted_instance()["uuid"]):
            with self.subTest(taken=taken):
                before = self.dump()
                with self.raises(exceptions.DBDuplicateEntry, table="instances", columns=["uuid"]):
                    self.create(uuid=taken, metadata={"a": "b"}, security_groups=["default"])
                self.assertSameRows(before, "although the uuid was taken")

    def test_a_taken_id_is_refused(self) -> None:
        instance = self.make.instance()
        self.assertUnchanged(lambda: self.create(id=instance["id"]), exceptions.DBDuplicateEntry)

    def test_only_users_and_administrators_create(self) -> None:
        nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=None))
        self.assertNotAuthorized(nobodies, lambda context: self.db.instance_create(context, {"vcpus": "two"}))
        self.assertEqual({}, self.dump())
        for context in (self.user, self.admin, self.context(user_id=None, project_id=None, is_admin=True)):
            self.db.instance_create(context, {})


class TestInstanceName(ConformanceTestCase):
    """The computed value ``name``."""

    def name(self, template: str, **values: Any) -> Any:
        self.set_option("instance_name_template", template)
        created = self.db.instance_create(self.admin, values)
        self.assertEqual(created["name"], self.db.instance_get(self.admin, created["id"])["name"])
        (listed,) = self.db.instance_get_all_by_filters(self.admin, {"uuid": created["uuid"]})
        self.assertEqual(created["name"], listed["name"])
        return created["name"]

    def test_it_is_the_template_with_the_id(self) -> None:
        self.assertEqual("instance-000000ff", self.db.instance_create(self.admin, {"id": 255})["name"])
        self.assertEqual("vm 16", self.name("vm %d", id=16))

    def test_a_template_may_name_columns(self) -> None:
        self.assertEqual("12/web", self.name("%(id)d/%(hostname)s", id=12, hostname="web"))

    def test_it_is_the_uuid_if_the_template_names_what_is_no_column(self) -> None:
        self.assertEqual("some-uuid", self.name("%(color)s", uuid="some-uuid"))

    def test_it_is_the_uuid_if_the_template_does_not_fit_the_record(self) -> None:
        one, two = a_uuid(), a_uuid()
        self.assertEqual(one, self.name("%(vcpus)d", uuid=one))
        self.assertEqual(one, self.db.instance_update(self.admin, one, {"hostname": "web"})["name"])
        self.assertEqual("2", self.db.instance_update(self.admin, one, {"vcpus": 2})["name"])
        self.assertEqual(two, self.name("%(memory_mb)d", uuid=two))
        self.assertEqual(two, self.db.instance_destroy(self.admin, two)["name"])

    def test_it_follows_the_template_at_each_call(self) -> None:
        instance = self.make.instance(id=1)
        self.set_option("instance_name_template", "other-%d")
        self.assertEqual("other-1", self.db.instance_get(self.admin, 1)["name"])
        self.assertEqual("other-1", self.db.instance_update(self.admin, instance["uuid"], {})["name"])
        self.assertEqual("other-1", self.db.instance_destroy(self.admin, instance["uuid"])["name"])


class TestWhatComesWithAnInstance(ConformanceTestCase):
    """Metadata, the info cache and the EC2 id of a new instance; all of it or nothing."""

    def create(self, **values: Any) -> dict[str, Any]:
        return self.api.instance_create(self.admin, instance_values(**values))

    def test_metadata_become_records_in_stored_form(self) -> None:
        for kind, table in (("metadata", "instance_metadata"), ("system_metadata", "instance_system_metadata")):
            with self.subTest(kind=kind, table=table):
                self.set_time(NOON)
                created = self.create(**{kind: {"number": 5, "flag": True, "": "", "none": None, "A": "1", "a": "2"}})
                for record in created[kind]:
                    with self.subTest(record=record):
                        self.assertShape(record, table)
                        self.assertRecord(
                            record,
                            instance_uuid=created["uuid"],
                            created_at=NOON,
                            updated_at=None,
                            deleted_at=None,
                            deleted=0,
                        )
                self.assertEqual(
                    {"number": "5", "flag": "1", "": "", "none": None, "A": "1", "a": "2"},
                    {record["key"]: record["value"] for record in created[kind]},
                )
                other = "metadata" if kind == "system_metadata" else "system_metadata"
                self.assertEqual([], created[other])

    def test_no_metadata_are_none_at_all(self) -> None:
        nothings: tuple[Any, ...] = ({}, None)
        for nothing in nothings:
            with self.subTest(nothing=nothing):
                created = self.create(metadata=nothing, system_metadata=nothing)
                self.assertRecord(created, metadata=[], system_metadata=[])

    def test_keys_that_are_stored_alike_make_one_item(self) -> None:
        for kind in ("metadata", "system_metadata"):
            with self.subTest(kind=kind):
                created = self.create(**{kind: {5: "number", "5": "text"}})
                self.assertEqual([("5", "text")], [(item["key"], item["value"]) for item in created[kind]])

    def test_metadata_that_are_no_mapping_are_refused(self) -> None:
        wrong: tuple[Any, ...] = ([("a", "b")], ["a"], "ab", 5)
        for kind in ("metadata", "system_metadata"):
            for value in wrong:
                with self.subTest(kind=kind, value=value):
                    self.assertUnchanged(functools.partial(self.create, **{kind: value}), TypeError)

    def test_items_that_cannot_be_stored_are_refused(self) -> None:
        wrong: tuple[tuple[str, dict[Any, Any]], ...] = (
            ("key", {None: "x"}),
            ("key", {"k" * 256: "x"}),
            ("key", {("a",): "x"}),
            ("value", {"x": "v" * 256}),
            ("value", {"x": ["a"]}),
            ("value", {"x": {}}),
            ("key", {"\ud800": "x"}),
            ("value", {"x": "\udfff"}),
        )
        for kind in ("metadata", "system_metadata"):
            for column, items in wrong:
                with self.subTest(kind=kind, column=column, items=items):
                    before = self.dump()
                    with self.raises(exceptions.DBDataError, table=f"instance_{kind}", columns=[column]):
                        self.create(**{kind: {"good": "one", **items}})
                    self.assertSameRows(before, f"although {items!r} was refused")

    def test_there_is_an_info_cache_in_any_case(self) -> None:
        self.set_time(NOON)
        choices: tuple[dict[str, Any], ...] = ({}, {"info_cache": None}, {"info_cache": {}})
        for given in choices:
            with self.subTest(given=given):
                created = self.create(**given)
                self.assertShape(created["info_cache"], "instance_info_caches")
                self.assertRecord(
                    created["info_cache"],
                    instance_uuid=created["uuid"],
                    network_info=None,
                    created_at=NOON,
                    updated_at=None,
                    deleted=0,
                )

    def test_the_info_cache_takes_values_but_belongs_to_its_instance(self) -> None:
        other = self.make.instance()
        created = self.create(info_cache={"network_info": "[1]", "instance_uuid": other["uuid"]})
        self.assertRecord(created["info_cache"], network_info="[1]", instance_uuid=created["uuid"])

    def test_an_unknown_column_of_the_info_cache_is_refused(self) -> None:
        with self.raises(exceptions.UnknownColumn, table="instance_info_caches", column="network"):
            self.create(info_cache={"network": "[]"})
        self.assertEqual({}, self.dump())

    def test_an_ec2_id_is_mapped_to_it(self) -> None:
        first, second = self.create(), self.create()
        for instance in (first, second):
            with self.subTest(instance=instance):
                number = self.db.get_ec2_instance_id_by_uuid(self.user, instance["uuid"])
                self.assertEqual(instance["uuid"], self.db.get_instance_uuid_by_ec2_id(self.user, number))

    @decision(18)
    def test_all_of_it_is_stored_or_nothing(self) -> None:
        self.insert("security_group_default_rules", rule_values())
        created = self.assertAtomic(
            lambda: self.create(metadata={"a": "b"}, system_metadata={"c": "d"}, security_groups=["default"])
        )
        self.assertEqual(created, self.db.instance_get_by_uuid(self.admin, created["uuid"]))
        self.assertEqual(
            {
                "instances": 1,
                "instance_info_caches": 1,
                "instance_metadata": 1,
                "instance_system_metadata": 1,
                "instance_id_mappings": 1,
                "security_groups": 1,
                "security_group_rules": 1,
                "security_group_instance_association": 1,
                "security_group_default_rules": 1,
            },
            {table: len(rows) for table, rows in self.dump().items()},
        )

    def test_it_is_gone_with_the_transaction_that_it_was_made_in(self) -> None:
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
            created = self.create(metadata={"a": "b"}, security_groups=["default"])
            self.assertEqual(created, self.db.instance_get_by_uuid(self.admin, created["uuid"]))
            raise ZeroDivisionError("on purpose")
        self.assertEqual({}, self.dump())

    def test_a_call_that_fails_in_a_transaction_takes_nothing_else_with_it(self) -> None:
        with self.db.transaction(self.admin):
            kept = self.create(metadata={"a": "b"})
            with self.raises(exceptions.DBDuplicateEntry, table="instances", columns=["uuid"]):
                self.create(uuid=kept["uuid"], metadata={"c": "d"})
            later = self.create()
        self.assertIds(self.db.instance_get_all(self.admin), [kept, later])
        self.assertEqual({"a": "b"}, self.db.instance_metadata_get(self.admin, kept["uuid"]))
        self.assertEqual(2, len(self.dump()["instance_id_mappings"]))
