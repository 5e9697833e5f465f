"""Runs raced against single calls of the same functions."""

from __future__ import annotations

from nova_db_conformance import decision
from nova_db_conformance.isolation.mixed import MixedRounds


class TestMixed(MixedRounds):
    """Whoever calls, each thing goes to one, and each row is there once."""

    @decision(32)
    def test_names_and_rows_are_made_once(self) -> None:
        for scenario, round_ in self.mixed_rounds().items():
            self.play(scenario, round_)
        self.assertNoAnomalies()
