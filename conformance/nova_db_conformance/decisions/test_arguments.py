"""Decisions on arguments: what is of no use is refused by name, and what is only spelled otherwise is taken."""

from __future__ import annotations

import datetime as dt
import decimal
import ipaddress
import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from nova_db import constraint, equal_any, exceptions
from nova_db.driver import FUNCTIONS
from nova_db_conformance import decision
from nova_db_conformance.harness import values as f
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.hostile.objects import OwnErrors, untouchable
from nova_db_conformance.hostile.right import Right, parameters

MAPPINGS = ("Values", "Mapping[str, Any]", "Mapping[str, int]", "Mapping[str, int | None]")
NO_MAPPINGS: tuple[Any, ...] = ("abc", b"abc", 5, 1.5, [], ["a"], [("a", 1)], {"a"}, object(), dt.datetime(2013, 1, 1))
NO_LISTS: tuple[Any, ...] = (b"abc", 5, object(), ipaddress.ip_network("10.0.0.0/8"))
WEST, EAST = (dt.timezone(dt.timedelta(hours=hours)) for hours in (-5, 5))
EDGES = (dt.datetime.max.replace(tzinfo=WEST), dt.datetime.min.replace(tzinfo=EAST))
LATER = dt.datetime(2100, 1, 1)
NAME = uuid.UUID("0d5ae8ee-f2d2-4d31-affb-68b3c0ae7ab7")


class Planned(Exception):
    """An exception of the caller's own."""


class Failing(Mapping[str, Any]):
    """A mapping that fails when it is read."""

    def __getitem__(self, key: str) -> Any:
        raise Planned

    def __iter__(self) -> Iterator[str]:
        yield "host"

    def __len__(self) -> int:
        return 1


def places(*annotations: str) -> list[tuple[str, str]]:
    """The functions and arguments that are annotated so."""
    found = [(name, each.name) for name in FUNCTIONS for each in parameters(name) if each.annotation in annotations]
    assert found, annotations
    return found


class TestKinds(ConformanceTestCase):
    """What is none of the kind of an argument."""

    def called(self, function: str, argument: str, value: Any) -> Callable[[], Any]:
        """A call that is right but for one argument."""
        right = Right(function, Random(function))
        given = {each.name: right.argument(each) for each in parameters(function)}
        return lambda: getattr(self.db, function)(self.admin, **{**given, argument: value})

    def refused(self, function: str, argument: str, value: Any, *errors: type[Exception]) -> None:
        """Check that a call is refused, by an error that names function and argument."""
        with self.subTest(function=function, argument=argument, value=value):
            try:
                self.called(function, argument, value)()
            except errors as error:
                self.assertIn(f"{function}(): {argument} must be ", str(error))
            else:
                self.fail("it was accepted")

    def tearDown(self) -> None:
        self.assertEqual({}, self.dump(), "nothing is stored by calls that are refused")
        super().tearDown()

    @decision(37)
    def test_values_are_a_mapping(self) -> None:
        for function, argument in places(
            "Values", "Mapping[str, Any]", "Mapping[str, int]", "Mapping[str, int | None]"
        ):
            for value in (*NO_MAPPINGS, None):
                self.refused(function, argument, value, TypeError)

    @decision(37)
    def test_a_list_of_texts_is_not_one_text(self) -> None:
        for function, argument in places("Iterable[Uuid]", "Iterable[Values]", "Sequence[Uuid]", "Iterable[TextT]"):
            for value in ("abc", "", None, *NO_LISTS):
                self.refused(function, argument, value, TypeError)
        for function, argument in places("Sequence[str] | None"):
            for value in ("metadata", *NO_LISTS):
                self.refused(function, argument, value, TypeError, exceptions.Invalid)

    @decision(37)
    def test_every_mapping_of_a_list_is_one(self) -> None:
        for function, argument in places("Iterable[Values]"):
            for value in NO_MAPPINGS:
                self.refused(function, argument, [{"address": "10.9.9.9"}, value], TypeError)

    @decision(37)
    def test_how_many_is_a_whole_number(self) -> None:
        for function, argument in places("Count"):
            for value in (True, 1.0, float("nan"), float("inf"), "10", b"1", [1], object()):
                self.refused(function, argument, value, TypeError)
            for value in (-1, -(2**70)):
                self.refused(function, argument, value, ValueError)

    @decision(37)
    def test_windows_are_numbers_that_a_calendar_has(self) -> None:
        for function, argument in places("Seconds"):
            for value in ("10", None, [1], object()):
                self.refused(function, argument, value, TypeError)
            for value in (float("nan"), float("inf"), -float("inf"), 1e20, 10**400, -1e20):
                self.refused(function, argument, value, exceptions.Invalid)

    @decision(37)
    def test_moments_are_times_that_utc_has(self) -> None:
        for function, argument in places("Moment", "Moment | None"):
            for value in ("2013-01-01", 5, dt.date(2013, 1, 1), [1], object()):
                self.refused(function, argument, value, TypeError)
            for value in EDGES:
                self.refused(function, argument, value, exceptions.Invalid)

    @decision(37)
    def test_a_sort_key_is_text(self) -> None:
        for value in (["id"], ("id",), 5, None, object()):
            self.refused("instance_get_all_by_filters", "sort_key", value, TypeError)

    @decision(37)
    def test_flags_are_plain(self) -> None:
        for function, argument in places("bool"):
            for value in ([], {}, object()):
                self.refused(function, argument, value, TypeError)

    @decision(37)
    def test_a_context_that_was_forgotten_is_told(self) -> None:
        for function in FUNCTIONS:
            right = Right(function, Random(function))
            given = {each.name: right.argument(each) for each in parameters(function)}
            for value in (5, "text", {}, object(), None):
                with self.subTest(function=function, value=value):
                    with self.assertRaises((TypeError, exceptions.NotAuthorized)) as caught:
                        getattr(self.db, function)(value, **given)
                    if value is not None:
                        self.assertIn(f"{function}(): context must be ", str(caught.exception))


