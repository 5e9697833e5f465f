"""Calls with hostile arguments: the answers of the memory backend, documented errors, and nothing left behind.

The calls follow from a seed and their number. ``NOVA_DB_HOSTILE_CALLS`` says how many are made on each backend, and
``NOVA_DB_HOSTILE_SEED`` has others made; a finding tells both, and ``python -m scripts.fuzz`` makes one call again.
"""

from __future__ import annotations

import os

from nova_db_conformance.harness.base import BackendTestCase
from nova_db_conformance.hostile.comparing import Comparison

CALLS = int(os.environ.get("NOVA_DB_HOSTILE_CALLS", "2000"))
SEED = int(os.environ.get("NOVA_DB_HOSTILE_SEED", "2013"))


class TestHostileArguments(BackendTestCase):
    """Each function, with a hostile value in some argument, or in a part of one."""

    def setUp(self) -> None:
        super().setUp()
        self.assertIsNotNone(self.engine)

    def test_calls_are_answered_as_in_memory(self) -> None:
        for finding in Comparison(self.backend.label, self.driver, SEED).run(range(CALLS)):
            with self.subTest(call=f"{finding.seed}/{finding.number}"):
                self.fail(str(finding))
