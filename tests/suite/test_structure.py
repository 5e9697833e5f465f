"""How the tests are laid out, so that whoever looks for one finds it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from nova_db.driver import FAMILIES
from tests.conftest import LONG
from tests.suite.loops import hiding

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


def test_what_is_begun_with_is_there() -> None:
    assert [module for module in LONG if not (ROOT / module).is_file()] == []


def test_tests_stand_in_folders() -> None:
    assert [path.name for path in SUITE.glob("test_*.py")] == []


def test_no_failure_in_a_loop_hides_the_others() -> None:
    found = {
        str(path.relative_to(ROOT)): loops
        for folder in FOLDERS
        for path in sorted(folder.rglob("*.py"))
        if (loops := list(hiding(path.read_text(encoding="utf-8"))))
    }
    assert found == {}, "make cases of them (self.subTest, subtests.test), or say `# one story` where none can be made"


def test_loops_that_hide_failures_are_seen() -> None:
    source = """
class TestOne:
    def test_hiding(self):
        for name in "ab":
            self.call(name)
            if name:
                with self.raises(KeyError):
                    pass

    def test_cases(self):
        for name in "ab":
            for other in "cd":
                with self.subTest(name=name, other=other), self.raises(KeyError):
                    self.call()
        for name in "ab":
            self.call(name)
        for _ in range(2):
            self.assertTrue(True)
        for name in "ab":  # one story
            self.assertTrue(name)

    def test_race(self):
        def finish(done):
            for each in done.errors:
                self.assertTrue(each)
        for done in race(2):
            for each in done:
                self.assertTrue(each)

def test_half(subtests):
    for name in "ab":
        with subtests.test(name=name):
            assert name
        assert name

def helper():
    for name in "ab":
        assert name
"""
    assert sorted(hiding(source)) == ["test_half, line 31", "test_hiding, line 4"]
