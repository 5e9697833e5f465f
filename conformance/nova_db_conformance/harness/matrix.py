"""Function by function, what a run has shown of a backend: for the verdict's matrix of 254 functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nova_db.driver import FUNCTIONS
from nova_db_conformance.harness.coverage import ALL_FUNCTIONS, CallLog
from nova_db_conformance.harness.reference import beside
from nova_db_conformance.harness.verdict import FunctionScore, Result, State

PLAIN_FAMILY = "constraints"
"""Where the functions stand that no driver implements."""

_UNSUPPORTED = ("NotImplementedError", "NotSupported")


def function_scores(label: str, results: Iterable[Result], log: CallLog) -> Iterator[FunctionScore]:
    """All functions of the API, in the order of the contract."""
    results = list(results)
    failed = {result.function for result in results if result.outcome == "failed"}
    tested = {result.family for result in results if result.outcome == "passed" and result.family}
    medians, there = log.medians(label), log.medians(beside(label))
    for name in ALL_FUNCTIONS:
        family = FUNCTIONS.get(name, PLAIN_FAMILY)
        # Functions that make constraints have no tests of their own.
        is_tested = bool(tested) if family == PLAIN_FAMILY else family in tested
        state = _state(label, name, log, is_failed=name in failed, is_tested=is_tested)
        found = (medians.get(name), there.get(name)) if state != "not run" else (None, None)
        times = (None if time is None else round(time, 2) for time in found)
        yield FunctionScore(name, family, state, log.successes(label, name), *times)


def _state(label: str, name: str, log: CallLog, *, is_failed: bool, is_tested: bool) -> State:
    succeeded, raised = log.successes(label, name), log.failures(label, name)
    if not succeeded and any(kind in raised for kind in _UNSUPPORTED):
        return "unsupported"
    if is_failed:
        return "fail"
    # What merely serves the tests of other functions was not judged.
    return "pass" if is_tested and (succeeded or raised) else "not run"
