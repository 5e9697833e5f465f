"""Instances read one by one, and what a project uses in all."""

from __future__ import annotations

import abc
import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance import decision
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid

NOON = dt.datetime(2013, 3, 1, 12, 0)


class ReadingOne:
    """What ``instance_get`` and ``instance_get_by_uuid`` have in common; see the classes below."""

    class Tests(ConformanceTestCase):
        """The tests, in a class inside a class so that nobody collects them here."""

        column: str

        @abc.abstractmethod
        def read(self, context: RequestContext, which: Any) -> dict[str, Any]:
            """Call the function."""

        def assertUnknown(self, context: RequestContext, which: Any) -> None:
            with self.raises(exceptions.InstanceNotFound, instance_id=which):
                self.read(context, which)

        def test_it_returns_the_instance_with_its_relations(self) -> None:
            made = self.make.instance(metadata={"a": "b"}, system_metadata={"c": "d"}, security_groups=["default"])
            self.make.instance(metadata={"a": "x"})
            found = self.read(self.user, made[self.column])
            self.assertShape(found, "instances", "info_cache", "metadata", "security_groups", "system_metadata")
            self.assertEqual(made, found)

        def test_each_result_is_a_copy_of_its_own(self) -> None:
            made = self.make.instance(metadata={"a": "b"}, system_metadata={"c": "d"}, security_groups=["default"])
            self.assertPrivate(lambda: self.read(self.user, made[self.column]))

        def test_users_see_the_instances_of_their_project(self) -> None:
            made = self.make.instance(project_id="p1", user_id="u2")
            for context in (self.user, self.admin, self.context(user_id="u3")):
                with self.subTest(context=context):
                    self.assertEqual(made, self.read(context, made[self.column]))
            self.assertUnknown(self.other, made[self.column])
            of_no_project = self.make.instance(project_id=None)
            self.assertUnknown(self.user, of_no_project[self.column])
            self.assertEqual(of_no_project, self.read(self.admin, of_no_project[self.column]))

        def test_the_context_says_whether_deleted_instances_are_seen(self) -> None:
            live, gone = self.make.instance(), self.make.deleted_instance()
            for user in (self.user, self.admin):
                for read_deleted, sees_live, sees_gone in (("no", 1, 0), ("yes", 1, 1), ("only", 0, 1)):
                    with self.subTest(user=user, read_deleted=read_deleted, sees_live=sees_live, sees_gone=sees_gone):
                        context = self.seeing(read_deleted, user)
                        for instance, sees in ((live, sees_live), (gone, sees_gone)):
                            with self.subTest(instance=instance, sees=sees):
                                if sees:
                                    self.assertRecord(self.read(context, instance[self.column]), uuid=instance["uuid"])
                                else:
                                    self.assertUnknown(context, instance[self.column])

        def test_metadata_are_the_live_ones_whatever_is_visible(self) -> None:
            made = self.make.instance(metadata={"a": "1", "b": "2"}, system_metadata={"c": "3", "d": "4"})
            uuid = made["uuid"]
            self.db.instance_metadata_update(self.admin, uuid, {"a": "5"}, True)
            self.db.instance_system_metadata_update(self.admin, uuid, {"d": "6"}, True)
            for read_deleted in ("no", "yes"):
                with self.subTest(read_deleted=read_deleted):
                    found = self.read(self.seeing(read_deleted), made[self.column])
                    self.assertEqual([("a", "5")], [(item["key"], item["value"]) for item in found["metadata"]])
                    self.assertEqual([("d", "6")], [(item["key"], item["value"]) for item in found["system_metadata"]])

        def test_metadata_come_in_the_order_they_were_made_in(self) -> None:
            made = self.make.instance(metadata={"z": "1", "a": "2"}, system_metadata={"y": "3"})
            self.db.instance_metadata_update(self.admin, made["uuid"], {"m": "4"}, False)
            self.db.instance_system_metadata_update(self.admin, made["uuid"], {"b": "5", "y": "6"}, False)
            found = self.read(self.user, made[self.column])
            for kind, keys in (("metadata", ["z", "a", "m"]), ("system_metadata", ["y", "b"])):
                with self.subTest(kind=kind, keys=keys):
                    self.assertEqual(keys, [item["key"] for item in found[kind]])
                    self.assertEqual(sorted(item["id"] for item in found[kind]), [item["id"] for item in found[kind]])

        def test_the_info_cache_is_there_deleted_or_not(self) -> None:
            made = self.make.instance(info_cache={"network_info": "[]"})
            self.set_time(NOON)
            self.db.instance_info_cache_delete(self.admin, made["uuid"])
            cache = self.read(self.user, made[self.column])["info_cache"]
            self.assertRecord(cache, id=made["info_cache"]["id"], deleted=cache["id"], deleted_at=NOON)

        def test_an_instance_without_an_info_cache_has_none(self) -> None:
            self.insert("instances", {"uuid": a_uuid(), "project_id": "p1"})
            (row,) = self.db.instance_get_all(self.admin)
            self.assertIsNone(self.read(self.user, row[self.column])["info_cache"])

        def test_only_users_and_administrators_read(self) -> None:
            made = self.make.instance()
            nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=""))
            self.assertNotAuthorized(nobodies, lambda context: self.read(context, made[self.column]))

        def test_it_sees_what_the_open_transaction_has_written(self) -> None:
            made = self.make.instance()
            with self.db.transaction(self.admin):
                self.db.instance_update(self.admin, made["uuid"], {"host": "elsewhere"})
                self.assertRecord(self.read(self.user, made[self.column]), host="elsewhere")


