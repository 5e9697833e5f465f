"""Scenarios in which runs count what is there, and make one if there is none: in the end there is one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from nova_db_conformance.harness.races import race
from nova_db_conformance.harness.values import (
    a_number,
    action_values,
    block_device_values,
    certificate_values,
    fixed_ip_values,
    rule_values,
)
from nova_db_conformance.isolation.cases import IsolationTestCase, Meeting

PERIOD = (dt.datetime(2013, 1, 1), dt.datetime(2013, 2, 1))


class Counted(NamedTuple):
    """Two functions of one family; both are called with the test and a text that is the round's own."""

    name: str
    number: Callable[[Any, str], int]
    make: Callable[[Any, str], object]
    prepare: Callable[[Any, str], object] = lambda case, mark: None


def _instance(case: Any, mark: str) -> str:
    """The one instance of a round's project, made by the first who asks."""
    found = case.db.instance_get_all_by_filters(case.admin, {"project_id": mark})
    return str(found[0]["uuid"] if found else case.make.instance(project_id=mark)["uuid"])


def _group(case: Any, mark: str) -> int:
    """The one security group of a round's project, made by the first who asks."""
    found = case.db.security_group_get_by_project(case.admin, mark)
    return int(found[0]["id"] if found else case.make.security_group(project_id=mark)["id"])


def _take_fixed_ip(case: Any, mark: str) -> None:
    case.db.fixed_ip_associate_pool(case.admin, None, _instance(case, mark))


def _two_fixed_ips(case: Any, mark: str) -> None:
    _instance(case, mark)
    case.db.fixed_ip_bulk_create(case.admin, [fixed_ip_values() for _ in range(2)])


COUNTED = (
    Counted(
        "instances of a host",
        lambda case, mark: len(case.db.instance_get_all_by_host(case.admin, mark)),
        lambda case, mark: case.make.instance(host=mark),
    ),
    Counted(
        "instances by filters",
        lambda case, mark: len(case.db.instance_get_all_by_filters(case.admin, {"display_name": mark})),
        lambda case, mark: case.make.instance(display_name=mark),
    ),
    Counted(
        "instances of a project",
        lambda case, mark: case.db.instance_data_get_for_project(case.admin, mark)[0],
        lambda case, mark: case.make.instance(project_id=mark),
    ),
    Counted(
        "fixed ips of a project",
        lambda case, mark: case.db.fixed_ip_count_by_project(case.admin, mark),
        _take_fixed_ip,
        _two_fixed_ips,
    ),
    Counted(
        "floating ips of a project",
        lambda case, mark: case.db.floating_ip_count_by_project(case.admin, mark),
        lambda case, mark: case.db.floating_ip_allocate_address(case.admin, mark, mark),
        lambda case, mark: case.make.floating_ips(2, pool=mark),
    ),
    Counted(
        "key pairs of a user",
        lambda case, mark: case.db.key_pair_count_by_user(case.admin, mark),
        lambda case, mark: case.make.key_pair(user_id=mark),
    ),
    Counted(
        "security groups of a project",
        lambda case, mark: case.db.security_group_count_by_project(case.admin, mark),
        lambda case, mark: case.make.security_group(project_id=mark),
    ),
    Counted(
        "rules of a security group",
        lambda case, mark: case.db.security_group_rule_count_by_group(case.admin, _group(case, mark)),
        lambda case, mark: case.db.security_group_rule_create(
            case.admin, rule_values(parent_group_id=_group(case, mark))
        ),
        _group,
    ),
    Counted(
        "migrations of a host",
        lambda case, mark: len(case.db.migration_get_in_progress_by_host_and_node(case.admin, mark, "node1")),
        lambda case, mark: case.make.migration(source_compute=mark, instance_uuid=_instance(case, mark)),
        _instance,
    ),
    Counted(
        "services of a topic",
        lambda case, mark: len(case.db.service_get_all_by_topic(case.admin, mark)),
        lambda case, mark: case.make.service(topic=mark),
    ),
    Counted(
        "block devices of an instance",
        lambda case, mark: len(case.db.block_device_mapping_get_all_by_instance(case.admin, _instance(case, mark))),
        lambda case, mark: case.db.block_device_mapping_create(
            case.admin, block_device_values(instance_uuid=_instance(case, mark))
        ),
        _instance,
    ),
    Counted(
        "aggregates of a host",
        lambda case, mark: len(case.db.aggregate_get_by_host(case.admin, mark)),
        lambda case, mark: case.make.aggregate(hosts=[mark]),
    ),
    Counted(
        "actions on an instance",
        lambda case, mark: len(case.db.actions_get(case.admin, mark)),
        lambda case, mark: case.db.action_start(case.admin, action_values(instance_uuid=mark)),
    ),
    Counted(
        "certificates of a project",
        lambda case, mark: len(case.db.certificate_get_all_by_project(case.admin, mark)),
        lambda case, mark: case.db.certificate_create(case.admin, certificate_values(project_id=mark)),
    ),
    Counted(
        "tasks of a period",
        lambda case, mark: len(case.db.task_log_get_all(case.admin, mark, *PERIOD)),
        lambda case, mark: case.db.task_log_begin_task(case.admin, mark, *PERIOD, f"host {a_number()}"),
    ),
    Counted(
        "networks of a host",
        lambda case, mark: len(case.db.network_get_all_by_host(case.admin, mark)),
        lambda case, mark: case.make.network(host=mark),
    ),
    Counted(
        "extra specs of a flavor",
        lambda case, mark: len(case.db.instance_type_extra_specs_get(case.admin, mark)),
        lambda case, mark: case.db.instance_type_extra_specs_update_or_create(
            case.admin, mark, {f"key {a_number()}": "value"}
        ),
        lambda case, mark: case.make.flavor(flavorid=mark),
    ),
)


class PhantomRounds(IsolationTestCase):
    """A round of each."""

    def made_once(self, counted: Counted, _: int) -> None:
        """Two runs count, meet, and make one if there is none."""
        mark = f"mark-{a_number()}"
        counted.prepare(self, mark)
        meeting = Meeting(2)

        def work() -> None:
            there = counted.number(self, mark)
            meeting.come()
            if not there:
                counted.make(self, mark)

        race(lambda _: self.together(work), threads=2, rounds=1)
        self.assertEqual(1, counted.number(self, mark), f"{counted.name}, made by runs that saw none")

    def phantom_rounds(self) -> dict[str, Callable[[int], None]]:
        """The round of each pair of functions, by name."""
        return {f"phantom: {counted.name}": partial(self.made_once, counted) for counted in COUNTED}
