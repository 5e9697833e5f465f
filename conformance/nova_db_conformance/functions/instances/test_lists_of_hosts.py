"""Instances by their hosts, and by time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.instances.cases import HOUR, ListsTestCase
from nova_db_conformance.harness.values import a_uuid

MICROSECOND = dt.timedelta(microseconds=1)


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
