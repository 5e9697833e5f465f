"""Scenarios in which many decide by what they count: there are four places, and each of eight runs wants one."""

from __future__ import annotations

from collections.abc import Callable

from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import a_number
from nova_db_conformance.isolation.cases import IsolationTestCase, Meeting

PLACES = 4


class PlacesRounds(IsolationTestCase):
    """A round of each."""

    def taken(self, count: Callable[[], int], take: Callable[[int, int], object]) -> Round:
        """Let eight runs count, meet, and take a place where one is left; check that all places were taken, and once.

        :param take: takes a place, with the number of the thread and what it counted.
        """
        meeting = Meeting(THREADS)

        def work(thread: int) -> bool:
            counted = count()
            meeting.come()
            if counted >= PLACES:
                return False
            take(thread, counted)
            return True

        [done] = race(lambda thread: self.together(lambda: work(thread)), rounds=1)
        self.assertEqual((PLACES, PLACES), (done.results.count(True), count()), "runs served, and places taken")
        return done

    def places_of_a_node(self, _: int) -> None:
        """The number of those taken is in the row that is read and written."""
        key = self.make.compute_node(running_vms=0)["id"]
        self.taken(
            lambda: int(self.db.compute_node_get(self.admin, key)["running_vms"]),
            lambda _, counted: self.db.compute_node_update(self.admin, key, {"running_vms": counted + 1}),
        )

    def places_of_all_nodes(self, _: int) -> None:
        """The number is a sum over rows; each run writes one of its own."""
        self.empty()
        keys = [self.make.compute_node(running_vms=0)["id"] for _ in range(THREADS)]
        self.taken(
            lambda: int(self.db.compute_node_statistics(self.admin)["running_vms"]),
            lambda thread, _: self.db.compute_node_update(self.admin, keys[thread], {"running_vms": 1}),
        )

    def places_in_another_table(self, _: int) -> None:
        """One table tells how many places there are, another one how many are taken; only that one is written."""
        host, project = f"places {a_number()}", f"project {a_number()}"
        self.make.compute_node(vcpus=PLACES, hypervisor_hostname=host)

        def count() -> int:
            [node] = self.db.compute_node_search_by_hypervisor(self.admin, host)
            used = int(self.db.instance_data_get_for_project(self.admin, project)[1])
            return PLACES - (int(node["vcpus"]) - used)

        self.taken(count, lambda *_: self.make.instance(project_id=project, vcpus=1))

    def places_of_a_host(self, _: int) -> None:
        """The number is that of the rows found; each run makes one more."""
        host = f"host {a_number()}"
        self.taken(
            lambda: len(self.db.instance_get_all_by_host(self.admin, host)), lambda *_: self.make.instance(host=host)
        )

    def places_without_a_meeting(self, _: int) -> None:
        """Nobody waits for anybody: as callers would write it."""
        key = self.make.compute_node(running_vms=0)["id"]

        def work() -> bool:
            node = self.db.compute_node_get(self.admin, key)
            if node["running_vms"] >= PLACES:
                return False
            self.db.compute_node_update(self.admin, key, {"running_vms": node["running_vms"] + 1})
            return True

        [done] = race(lambda _: self.together(work), rounds=1)
        taken = self.db.compute_node_get(self.admin, key)["running_vms"]
        self.assertEqual((PLACES, PLACES), (done.results.count(True), taken), "runs served, and places taken")
