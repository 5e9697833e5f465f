"""Runs beside single calls: no rule that the API keeps is broken by mixing them."""

from __future__ import annotations

from nova_db_conformance import decision
from nova_db_conformance.isolation.beside import BesideRounds


class TestBesideCalls(BesideRounds):
    """A single call comes between two calls of a run."""

    def play_all(self, kind: str) -> None:
        """Play the scenarios of a kind."""
        for scenario, round_ in self.beside_rounds().items():
            if scenario.startswith(kind):
                self.play(scenario, round_)
        self.assertNoAnomalies()

    @decision(32)
    def test_what_may_be_there_once_is_made_once(self) -> None:
        self.play_all("name")

    def test_no_live_child_is_left_to_a_dead_parent(self) -> None:
        self.play_all("orphan")

    @decision(32)
    def test_what_a_call_is_refused_for_is_found(self) -> None:
        self.play_all("answer")
