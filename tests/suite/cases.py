"""Tests of the suite's base, run for their outcome."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from typing import Any

from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.scenarios import Backend


def outcome(test: Callable[[Any], None], backend: str = "memory") -> unittest.TestResult:
    """What becomes of a test on a backend."""

    class Case(ConformanceTestCase):
        scenarios = None  # type: ignore[assignment]

        def test_it(self) -> None:
            test(self)

    case = Case("test_it")
    case.backend = Backend("label", backend)
    result = unittest.TestResult()
    case.run(result)
    return result


def passes(test: Callable[[Any], None], backend: str = "memory") -> bool:
    result = outcome(test, backend)
    problems = [text for _, text in (*result.errors, *result.failures)]
    assert not problems, problems[0]
    return not result.skipped


def failure(test: Callable[[Any], None], backend: str = "memory") -> str:
    """The text of a test's failure; the test must fail, and not by an error."""
    result = outcome(test, backend)
    assert not result.errors, result.errors[0][1]
    ((_, text),) = result.failures
    return text
