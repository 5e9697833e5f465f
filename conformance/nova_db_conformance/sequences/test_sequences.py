"""Random sequences of calls are answered as the memory backend answers them.

The calls follow from a seed, which ``--nova-db-seed`` chooses; ``NOVA_DB_SEQUENCE_CALLS`` says how many they are.
"""

from __future__ import annotations

import os

from nova_db_conformance.harness.base import BackendTestCase
from nova_db_conformance.harness.seeds import seed_in_use
from nova_db_conformance.sequences.machine import search
from nova_db_conformance.sequences.playing import Bench

CALLS = int(os.environ.get("NOVA_DB_SEQUENCE_CALLS", "2000"))


class TestSequences(BackendTestCase):
    """Calls of all families, in transactions and out of them, while the clock moves."""

    def test_a_sequence_is_answered_as_in_memory(self) -> None:
        bench = Bench(self.backend.written(), self.driver, self.empty)
        found = search(bench, CALLS, seed_in_use())
        if found:
            self.fail(f"{found}# seed {seed_in_use()}")
