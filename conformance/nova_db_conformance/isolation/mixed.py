"""Scenarios in which eight threads make the same call at once, every other one in a run."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from nova_db import exceptions
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import a_number, resources
from nova_db_conformance.isolation.cases import IsolationTestCase
from nova_db_conformance.isolation.names import ERRORS, UPSERTS, Name

FEW = 5
"""How many of the eight are served."""
NEVER = dt.datetime(2100, 1, 1)

_T = TypeVar("_T")


class MixedRounds(IsolationTestCase):
    """A round of each."""

    def mixed(self, call: Callable[[int], _T], allow: type[Exception] | tuple[type[Exception], ...] = ()) -> Round:
        """Make a call in eight threads, half of them in runs that have read something before."""

        def work(thread: int) -> _T:
            self.db.service_get_all(self.admin)
            return call(thread)

        def some(thread: int) -> _T:
            return call(thread) if thread % 2 else self.together(lambda: work(thread))

        [done] = race(some, rounds=1, allow=allow)
        return done

    def name_of_many(self, name: Name, _: int) -> None:
        """All want the same name, or the same row."""
        self.set_option("osapi_compute_unique_server_name_scope", name.scope)
        key = name.prepare(self)
        done = self.mixed(lambda _: name.call(self, key), name.taken or ())
        found = self.live(name.table, **name.where(key))
        self.assertEqual(1, len(found), f"live rows of {name.table} with {name.where(key)}: {found}")
        self.assertEqual(0 if name.taken is None else THREADS - 1, len(done.errors), "callers that were refused")

    def pool(self, _: int) -> None:
        """All want a fixed ip of a network that has few; each goes to one, and none is left."""
        network = a_number()
        addresses = self.make.fixed_ips(FEW, network_id=network)
        uuids = [self.make.instance()["uuid"] for _ in range(THREADS)]
        done = self.mixed(
            lambda thread: self.db.fixed_ip_associate_pool(self.admin, network, uuids[thread]),
            exceptions.NoMoreFixedIps,
        )
        self.assertEqual(sorted(addresses), sorted(done.results))
        owners = Counter(row["instance_uuid"] for row in self.live("fixed_ips", network_id=network))
        self.assertEqual({1}, set(owners.values()), f"fixed ips of each owner: {owners}")

    def floating_pool(self, _: int) -> None:
        """The same with floating ips."""
        pool = f"pool-{a_number()}"
        addresses = self.make.floating_ips(FEW, pool=pool)
        done = self.mixed(
            lambda thread: self.db.floating_ip_allocate_address(self.admin, f"{pool} {thread}", pool),
            exceptions.NoMoreFloatingIps,
        )
        self.assertEqual(sorted(addresses), sorted(done.results))

    def quota(self, _: int) -> None:
        """All reserve one of what there are few of."""
        project = f"project-{a_number()}"

        def reserve(_: int) -> Any:
            return self.db.quota_reserve(
                self.admin, resources("cores"), {"cores": FEW}, {"cores": 1}, NEVER, None, None, project
            )

        done = self.mixed(reserve, exceptions.OverQuota)
        usages = [row["reserved"] for row in self.live("quota_usages", project_id=project)]
        reservations = self.live("reservations", project_id=project)
        self.assertEqual((FEW, [FEW], FEW), (len(done.results), usages, len(reservations)))

    def metadata(self, _: int) -> None:
        """All write a key of their own, and one that all share."""
        uuid = self.make.instance()["uuid"]
        self.mixed(
            lambda thread: self.db.instance_metadata_update(
                self.admin, uuid, {f"key {thread}": "mine", "key": str(thread)}, False
            )
        )
        keys = Counter(row["key"] for row in self.live("instance_metadata", instance_uuid=uuid))
        self.assertEqual(dict.fromkeys(["key", *(f"key {thread}" for thread in range(THREADS))], 1), dict(keys))

    def compare_and_set(self, _: int) -> None:
        """All want to take an instance from one state to another."""
        uuid = self.make.instance()["uuid"]
        done = self.mixed(
            lambda thread: self.db.instance_update(
                self.admin, uuid, {"task_state": f"of {thread}", "expected_task_state": None}
            ),
            exceptions.UnexpectedTaskStateError,
        )
        self.assertEqual(1, len(done.results), "callers who found the state that they expected")

    def mixed_rounds(self) -> dict[str, Callable[[int], None]]:
        """All of these, by name."""
        return {
            **{f"mixed: {name.name}": partial(self.name_of_many, name) for name in (*ERRORS, *UPSERTS)},
            "mixed: pool": self.pool,
            "mixed: floating pool": self.floating_pool,
            "mixed: quota": self.quota,
            "mixed: metadata": self.metadata,
            "mixed: compare and set": self.compare_and_set,
        }
