"""The README's examples do what it says they do."""

from __future__ import annotations

import re
import unittest
from typing import Any

import pytest

from nova_db.fixtures import DatabaseFixture
from tests.packaging.conftest import TREE


def example(heading: str, number: int = 0) -> dict[str, Any]:
    """Run a Python example from the README's section of that heading; its names."""
    text = (TREE / "README.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    code = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)[number]
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(code, f"README.md, {heading}", "exec"), names)  # noqa: S102 - that is what the test is about
    return names


def test_production(capsys: pytest.CaptureFixture[str]) -> None:
    with DatabaseFixture("sqlalchemy"):
        example("In production")
    name, host = capsys.readouterr().out.split()
    assert name.startswith("instance-")
    assert host == "node-7"


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