class TestParts(ConformanceTestCase):
    """What stands in mappings and lists, and what is only spelled otherwise."""

    @decision(37)
    def test_keys_that_are_missing_are_told_at_once(self) -> None:
        wanted = {
            "action_finish": ["instance_uuid", "request_id"],
            "action_event_start": ["instance_uuid", "request_id"],
            "action_event_finish": ["instance_uuid", "request_id", "event", "result"],
            "block_device_mapping_update_or_create": ["instance_uuid", "device_name", "virtual_name"],
            "instance_type_create": ["name", "flavorid"],
            "aggregate_create": ["name"],
        }
        for function, keys in wanted.items():
            with (
                self.subTest(function=function),
                self.raises(exceptions.MissingKeys, function=function, argument="values", missing=keys, required=keys),
            ):
                getattr(self.db, function)(self.admin, {})
        with self.raises(exceptions.MissingKeys, argument="ips[1]", missing=["address"]):
            self.db.floating_ip_bulk_create(self.admin, [{"address": "10.0.0.1"}, {"pool": "p"}])
        self.assertEqual({}, self.dump())

    @decision(37)
    def test_what_a_callers_mapping_raises_is_passed_on(self) -> None:
        for function, argument in places("Values", "Mapping[str, Any]"):
            right = Right(function, Random(function))
            given = {each.name: right.argument(each) for each in parameters(function)}
            with self.subTest(function=function), self.raises(Planned):
                getattr(self.db, function)(self.admin, **{**given, argument: Failing()})
        with self.raises(Planned):
            self.db.fixed_ip_bulk_create(self.admin, (Failing() for _ in range(2)))

    @decision(37)
    def test_more_than_there_are_is_all(self) -> None:
        made = [self.make.instance() for _ in range(3)]
        for number in range(3):
            self.make.flavor(name=f"flavor {number}")
            self.db.instance_type_destroy(self.admin, f"flavor {number}")
        for limit in (3, 2**31, 2**63, 2**64, 10**30):
            with self.subTest(limit=limit):
                listed = self.db.instance_get_all_by_filters(self.user, {}, sort_dir="asc", limit=limit)
                self.assertIds(listed, made)
        self.assertEqual(3, self.db.archive_deleted_rows_for_table(self.admin, "instance_types", 2**64))

    @decision(34)
    def test_uuids_and_addresses_are_their_text_in_values(self) -> None:
        instance = self.db.instance_create(self.user, f.instance_values(uuid=NAME, access_ip_v4=address("10.0.0.1")))
        self.assertRecord(instance, uuid=str(NAME), access_ip_v4="10.0.0.1")
        network = self.make.network(
            uuid=NAME, cidr=ipaddress.ip_network("10.0.0.0/24"), cidr_v6=ipaddress.ip_network("fd00::/64")
        )
        self.assertRecord(network, uuid=str(NAME), cidr="10.0.0.0/24", cidr_v6="fd00::/64")
        updated = self.db.instance_update(
            self.user, NAME, {"access_ip_v6": address("FD00::0001"), "metadata": {"key": NAME}}
        )
        self.assertRecord(updated, access_ip_v6="fd00::1")
        self.assertEqual({"key": str(NAME)}, self.db.instance_metadata_get(self.user, NAME))

    @decision(34)
    def test_uuids_and_addresses_are_their_text_in_look_ups(self) -> None:
        instance = self.make.instance(uuid=str(NAME))
        network = self.make.network(uuid=str(NAME), cidr="10.0.0.0/24")
        fixed = self.make.fixed_ip_record(address="10.0.0.5", network_id=network["id"], instance_uuid=str(NAME))
        self.make.floating_ip(address="fd00::5", project_id="p1", fixed_ip_id=fixed["id"])
        self.assertRecord(self.db.instance_get_by_uuid(self.user, NAME), id=instance["id"])
        for filters in ({"uuid": NAME}, {"uuid": [NAME]}, {"uuid": {NAME, "x"}}):
            with self.subTest(filters=filters):
                self.assertIds(self.db.instance_get_all_by_filters(self.user, filters), [instance])
        self.assertRecord(self.db.network_get_by_uuid(self.admin, NAME), id=network["id"])
        self.assertIds(self.db.network_get_all_by_uuids(self.admin, [NAME]), [network])
        cidr: Any = ipaddress.ip_network("10.0.0.0/24")
        self.assertRecord(self.db.network_get_by_cidr(self.admin, cidr), id=network["id"])
        self.assertRecord(self.db.fixed_ip_get_by_address(self.admin, address("10.0.0.5")), id=fixed["id"])
        self.assertIds(self.db.fixed_ip_get_by_instance(self.user, NAME), [fixed])
        floating = self.db.floating_ip_get_by_address(self.user, address("FD00:0::5"))
        self.assertRecord(floating, address="fd00::5")
        self.assertIds(self.db.floating_ip_get_by_fixed_address(self.user, address("10.0.0.5")), [floating])
        self.assertEqual([], self.db.instance_fault_get_by_instance_uuids(self.user, [NAME])[str(NAME)])

    @decision(34)
    def test_resources_and_limits_are_taken_as_their_columns_take_them(self) -> None:
        for _ in range(3):
            self.db.quota_reserve(self.user, {5: f.CountedResource("5")}, {5: "7"}, {5: "2"}, LATER, None, None)
        self.assertEqual(["5"], [usage["resource"] for usage in self.dump()["quota_usages"]])
        with self.raises(exceptions.OverQuota, overs=["5"]):
            self.db.quota_reserve(self.user, {}, {"5": "7"}, {5: 2}, LATER, None, None)
        with self.raises(exceptions.DBDataError, table="quotas", columns=["hard_limit"]):
            self.db.quota_reserve(self.user, {}, {"5": "many"}, {"5": 2}, LATER, None, None)
        needed: dict[str, int] = {"5": 1, "cores": 1, "ram": 1}
        with self.raises(exceptions.MissingKeys, argument="quotas", missing=["cores", "ram"]):
            self.db.quota_reserve(self.user, {}, {"5": 7}, needed, LATER, None, None)

    @decision(37)
    def test_filters_are_checked_as_arguments_are(self) -> None:
        wrong: list[tuple[dict[str, Any], type[Exception]]] = [
            *[({"changes-since": edge}, exceptions.Invalid) for edge in EDGES],
            ({"changes-since": "yesterday"}, TypeError),
            ({"deleted": object()}, TypeError),
            *[
                ({name: value}, TypeError)
                for name in ("metadata", "system_metadata")
                for value in ("ab", 5, [["a", "b"]])
            ],
        ]
        for filters, error in wrong:
            with self.subTest(filters=filters):
                with self.assertRaises(error) as caught:
                    self.db.instance_get_all_by_filters(self.user, filters)
                self.assertIn("instance_get_all_by_filters(): ", str(caught.exception))

    @decision(37)
    def test_mappings_among_values_are_mappings(self) -> None:
        instance, aggregate = self.make.instance(), self.make.aggregate()
        before = self.dump()
        calls: dict[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
            "instance_create": (
                lambda values: self.db.instance_create(self.admin, values),
                ("metadata", "system_metadata", "info_cache"),
            ),
            "instance_update": (
                lambda values: self.db.instance_update(self.admin, instance["uuid"], values),
                ("metadata", "system_metadata"),
            ),
            "instance_update_and_get_original": (
                lambda values: self.db.instance_update_and_get_original(self.admin, instance["uuid"], values),
                ("metadata", "system_metadata"),
            ),
            "aggregate_update": (
                lambda values: self.db.aggregate_update(self.admin, aggregate["id"], values),
                ("metadata",),
            ),
        }
        for name, (call, keys) in calls.items():
            for key, value in itertools.product(keys, ("text", 5, [["a", "b"]], iter([]), object(), 0, "")):
                with self.subTest(name=name, key=key, value=type(value)):
                    error = self.assertRaises(TypeError, call, {key: value})
                    self.assertIn(f"{name}(): values[{key!r}] must be a mapping", str(error))
        self.assertSameRows(before, "although each call was refused")

    @decision(37)
    def test_what_results_are_keyed_by_can_be_a_key(self) -> None:
        for value in ([], {}, decimal.Decimal("sNaN"), object()):
            with self.subTest(value=type(value)):
                error = self.assertRaises(TypeError, self.db.instance_fault_get_by_instance_uuids, self.admin, [value])
                self.assertIn("instance_fault_get_by_instance_uuids(): instance_uuids must be", str(error))

    def call(self, function: str, *arguments: Any) -> Any:
        """A call that is not checked: what checks calls looks at their arguments."""
        return getattr(self.driver, function)(self.admin, *arguments)

    @decision(37)
    def test_what_cannot_be_shown_is_told_all_the_same(self) -> None:
        nested: Any = []
        for _ in range(100_000):
            nested = [nested]
        for value in (nested, 10**5000, {"a": nested}):
            calls: list[tuple[type[Exception], str, tuple[Any, ...]]] = [
                (exceptions.KeypairNotFound, "key_pair_get", ("u1", value)),
                (exceptions.ServiceNotFound, "service_get", (value,)),
                (exceptions.Invalid, "instance_get_all", ([value],)),
                (TypeError, "run", (value,)),
                (TypeError, "fixed_ip_count_by_project", ("p1", value)),
                (exceptions.DBDataError, "network_associate", (value,)),
            ]
            for error, function, arguments in calls:
                with self.subTest(value=type(value), function=function), self.raises(error):
                    self.call(function, *arguments)
            with self.subTest(value=type(value)):
                self.assertRaises(ValueError, self.driver.transaction, self.admin, isolation=value)
                self.assertIsNone(self.call("quota_destroy_all_by_project", value))

    @decision(37)
    def test_values_of_no_known_type_are_asked_nothing(self) -> None:
        errors = OwnErrors()
        unknown = untouchable(errors, with_class=True)
        uuid = self.make.instance(host="h1")["uuid"]
        calls: list[tuple[type[Exception], str, tuple[Any, ...]]] = [
            (exceptions.ConstraintNotMet, "instance_destroy", (uuid, constraint(host=equal_any(unknown)))),
            (exceptions.InstanceInvalidState, "instance_test_and_set", (uuid, "vm_state", [unknown], "error")),
            (exceptions.DBDataError, "block_device_mapping_create", ({"device_name": "d", "volume_size": unknown},)),
        ]
        states = {"expected_task_state": unknown}
        updates = ("instance_update", "instance_update_and_get_original")
        calls += [(exceptions.UnexpectedTaskStateError, name, (uuid, states)) for name in updates]
        for error, function, arguments in calls:
            with self.subTest(function=function), self.raises(error):
                self.call(function, *arguments)
        self.assertEqual([], self.call("instance_type_get_all", False, {"is_public": unknown}))
        self.assertIsNone(self.call("floating_ip_bulk_destroy", [{"address": unknown}]))
        self.assertEqual([], errors.touched)

    @decision(37)
    def test_a_direction_is_one_of_two(self) -> None:
        for value in ("", "ASC", "up", 1, None, object()):
            with self.subTest(value=type(value)):
                error = self.assertRaises(
                    ValueError, self.db.instance_get_all_by_filters, self.user, {}, sort_dir=value
                )
                self.assertIn("instance_get_all_by_filters(): sort_dir must be 'asc' or 'desc'", str(error))

    @decision(37)
    def test_a_number_of_thousands_of_digits_is_nobodys_name(self) -> None:
        self.make.instance()
        for name in ("display_name", "hostname", "host", "vcpus"):
            for value in (10**5000, [10**5000]):
                with self.subTest(name=name, value=type(value)):
                    self.assertEqual([], self.db.instance_get_all_by_filters(self.user, {name: value}))
        with self.raises(exceptions.DBError):
            self.db.archive_deleted_rows_for_table(self.admin, 10**5000)

    @decision(37)
    def test_groups_of_a_new_instance_are_a_list_of_names(self) -> None:
        for names in ("default", None, 5, ["default", {}], [["default"]], object()):
            with self.subTest(names=names):
                with self.assertRaises(TypeError) as caught:
                    self.db.instance_create(self.user, f.instance_values(security_groups=names))
                self.assertIn("instance_create(): values['security_groups'] must be ", str(caught.exception))
        self.assertEqual({}, self.dump())

    @decision(37)
    def test_a_list_within_itself_matches_nothing(self) -> None:
        self.make.instance()
        endless: list[Any] = []
        endless.append(endless)
        for name in ("host", "display_name", "uuid", "launch_index"):
            with self.subTest(name=name):
                self.assertEqual([], self.driver.instance_get_all_by_filters(self.user, {name: endless}))


def address(text: str) -> Any:
    """An address as an object."""
    return ipaddress.ip_address(text)
