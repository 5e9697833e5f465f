"""The level that callers ask for, and that these tests would notice a weaker one than they ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

from nova_db.engine import Capability
from nova_db_conformance import decision
from nova_db_conformance.isolation.beside import BesideRounds
from nova_db_conformance.isolation.cases import IsolationTestCase
from nova_db_conformance.isolation.held import HeldRounds
from nova_db_conformance.isolation.histories import HistoriesRounds
from nova_db_conformance.isolation.phantoms import PhantomRounds
from nova_db_conformance.isolation.places import PlacesRounds
from nova_db_conformance.isolation.skews import SkewRounds

LEVELS = (None, "serializable", "read committed")


class TestLevels(IsolationTestCase):
    """Levels have names."""

    @decision(32)
    def test_both_levels_are_accepted(self) -> None:
        for level in LEVELS:
            with self.subTest(level):
                made = self.db.run(self.admin, lambda _: self.make.service(), isolation=level)
                with self.db.transaction(self.admin, isolation=level):
                    self.db.service_update(self.admin, made["id"], {"report_count": 5})
                self.assertEqual(5, self.db.service_get(self.admin, made["id"])["report_count"])

    def test_an_unknown_level_is_refused_with_the_names_of_those_there_are(self) -> None:
        def in_a_block() -> None:
            with self.db.transaction(self.admin, isolation="snapshot"):
                self.make.service()

        for call in (
            in_a_block,
            lambda: self.db.run(self.admin, lambda _: self.make.service(), isolation="snapshot"),
        ):
            with self.subTest(call=call):
                with self.raises(ValueError) as refused:
                    call()
                for name in ("snapshot", "serializable", "read committed"):
                    with self.subTest(name=name):
                        self.assertIn(name, str(refused.exception))
        self.assertEqual([], self.db.service_get_all(self.admin))


class TestWeakerLevel(PlacesRounds, SkewRounds, HistoriesRounds, PhantomRounds, BesideRounds, HeldRounds):
    """Where writers are open beside each other, the weaker level shows what the stronger one must not."""

    def setUp(self) -> None:
        super().setUp()
        self.require(Capability.CONCURRENT_WRITERS)

    def rounds_that_notice(self) -> dict[str, Callable[[int], None]]:
        """The rounds in which others come in between for certain."""
        return {
            "places of a node": self.places_of_a_node,
            "places of all nodes": self.places_of_all_nodes,
            "places in another table": self.places_in_another_table,
            "places of a host": self.places_of_a_host,
            "on call": self.on_call,
            "on call, by key": self.on_call_by_key,
            "eight on call": self.eight_on_call,
            "circle of three": self.circle_of_three,
            "drained host": self.drained_host,
            "lost update": self.lost_update,
            "torn read": self.torn_read,
            "changed list": self.changed_list,
            "opposite orders": self.opposite_orders,
            "report of a closed day": self.report_of_a_closed_day,
            **self.phantom_rounds(),
            **self.held_rounds(),
            **{name: round_ for name, round_ in self.beside_rounds().items() if name.startswith("answer")},
        }

    def assertNoticed(self) -> None:
        """Check that each of them fails: at once, or in one of the next rounds if threads were slow to meet."""
        missed = [name for name, round_ in self.rounds_that_notice().items() if not _fails(round_)]
        self.assertEqual([], missed, "a weaker isolation is noticed by none of their rounds")

    def test_by_name(self) -> None:
        self.isolation = "read committed"
        self.assertNoticed()

    def test_of_an_engine_that_isolates_less_than_it_is_asked_to(self) -> None:
        write: Any = self.engine.write

        def weaker(*, isolation: object = None, losses: int = 0) -> Any:
            return write(losses=losses)

        with mock.patch.object(self.engine, "write", weaker):
            self.assertNoticed()


def _fails(round_: Callable[[int], None]) -> bool:
    for number in range(25):  # threads are slow to meet where others have the processors
        try:
            round_(number)
        except AssertionError:
            return True
    return False
