"""What a run has read and decided on holds when it commits, beside single calls, too, for all that anybody can see."""

from __future__ import annotations

from nova_db_conformance import decision
from nova_db_conformance.isolation.held import HeldRounds


class TestHeld(HeldRounds):
    """A single call changes what a run has read."""

    @decision(32)
    def test_nobody_sees_a_run_rely_on_what_is_no_more(self) -> None:
        for scenario, round_ in self.held_rounds().items():
            self.play(scenario, round_)
        self.assertNoAnomalies()
