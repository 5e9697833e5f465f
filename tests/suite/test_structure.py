"""How the tests are laid out, so that whoever looks for one finds it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from nova_db.driver import FAMILIES

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "conformance" / "nova_db_conformance"
FOLDERS = (ROOT / "tests", SUITE)


def borrowed(source: str) -> Iterator[str]:
    """The test modules that something is imported from; whoever runs a whole module elsewhere imports the module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2].startswith("test_"):
            yield str(node.module)


def test_no_test_module_imports_from_another() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for folder in FOLDERS
        for path in sorted(folder.rglob("*.py"))
        if (names := list(borrowed(path.read_text(encoding="utf-8"))))
    }
    assert found == {}, "what several test modules need belongs into a cases.py beside them"


def test_imports_between_test_modules_are_seen() -> None:
    source = """
from tests.engine import test_key_value
from tests.engine.cases import KEY_VALUE
def late():
    from tests.engine.test_key_value import something
"""
    assert list(borrowed(source)) == ["tests.engine.test_key_value"]


def test_the_suite_has_a_folder_for_every_family_and_no_other() -> None:
    folders = {path.name for path in (SUITE / "functions").iterdir() if (path / "__init__.py").exists()}

    assert folders == set(FAMILIES)


def test_tests_stand_in_folders() -> None:
    assert [path.name for path in SUITE.glob("test_*.py")] == []
