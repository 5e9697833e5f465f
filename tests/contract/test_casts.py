"""No cast is hidden in an annotation that is there for the sake of a ``return``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELVES = ("nova_db", "backends", "conformance")
SAMPLE = """
def found(rows):
    if rows:
        first: int = rows[0]["id"]
        return first
    made: list[int] = []
    made.append(1)
    return made
"""


def hidden_casts(source: str) -> Iterator[int]:
    """The lines of ``x: T = anything`` that are followed by ``return x``: where anything is Any, that casts unseen."""
    for node in ast.walk(ast.parse(source)):
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, ())
            for first, second in pairwise(statements if isinstance(statements, list) else ()):
                if _annotates(first) is not None and _annotates(first) == _returns(second):
                    yield first.lineno


def _annotates(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
        return statement.target.id
    return None


def _returns(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name):
        return statement.value.id
    return None


def test_one_is_found() -> None:
    assert list(hidden_casts(SAMPLE)) == [4]


def test_there_are_none() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for shelf in SHELVES
        for path in sorted((ROOT / shelf).rglob("*.py"))
        for line in hidden_casts(path.read_text(encoding="utf-8"))
    ]

    assert found == [], "type what the value comes from, or cast() and say why"
