"""The README's examples do what it says they do; that of production runs with the wheel, in test_distribution.py."""

from __future__ import annotations

import unittest
from typing import Any

from nova_db.fixtures import DatabaseFixture
from tests.packaging.conftest import readme_block


def example(heading: str, number: int = 0) -> dict[str, Any]:
    """Run a Python example from the README's section of that heading; its names."""
    code = readme_block(heading, "python", number)
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(code, f"README.md, {heading}", "exec"), names)  # noqa: S102 - that is what the test is about
    return names


def test_unit_tests_with_a_fixture() -> None:
    case = example("In your unit tests")["TestScheduler"]
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    assert result.testsRun == 1
    assert result.wasSuccessful(), result.errors + result.failures


def test_unit_tests_under_pytest(nova_db_database: DatabaseFixture) -> None:
    example("In your unit tests", 1)["test_no_hosts"](nova_db_database)


def test_a_new_backend() -> None:
    names = example("As the author of a backend")
    assert names["ShelfDriver"].__abstractmethods__ == frozenset()
    missing = {"insert", "select", "update", "claim", "serialize", "commit"}
    assert missing <= names["ShelfTransaction"].__abstractmethods__
    assert names["ShelfEngine"].__abstractmethods__ == {"read", "write", "create_schema", "clear"}
