"""Scenarios about what a run has read when a single call changes it: nobody may find it committed on what is no more.

A run that only comes before the call, although it commits after it, is in order, until a third one has looked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from nova_db_conformance.harness.values import CountedResource, a_number
from nova_db_conformance.isolation.cases import IsolationTestCase

NEVER = dt.datetime(2100, 1, 1)
PERIOD = (dt.datetime(2013, 1, 1), dt.datetime(2013, 2, 1))


class Held(NamedTuple):
    """What is read, and a single call that changes it; with the test and a key that is the round's own."""

    name: str
    read: Callable[[Any, Any], object]
    change: Callable[[Any, Any], object]
    make: Callable[[Any], Any] = lambda case: f"mark-{a_number()}"


def _quota(case: Any) -> str:
    project = f"project-{a_number()}"
    case.db.quota_create(case.admin, project, "cores", 5)
    return project


def _task(case: Any) -> str:
    name = f"task-{a_number()}"
    case.db.task_log_begin_task(case.admin, name, *PERIOD, "host")
    return name


def _pool(case: Any) -> str:
    pool = f"pool-{a_number()}"
    case.make.floating_ip(pool=pool)
    return pool


HELD = (
    Held(
        "a node",
        lambda case, key: case.db.compute_node_get(case.admin, key)["running_vms"],
        lambda case, key: case.db.compute_node_update(case.admin, key, {"running_vms": 77}),
        lambda case: case.make.compute_node()["id"],
    ),
    Held(
        "metadata of an instance",
        lambda case, key: [item["key"] for item in case.db.instance_get_by_uuid(case.admin, key)["metadata"]],
        lambda case, key: case.db.instance_metadata_update(case.admin, key, {"key": "value"}, False),
        lambda case: case.make.instance()["uuid"],
    ),
    Held(
        "a state",
        lambda case, key: case.db.instance_get_by_uuid(case.admin, key)["task_state"],
        lambda case, key: case.db.instance_test_and_set(case.admin, key, "task_state", [None], "rebooting"),
        lambda case: case.make.instance()["uuid"],
    ),
    Held(
        "instances of a host",
        lambda case, key: len(case.db.instance_get_all_by_host(case.admin, key)),
        lambda case, key: case.make.instance(host=key),
    ),
    Held(
        "services of a topic",
        lambda case, key: len(case.db.service_get_all_by_topic(case.admin, key)),
        lambda case, key: case.make.service(topic=key),
    ),
    Held(
        "a quota",
        lambda case, key: case.db.quota_get(case.admin, key, "cores")["hard_limit"],
        lambda case, key: case.db.quota_update(case.admin, key, "cores", 6),
        _quota,
    ),
    Held(
        "key pairs of a user",
        lambda case, key: case.db.key_pair_count_by_user(case.admin, key),
        lambda case, key: case.make.key_pair(user_id=key),
    ),
    Held(
        "aggregates of a host",
        lambda case, key: len(case.db.aggregate_get_by_host(case.admin, key[0])),
        lambda case, key: case.db.aggregate_host_add(case.admin, key[1], key[0]),
        lambda case: (f"host-{a_number()}", case.make.aggregate()["id"]),
    ),
    Held(
        "floating ips of a project",
        lambda case, key: case.db.floating_ip_count_by_project(case.admin, key),
        lambda case, key: case.db.floating_ip_allocate_address(case.admin, key, key),
        _pool,
    ),
    Held(
        "a task",
        lambda case, key: case.db.task_log_get(case.admin, key, *PERIOD, "host")["state"],
        lambda case, key: case.db.task_log_end_task(case.admin, key, *PERIOD, "host", 0),
        _task,
    ),
    Held(
        "use of a group",
        lambda case, key: case.db.security_group_in_use(case.admin, key[1]),
        lambda case, key: case.db.instance_add_security_group(case.admin, *key),
        lambda case: (case.make.instance()["uuid"], case.make.security_group()["id"]),
    ),
)


class HeldRounds(IsolationTestCase):
    """A round of each."""

    def still_so(self, held: Held, _: int) -> None:
        """A run reads something; a single call changes it; a third one looks; then the first writes what it has read.

        If the third has seen the change and not what the first wrote, the first came last, and had to see the change.
        """
        key, mark = held.make(self), f"seen-{a_number()}"

        def written() -> list[str]:
            return [service["topic"] for service in self.db.service_get_all_by_host(self.admin, mark)]

        def change_and_look() -> tuple[str, list[str]]:
            held.change(self, key)
            return self.together(lambda: (f"{held.read(self, key)}", written()))

        others = self.beside(change_and_look)

        def work() -> None:
            seen = held.read(self, key)
            others.happens()
            self.make.service(host=mark, topic=f"{seen}")

        self.together(work)
        changed, known = others.result()
        self.assertEqual(known or [changed], written(), "what the run wrote that it had read")

    def report_of_a_call(self, _: int) -> None:
        """As the report of a closed day, which a single call closes: the two runs and the call have no order."""
        day = self.make.compute_node(running_vms=1)["id"]
        number = a_number()

        def today() -> int:
            return int(self.db.compute_node_get(self.admin, day)["running_vms"])

        def bookings(of: int) -> int:
            return len(self.db.instance_get_all_by_host(self.admin, f"day {number}.{of}"))

        def close_and_report() -> int:
            self.db.compute_node_update(self.admin, day, {"running_vms": 2})
            return self.together(lambda: bookings(today() - 1))

        others = self.beside(close_and_report)

        def book() -> None:
            found = today()
            others.happens()
            self.make.instance(host=f"day {number}.{found}")

        self.together(book)
        self.assertEqual(others.result(), bookings(1), "bookings of the closed day, as reported and as they are now")

    def counted_by_a_call(self, _: int) -> None:
        """A run makes an instance if nothing is reserved; a reservation is granted if there is no instance.

        What the single call has counted need not hold; what the run has read must.
        """
        project = f"project-{a_number()}"

        def count(context: Any, project_id: Any, session: Any) -> dict[str, int]:
            return {"instances": self.db.instance_data_get_for_project(context, project_id, session)[0]}

        counted = {"instances": CountedResource("instances", count)}

        def reserve() -> None:
            self.db.quota_reserve(self.admin, counted, {"instances": 1}, {"instances": 1}, NEVER, None, None, project)

        single = self.beside(reserve)

        def work() -> bool:
            usages = self.db.quota_usage_get_all_by_project(self.admin, project)
            had_returned = single.happens()
            if "instances" not in usages:
                self.make.instance(project_id=project)
            return had_returned

        had_returned = self.together(work)
        was_granted = single.outcome() is None
        made = self.db.instance_data_get_for_project(self.admin, project)[0]
        if had_returned:
            self.assertEqual((True, 0), (was_granted, made), "the reservation was granted, and no instance made")

    def held_rounds(self) -> dict[str, Callable[[int], None]]:
        """All of these, by name."""
        return {
            **{f"held: {held.name}": partial(self.still_so, held) for held in HELD},
            "held: report of a call": self.report_of_a_call,
            "held: counted by a call": self.counted_by_a_call,
        }
