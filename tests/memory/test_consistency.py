"""Whatever happens to a table, its indexes say what its rows say."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.memory.machine import MemoryMachine

TestConsistency = MemoryMachine.TestCase
TestConsistency.settings = settings(
    max_examples=250,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
