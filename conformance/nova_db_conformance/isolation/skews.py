"""Scenarios in which each of several runs reads what another one writes: write skew, and cycles of three."""

from __future__ import annotations

from nova_db_conformance.harness.races import race
from nova_db_conformance.harness.values import a_number
from nova_db_conformance.isolation.cases import IsolationTestCase, Meeting


class SkewRounds(IsolationTestCase):
    """A round of each."""

    def services(self, count: int, topic: str = "on call") -> list[int]:
        """Services of a topic, all of them on call."""
        return [self.make.service(topic=topic)["id"] for _ in range(count)]

    def on_call(self, _: int) -> None:
        """Of two services, each goes off call if the other one is on; one has to stay."""
        self._goes_off_call(2)

    def eight_on_call(self, _: int) -> None:
        """The same with eight, who all look before one goes."""
        self._goes_off_call(8)

    def _goes_off_call(self, count: int) -> None:
        topic = f"on call {a_number()}"
        keys = self.services(count, topic)
        meeting = Meeting(count)

        def on_call() -> set[int]:
            found = self.db.service_get_all_by_topic(self.admin, topic)
            return {service["id"] for service in found}

        def work(thread: int) -> None:
            others = on_call() - {keys[thread]}
            meeting.come()
            if others:
                self.db.service_update(self.admin, keys[thread], {"disabled": True})

        race(lambda thread: self.together(lambda: work(thread)), threads=count, rounds=1)
        self.assertEqual(1, len(on_call()), "services that stayed on call")

    def on_call_by_key(self, _: int) -> None:
        """Both rows are read one by one, not as a list."""
        keys = self.services(2)
        meeting = Meeting(2)

        def work(thread: int) -> None:
            both = [self.db.service_get(self.admin, key)["disabled"] for key in keys]
            meeting.come()
            if not any(both):
                self.db.service_update(self.admin, keys[thread], {"disabled": True})

        race(lambda thread: self.together(lambda: work(thread)), threads=2, rounds=1)
        off = [self.db.service_get(self.admin, key)["disabled"] for key in keys]
        self.assertEqual(1, off.count(True), "services that went off call")

    def circle_of_three(self, _: int) -> None:
        """Each run copies its neighbour's row plus one: in any order one of them has seen what another one wrote."""
        keys = self.services(3)
        meeting = Meeting(3)

        def work(thread: int) -> None:
            neighbour = self.db.service_get(self.admin, keys[(thread + 1) % 3])["report_count"]
            meeting.come()
            self.db.service_update(self.admin, keys[thread], {"report_count": neighbour + 1})

        race(lambda thread: self.together(lambda: work(thread)), threads=3, rounds=1)
        counts = [self.db.service_get(self.admin, key)["report_count"] for key in keys]
        self.assertIn(sorted(counts), ([1, 1, 2], [1, 2, 3]), "what the rows hold")

    def drained_host(self, _: int) -> None:
        """One run disables a host's service if it has no instances, another one puts one there if it is enabled."""
        host = f"drained {a_number()}"
        key = self.make.service(host=host)["id"]
        meeting = Meeting(2)

        def drain() -> bool:
            is_empty = not self.db.instance_get_all_by_host(self.admin, host)
            meeting.come()
            if is_empty:
                self.db.service_update(self.admin, key, {"disabled": True})
            return is_empty

        def place() -> bool:
            is_enabled = not self.db.service_get(self.admin, key)["disabled"]
            meeting.come()
            if is_enabled:
                self.make.instance(host=host)
            return is_enabled

        [done] = race([lambda: self.together(drain), lambda: self.together(place)], rounds=1)
        self.assertEqual(1, done.results.count(True), "one of the two found what it asked for")