class TestInstanceGet(ReadingOne.Tests):
    """``instance_get``."""

    column = "id"

    def read(self, context: RequestContext, which: Any) -> dict[str, Any]:
        return self.api.instance_get(context, which)

    def test_decimal_text_is_as_good_as_the_number(self) -> None:
        made = self.make.instances(12)
        self.assertEqual(made[11], self.db.instance_get(self.user, "12"))

    def test_what_is_no_number_is_not_found(self) -> None:
        self.make.instance()
        for which in ("one", "", "1.0", "1 ", None, 1.5, 0, -1, 2, 2**31, 2**63 - 1, -(2**63)):
            with self.subTest(which=which):
                self.assertUnknown(self.admin, which)

    def test_a_number_beyond_64_bits_is_invalid(self) -> None:
        for which in (2**63, -(2**63) - 1, 10**30, str(2**63), "9" * 40, "-" + "9" * 40):
            with self.subTest(which=which), self.raises(exceptions.InvalidID, id=which):
                self.db.instance_get(self.admin, which)


class TestInstanceGetByUuid(ReadingOne.Tests):
    """``instance_get_by_uuid``."""

    column = "uuid"

    def read(self, context: RequestContext, which: Any) -> dict[str, Any]:
        return self.api.instance_get_by_uuid(context, which)

    def test_the_uuid_is_compared_exactly_and_not_checked(self) -> None:
        made = self.make.instance()
        self.insert("instances", {"uuid": None})
        for which in ("", " ", "vm", made["uuid"].upper(), made["uuid"] + " ", made["uuid"].replace("-", ""), "x" * 99):
            with self.subTest(which=which):
                self.assertUnknown(self.admin, which)
        odd = self.make.instance(uuid="Ä5")
        self.assertEqual(odd, self.db.instance_get_by_uuid(self.admin, "Ä5"))
        self.assertUnknown(self.admin, "ä5")

    def test_none_finds_an_instance_without_a_uuid(self) -> None:
        self.make.instance()
        self.assertUnknown(self.admin, None)
        self.insert("instances", {"uuid": None, "host": "host9"})
        self.assertRecord(self.db.instance_get_by_uuid(self.admin, None), uuid=None, host="host9")

    def test_a_number_finds_its_text(self) -> None:
        made = self.make.instance(uuid="5")
        self.assertEqual(made, self.db.instance_get_by_uuid(self.admin, 5))


