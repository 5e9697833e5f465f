"""The key-value engine, which is optimistic and has no server, shows no anomalies either."""

from __future__ import annotations

from nova_db_conformance.isolation import test_among_runs as among_runs
from nova_db_conformance.isolation import test_beside_calls as beside_calls
from nova_db_conformance.isolation import test_within_calls as within_calls
from nova_db_conformance.isolation.cases import IsolationTestCase
from tests.engine.cases import KEY_VALUE


def _on_key_value(*cases: type[IsolationTestCase]) -> dict[str, type[IsolationTestCase]]:
    """The suite's classes for this one backend."""
    attributes = {"backend": KEY_VALUE, "scenarios": None, "__module__": __name__}
    return {case.__name__: type(case.__name__, (case,), {**attributes, "__doc__": case.__doc__}) for case in cases}


globals().update(
    _on_key_value(
        among_runs.TestPlaces,
        among_runs.TestSkews,
        among_runs.TestHistories,
        among_runs.TestPhantoms,
        beside_calls.TestBesideCalls,
        within_calls.TestWithinCalls,
    )
)
