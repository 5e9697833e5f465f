"""Lists of instances: by project, by host, by time, and the relations that each of them brings."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any, TypeAlias

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid

NOON = dt.datetime(2013, 3, 1, 12, 0)
HOUR = dt.timedelta(hours=1)
MICROSECOND = dt.timedelta(microseconds=1)

Listed: TypeAlias = list[dict[str, Any]]
Listing: TypeAlias = Callable[[RequestContext], Listed]


class ListsTestCase(ConformanceTestCase):
    """Instances that every one of the functions lists."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        begin = NOON - HOUR
        self.listings: dict[str, tuple[Listing, tuple[str, ...]]] = {
            "all": (self.db.instance_get_all, self.FOUR),
            "by filters": (lambda context: self.db.instance_get_all_by_filters(context, {}), self.FOUR),
            "by window": (lambda context: self.db.instance_get_active_by_window_joined(context, begin), self.FOUR),
            "by host": (lambda context: self.db.instance_get_all_by_host(context, "host1"), self.FOUR),
            "by node": (lambda context: self.db.instance_get_all_by_host_and_node(context, "host1", "node1"), ()),
            "not of type": (lambda c: self.db.instance_get_all_by_host_and_not_type(c, "host1", 99), self.FOUR),
            "hung": (lambda context: self.db.instance_get_all_hung_in_rebooting(context, 600), self.METADATA),
        }

    METADATA = ("metadata", "system_metadata")
    FOUR = ("info_cache", "security_groups", *METADATA)
    ADMIN_ONLY = ("by host", "by node", "not of type", "hung")
    ALL_ROWS = ("by filters", "by window")
    """Those that list deleted instances, too, whatever the context says."""

    def instance(self, **values: Any) -> dict[str, Any]:
        return self.make.instance(**{"task_state": "rebooting", "updated_at": NOON - HOUR, **values})


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


class TestInstancesByHost(ListsTestCase):
    """``instance_get_all_by_host``, ``..._and_node`` and ``..._and_not_type``."""

    def test_the_host_is_compared_exactly(self) -> None:
        here = self.instance(host="host1")
        for host in ("Host1", "host", "host11", "host1 ", "", None):
            self.instance(host=host)
        for found in (
            self.db.instance_get_all_by_host(self.admin, "host1"),
            self.db.instance_get_all_by_host_and_node(self.admin, "host1", "node1"),
            self.db.instance_get_all_by_host_and_not_type(self.admin, "host1"),
        ):
            with self.subTest(found=found):
                self.assertIds(found, [here])

    def test_none_stands_for_no_host_and_no_node(self) -> None:
        nowhere = self.instance(host=None, node=None)
        no_node = self.instance(host="host1", node=None)
        self.instance(host="", node="")
        self.instance(host="host1", node="node1")
        self.assertIds(self.db.instance_get_all_by_host(self.admin, None), [nowhere])
        self.assertIds(self.db.instance_get_all_by_host_and_not_type(self.admin, None), [nowhere])
        self.assertIds(self.db.instance_get_all_by_host_and_node(self.admin, None, None), [nowhere])
        self.assertIds(self.db.instance_get_all_by_host_and_node(self.admin, "host1", None), [no_node])

    def test_a_number_stands_for_its_text(self) -> None:
        made = self.instance(host="5", node="6")
        five: Any = 5
        six: Any = 6
        self.assertIds(self.db.instance_get_all_by_host(self.admin, five), [made])
        self.assertIds(self.db.instance_get_all_by_host_and_node(self.admin, five, six), [made])

    def test_all_projects_are_listed(self) -> None:
        made = [self.instance(project_id=project) for project in ("p1", "p2", None)]
        self.assertIds(self.db.instance_get_all_by_host(self.admin, "host1"), made)

    def test_both_host_and_node_must_be_the_ones_asked_for(self) -> None:
        both = self.instance(host="a", node="x")
        self.instance(host="a", node="y")
        self.instance(host="b", node="x")
        self.assertIds(self.db.instance_get_all_by_host_and_node(self.admin, "a", "x"), [both])
        self.assertEqual([], self.db.instance_get_all_by_host_and_node(self.admin, "b", "y"))

    def test_the_metadata_to_fill_can_be_chosen(self) -> None:
        made = self.instance(metadata={"a": "b"}, system_metadata={"c": "d"})
        choices: tuple[tuple[Any, tuple[str, ...]], ...] = (
            (None, self.METADATA),
            ([], ()),
            (["metadata"], ("metadata",)),
            (("system_metadata", "no such relation", "block_device_mapping"), ("system_metadata",)),
            (["metadata", "system_metadata", "metadata"], self.METADATA),
        )
        for columns, filled in choices:
            with self.subTest(columns=columns, filled=filled):
                (found,) = self.db.instance_get_all_by_host(self.admin, "host1", columns)
                self.assertShape(found, "instances", *self.FOUR)
                for name in self.METADATA:
                    with self.subTest(name=name):
                        self.assertEqual(made[name] if name in filled else [], found[name], f"{columns}: {name}")

    def test_another_flavor_is_one_that_is_known_to_be_another(self) -> None:
        one, two, none = (self.instance(instance_type_id=number) for number in (1, 2, None))
        listing: Any = self.db.instance_get_all_by_host_and_not_type
        self.assertIds(listing(self.admin, "host1", 1), [two])
        self.assertIds(listing(self.admin, "host1", "2"), [one])
        self.assertIds(listing(self.admin, "host1", type_id=3), [one, two])
        for every in (None, "no number", 2**40):
            with self.subTest(every=every):
                self.assertIds(listing(self.admin, "host1", every), [one, two])
        self.assertIds(listing(self.admin, "host1"), [one, two])
        self.assertEqual([], listing(self.admin, "host2", 3))
        self.assertNotIn(none["id"], [found["id"] for found in listing(self.admin, "host1")])