class TestInstanceDataGetForProject(ConformanceTestCase):
    """``instance_data_get_for_project``: instances, virtual cpus, memory."""

    def data(self, project_id: Any = "p1", read_deleted: str = "no") -> tuple[int, int, int]:
        return self.api.instance_data_get_for_project(self.seeing(read_deleted), project_id)

    def test_it_counts_the_instances_of_a_project_and_sums_what_they_have(self) -> None:
        self.make.instance(vcpus=2, memory_mb=512)
        self.make.instance(vcpus=3, memory_mb=1024, vm_state="error")
        self.make.instance(vcpus=7, memory_mb=2048, project_id="p2")
        self.assertEqual((2, 5, 1536), self.data())
        self.assertIs(tuple, type(self.data()))
        self.assertEqual([int, int, int], [type(number) for number in self.data()])

    def test_a_project_without_instances_uses_nothing(self) -> None:
        self.assertEqual((0, 0, 0), self.data("nowhere"))
        self.make.instance()
        self.assertEqual((0, 0, 0), self.data("nowhere"))
        self.assertEqual((0, 0, 0), self.data("P1"))

    def test_an_instance_of_unknown_size_counts(self) -> None:
        self.make.instance(vcpus=None, memory_mb=None)
        self.assertEqual((1, 0, 0), self.data())
        self.make.instance(vcpus=None, memory_mb=64)
        self.assertEqual((2, 0, 64), self.data())

    def test_a_sum_may_exceed_a_column(self) -> None:
        for _ in range(3):
            self.make.instance(vcpus=2**31 - 1, memory_mb=2**31 - 1)
        self.assertEqual((3, 3 * (2**31 - 1), 3 * (2**31 - 1)), self.data())

    def test_the_context_says_whether_deleted_instances_count(self) -> None:
        self.make.instance(vcpus=1, memory_mb=10)
        self.make.instance(vcpus=2, memory_mb=20, vm_state="soft-delete")
        self.make.deleted_instance(vcpus=4, memory_mb=40)
        self.assertEqual((2, 3, 30), self.data())
        self.assertEqual((3, 7, 70), self.data(read_deleted="yes"))
        self.assertEqual((1, 4, 40), self.data(read_deleted="only"))

    def test_none_stands_for_no_project(self) -> None:
        self.make.instance(project_id=None, vcpus=1, memory_mb=10)
        self.make.instance(project_id="", vcpus=2, memory_mb=20)
        self.assertEqual((1, 1, 10), self.data(None))
        self.assertEqual((1, 2, 20), self.data(""))

    def test_a_number_stands_for_its_text(self) -> None:
        self.make.instance(project_id="5", vcpus=1, memory_mb=10)
        self.assertEqual((1, 1, 10), self.data(5))

    @decision(8)
    def test_a_session_shows_what_its_transaction_has_written(self) -> None:
        self.make.instance(vcpus=1, memory_mb=10)
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin) as session:
            self.make.instance(vcpus=2, memory_mb=20)
            self.assertEqual((2, 3, 30), self.db.instance_data_get_for_project(self.admin, "p1", session))
            self.assertEqual((2, 3, 30), self.db.instance_data_get_for_project(self.admin, "p1", session=None))
            raise ZeroDivisionError("on purpose")
        self.assertEqual((1, 1, 10), self.data())

    @decision(8)
    def test_what_is_no_open_session_is_refused(self) -> None:
        with self.db.transaction(self.admin) as session:
            pass
        for wrong in (session, "session", object()):
            with self.subTest(wrong=wrong), self.raises(TypeError):
                self.db.instance_data_get_for_project(self.admin, "p1", wrong)

    def test_only_administrators_may_ask(self) -> None:
        self.assertAdminOnly(lambda context: self.db.instance_data_get_for_project(context, "p1"))
        self.assertAdminOnly(lambda context: self.db.instance_data_get_for_project(context, "p1", "no session"))
