"""The list of decisions, and the tests that name them: neither has a number that the other lacks."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_db_conformance import decision

ROOT = Path(__file__).parents[2]
LIST = ROOT / "docs" / "decisions.md"
FOLDERS = (ROOT / "tests", ROOT / "conformance" / "nova_db_conformance")


def listed() -> list[int]:
    """The numbers in the list, in its order."""
    return [int(number) for number in re.findall(r"^(\d+)\. ", LIST.read_text(encoding="utf-8"), re.MULTILINE)]


def named(source: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The functions of a module that ``@decision(...)`` stands before, and the numbers in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "decision":
                    yield node.name, tuple(ast.literal_eval(argument) for argument in mark.args)


def proofs() -> dict[int, list[str]]:
    """Number of a decision to the tests that name it."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            for name, numbers in named(source) if "decision" in source else ():
                # What stands in another module, or is called otherwise, is run by nobody.
                assert path.name.startswith("test_"), f"{path}: {name}"
                assert name.startswith("test_"), f"{path}: {name}"
                for number in numbers:
                    found[number].append(f"{path.relative_to(ROOT)}::{name}")
    return found


def test_every_decision_is_named_by_a_test_and_the_other_way_round() -> None:
    numbers, proven = listed(), proofs()

    assert [number for number in numbers if number not in proven] == [], "no test names these"
    assert {number: tests for number, tests in proven.items() if number not in numbers} == {}, "not in the list"


def test_they_are_numbered_without_a_gap() -> None:
    numbers = listed()

    assert len(numbers) >= 29
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("numbers", [(5,), (5, 7)])
def test_the_mark_notes_the_numbers_and_nothing_else(numbers: tuple[int, ...]) -> None:
    def some(number: int) -> int:
        return number + 1

    marked = decision(*numbers)(some)

    assert marked is some
    assert vars(some) == {"decisions": numbers}
    assert some(1) == 2


def test_marks_are_found_without_importing_anything() -> None:
    source = """
class TestOne:
    @decision(3, 4)
    @other
    def test_one(self): ...

    def test_two(self): ...

@decision(5)
def test_three(): ...
"""
    assert sorted(named(source)) == [("test_one", (3, 4)), ("test_three", (5,))]