class TestInstancesByTime(ListsTestCase):
    """``instance_get_all_hung_in_rebooting`` and ``instance_get_active_by_window_joined``."""

    def hung(self, window: float) -> list[int]:
        return [found["id"] for found in self.db.instance_get_all_hung_in_rebooting(self.admin, window)]

    def test_hung_is_what_has_not_been_updated_for_the_window_or_longer(self) -> None:
        self.instance(id=1, updated_at=NOON - dt.timedelta(seconds=60))
        self.instance(id=2, updated_at=NOON - dt.timedelta(seconds=60) + MICROSECOND)
        self.instance(id=3, updated_at=NOON - dt.timedelta(days=60))
        self.instance(id=4, updated_at=None, created_at=NOON - dt.timedelta(days=60))
        self.instance(id=5, updated_at=NOON + HOUR)
        self.assertEqual([1, 3], self.hung(60))
        self.assertEqual([3], self.hung(60.5))
        self.assertEqual([1, 2, 3], self.hung(59.5))
        self.assertEqual([1, 2, 3], self.hung(0))
        self.advance(1)
        self.assertEqual([1, 2, 3], self.hung(60))

    def test_hung_is_what_reboots_softly(self) -> None:
        for number, state in enumerate(("rebooting", "rebooting_hard", "Rebooting", None, "rebooting "), 1):
            self.instance(id=number, task_state=state, project_id=f"p{number}")
        self.assertEqual([1], self.hung(60))

    def active(self, *args: Any, **kwargs: Any) -> list[int]:
        return [found["id"] for found in self.db.instance_get_active_by_window_joined(self.admin, *args, **kwargs)]

    def test_active_is_what_was_not_terminated_before_the_window(self) -> None:
        self.instance(id=1, terminated_at=NOON)
        self.instance(id=2, terminated_at=NOON + MICROSECOND)
        self.instance(id=3, terminated_at=NOON - HOUR)
        self.instance(id=4, terminated_at=None)
        self.assertEqual([2, 4], self.active(NOON))
        self.assertEqual([1, 2, 4], self.active(NOON - MICROSECOND))
        self.assertEqual([2, 4], self.active(NOON, None))

    def test_active_is_what_was_launched_before_the_end_of_the_window(self) -> None:
        self.instance(id=1, launched_at=NOON)
        self.instance(id=2, launched_at=NOON - MICROSECOND)
        self.instance(id=3, launched_at=NOON + HOUR)
        self.instance(id=4, launched_at=None)
        self.instance(id=5, launched_at=NOON - HOUR, terminated_at=NOON - 3 * HOUR)
        begin = NOON - 2 * HOUR
        self.assertEqual([2], self.active(begin, NOON))
        self.assertEqual([1, 2, 3, 4], self.active(begin))
        self.assertEqual([1, 2, 3], self.active(begin, end=NOON + 2 * HOUR))

    def test_a_window_with_a_time_zone_is_taken_to_utc(self) -> None:
        self.instance(id=1, launched_at=NOON - HOUR, terminated_at=NOON)
        east = dt.timezone(2 * HOUR)
        self.assertEqual([], self.active((NOON + 2 * HOUR).replace(tzinfo=east)))
        before = (NOON + 2 * HOUR - MICROSECOND).replace(tzinfo=east)
        self.assertEqual([1], self.active(before))
        self.assertEqual([], self.active(NOON - 2 * HOUR, (NOON + HOUR).replace(tzinfo=east)))
        self.assertEqual([1], self.active(NOON - 2 * HOUR, (NOON + HOUR + MICROSECOND).replace(tzinfo=east)))

    def test_a_window_is_given_in_datetimes(self) -> None:
        for window in ((None,), ("2013-03-01",), (NOON, "2013-03-01"), (5,)):
            with self.subTest(window=window), self.raises(TypeError):
                self.active(*window)

    def test_project_and_host_are_compared_unless_they_are_empty(self) -> None:
        for number, (project, host) in enumerate((("p1", "h1"), ("p1", "h2"), ("p2", "h1"), (None, None)), 1):
            self.instance(id=number, project_id=project, host=host)
        self.assertEqual([1, 2], self.active(NOON, None, "p1"))
        self.assertEqual([1, 3], self.active(NOON, host="h1"))
        self.assertEqual([2], self.active(NOON, None, "p1", "h2"))
        self.assertEqual([], self.active(NOON, project_id="P1"))
        for empty in (None, ""):
            with self.subTest(empty=empty):
                self.assertEqual([1, 2, 3, 4], self.active(NOON, None, empty, empty))

    def test_a_user_may_ask_for_another_project(self) -> None:
        made = self.instance(project_id="p2", uuid=a_uuid())
        self.assertIds(self.db.instance_get_active_by_window_joined(self.user, NOON, project_id="p2"), [made])
