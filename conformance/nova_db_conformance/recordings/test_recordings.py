"""Recorded answers of the ancestor are given again, but for what is promised differently."""

from __future__ import annotations

import logging

import nova_db
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.recordings import replay, sequences
from nova_db_conformance.recordings.promises import MORE, PROMISES, is_promised
from nova_db_conformance.recordings.sequences import families


class TestRecordings(ConformanceTestCase):
    """Every sequence of every recording, on an empty database each."""

    def setUp(self) -> None:
        super().setUp()
        logging.disable(logging.WARNING)  # the sequences ask for much that is warned of
        self.addCleanup(logging.disable, logging.NOTSET)

    def _replay(self, family: str) -> None:
        found = []
        for sequence in sequences(family):
            self.empty()
            for number, difference in replay(nova_db, sequence):
                function = sequence.steps[number]["fn"]
                if not is_promised(function, difference):
                    found.append(f"{sequence} step {number} [{sequence.steps[number]['ctx']}] {difference}")
        self.assertEqual([], found)

    def test_infrastructure(self) -> None:
        self._replay("infrastructure")

    def test_instances(self) -> None:
        self._replay("instances")

    def test_lifecycle(self) -> None:
        self._replay("lifecycle")

    def test_networks(self) -> None:
        self._replay("networks")

    def test_operations(self) -> None:
        self._replay("operations")

    def test_quotas(self) -> None:
        self._replay("quotas")

    def test_security_groups(self) -> None:
        self._replay("security_groups")

    def test_services_and_flavors(self) -> None:
        self._replay("services_flavors")

    def test_no_recording_is_left_out(self) -> None:
        tested = {name.removeprefix("test_").replace("_and_", "_") for name in dir(self) if name.startswith("test_")}
        self.assertEqual(set(), set(families()) - tested)

    def test_every_promise_names_a_recorded_function(self) -> None:
        recorded = {step["fn"] for family in families() for sequence in sequences(family) for step in sequence.steps}
        self.assertEqual(set(), {function for function, _ in PROMISES} - recorded)
        self.assertEqual(set(), MORE.keys() - recorded)
