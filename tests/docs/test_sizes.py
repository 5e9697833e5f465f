"""Modules and functions are as small as the house rules say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ("nova_db", "backends", "scripts", "benchmarks")
TESTS = ("conformance", "tests")
FUNCTION_LINES = 40


def modules(*folders: str) -> Iterator[Path]:
    """All modules in some folders, which are not generated."""
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            if "Generated" not in path.read_text().partition("\n")[0]:
                yield path


def too_long(most: int, *folders: str) -> list[str]:
    """The modules that have more lines."""
    lengths = {path: len(path.read_text().splitlines()) for path in modules(*folders)}
    return [f"{path.relative_to(ROOT)}: {length} lines" for path, length in sorted(lengths.items()) if length > most]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a module, with how many lines each has, its docstring and signature apart."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            yield node.name, (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_modules_that_ship_have_at_most_300_lines() -> None:
    assert too_long(300, *SHIPPED) == []


def test_modules_of_tests_have_at_most_400_lines() -> None:
    assert too_long(400, *TESTS) == []


def test_functions_have_fewer_than_40_lines() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name} has {lines} lines"
        for path in modules(*SHIPPED, "conformance")
        for name, lines in functions(path)
        if lines >= FUNCTION_LINES
    ]
    assert found == []
