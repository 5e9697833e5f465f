"""The tool that makes mutants: what it changes, and how a mutant comes to be imported."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from scripts.mutants import trying
from scripts.mutants.changes import Mutant, mutants, mutated
from scripts.mutants.equivalents import Everywhere, entry, listed
from scripts.mutants.hook import MUTANT, ROOT, module_of, paths
from scripts.mutants.traces import Lanes, Noted, Traces, lanes_of

SOURCE = '''
def limited(rows, limit=None, *, strict=False):
    """The first of the rows."""
    if limit is not None and len(rows) > limit:
        return rows[:limit]
    for row in rows:
        if not row:
            raise ValueError("empty")
    rows.sort(key=len)
    return [row for row in rows if row["a"] + 1 <= 2]


@reads(admin, snapshot=False)
def named(tx):
    tx.names["a"] = all_of(tx.first, tx.second)
'''


def made(source: str = SOURCE) -> list[Mutant]:
    return mutants("module", "nova_db/operations/module.py", source)


def changes(kind: str) -> set[tuple[str, str]]:
    return {(mutant.before, mutant.after) for mutant in made() if mutant.kind == kind}


@pytest.mark.parametrize(
    "kind, before, after",
    [
        ("comparison", "if limit is not None and len(rows) > limit:", "if limit is None and len(rows) > limit:"),
        ("comparison", "if limit is not None and len(rows) > limit:", "if limit is not None and len(rows) >= limit:"),
        ("and, or", "if limit is not None and len(rows) > limit:", "if limit is not None or len(rows) > limit:"),
        ("part of a condition dropped", "if limit is not None and len(rows) > limit:", "if len(rows) > limit:"),
        ("bound of a slice", "return rows[:limit]", "return rows[:limit + 1]"),
        ("returns None", "return rows[:limit]", "return None"),
        ("not dropped", "if not row:", "if row:"),
        ("raise removed", "raise ValueError('empty')", "pass"),
        ("statement removed", "rows.sort(key=len)", "pass"),
        ("keyword dropped", "rows.sort(key=len)", "rows.sort()"),
        (
            "filter dropped",
            "return [row for row in rows if row['a'] + 1 <= 2]",
            "return [row for row in rows]",
        ),
        (
            "operator",
            "return [row for row in rows if row['a'] + 1 <= 2]",
            "return [row for row in rows if row['a'] - 1 <= 2]",
        ),
        (
            "constant off by one",
            "return [row for row in rows if row['a'] + 1 <= 2]",
            "return [row for row in rows if row['a'] + 1 <= 3]",
        ),
        (
            "boolean negated",
            "@reads(admin, snapshot=False)\ndef named(tx):",
            "@reads(admin, snapshot=True)\ndef named(tx):",
        ),
        ("assignment removed", "tx.names['a'] = all_of(tx.first, tx.second)", "pass"),
        ("argument dropped", "tx.names['a'] = all_of(tx.first, tx.second)", "tx.names['a'] = all_of(tx.second)"),
    ],
)
def test_mistakes_that_are_made(kind: str, before: str, after: str) -> None:
    assert (before, after) in changes(kind)


def test_each_mutant_is_one_change_that_can_be_compiled(subtests: pytest.Subtests) -> None:
    path = "nova_db/operations/rows/changes.py"
    source = (ROOT / path).read_text(encoding="utf-8")
    right = ast.unparse(ast.parse(source)).splitlines()
    for mutant in mutants(module_of(path), path, source):
        with subtests.test(mutant=str(mutant)):
            tree = mutated(source, mutant.number)
            compile(tree, path, "exec")
            wrong = ast.unparse(tree).splitlines()
            assert wrong != right
            assert mutant.before != mutant.after
    assert ast.unparse(ast.parse(source)).splitlines() == right


def test_what_is_no_mistake_of_an_author_is_not_made() -> None:
    touched = {mutant.function for mutant in made()}
    assert touched == {"limited", "named"}
    assert not any('"""' in mutant.after or "annotation" in mutant.kind for mutant in made())


def test_a_mutant_is_imported_in_the_process_and_in_those_that_it_starts() -> None:
    path = "backends/nova_db_memory/engine.py"
    [number] = [
        mutant.number
        for mutant in mutants(module_of(path), path, (ROOT / path).read_text(encoding="utf-8"))
        if mutant.kind == "returns None" and mutant.function == "MemoryEngine.location"
    ]
    program = (
        "from scripts.mutants.hook import install; install();"
        "from nova_db_memory import MemoryEngine; print(MemoryEngine('name').location())"
    )
    for value, expected in ((f"{path}:{number}", "None"), ("", "memory://name")):  # one story
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, MUTANT: value, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "backends")))},
            capture_output=True,
            text=True,
            check=True,
        )
        assert expected in done.stdout


def test_tests_of_the_family_come_first_and_then_the_stages() -> None:
    folder = "conformance/nova_db_conformance/"
    noted = {
        "tests": [
            [f"{folder}sequences/test_a.py::A@memory::test", "sequences", 1.0],
            [f"{folder}functions/quotas/test_b.py::B@memory::test_slow", "functions", 3.0],
            [f"{folder}functions/quotas/test_b.py::B@memory::test_quick", "functions", 0.1],
            [f"{folder}engine/test_c.py::C@memory::test", "rows", 0.2],
            [f"{folder}engine/test_c.py::C@memory::test_other", "rows", 0.2],
        ],
        "hits": {"nova_db/operations/quotas.py": {"4": f"{0b01111:x}"}},
        "failed": [],
    }
    [mutant, *_] = mutants("m", "nova_db/operations/quotas.py", "def f(x):\n\n\n    return x")
    found = Traces(noted).tests_of(mutant)
    assert [test.name.partition("::")[2] for test in found] == [
        "B@memory::test_quick",
        "B@memory::test_slow",
        "C@memory::test",
        "A@memory::test",
    ]
    assert found[0].on("memory", "sqlite") == Noted(
        f"{folder}functions/quotas/test_b.py::B@sqlite::test_quick", "functions", 0.1
    )


@pytest.mark.parametrize(
    "statement, kind",
    [
        ("tx.serialize('name')", "statement removed"),
        ("tx.select(Query('a', lock=True))", "keyword dropped"),
        ("tx.select(Query('a', lock=True))", "boolean negated"),
        ("tx.select(Query('a', lock=False))", "boolean negated"),
        ("self._require_alone()", "statement removed"),
    ],
)
def test_what_keeps_others_out_is_tried_where_there_are_others(statement: str, kind: str) -> None:
    found = mutants("m", "nova_db/operations/quotas.py", f"def f(tx):\n    {statement}")
    assert {lanes_of(mutant)[0] for mutant in found if mutant.kind == kind} == {"kv"}


def test_a_test_that_fails_anyway_hides_none_that_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    part = trying._Part("kv", ("a.py::1", "a.py::2", "a.py::3"), "functions", 1.0, False)

    def run(mutant: Mutant | None, part: trying._Part, _: Path) -> tuple[str, str, str]:
        failing = {"a.py::1", *(["a.py::3"] if mutant is not None else [])}
        return next((("functions", name, "error") for name in part.names if name in failing), ("", "", ""))

    monkeypatch.setattr(trying, "_run", run)
    monkeypatch.setattr(trying, "_parts", lambda *_, **__: iter([part]))
    [mutant, *_] = made()
    assert trying.tried(mutant, Lanes(Path())).test == "a.py::3"


def test_each_mutant_that_is_listed_is_there(subtests: pytest.Subtests) -> None:
    there = {
        mutant.key for path in paths() for mutant in mutants(module_of(path), path, (ROOT / path).read_text("utf-8"))
    }
    for key in listed().single:
        with subtests.test(key=key):
            assert key in there, "the code has changed: look again, or take it off the list"


def test_an_entry_is_read_as_it_is_written(tmp_path: Path, subtests: pytest.Subtests) -> None:
    found = made()
    text = "\n".join(entry(mutant).replace('why = ""', 'why = "x"') for mutant in found)
    (tmp_path / "list.toml").write_text(text, encoding="utf-8")
    assert set(listed(tmp_path / "list.toml").single) == {mutant.key for mutant in found}
    assert max(Counter(mutant.key for mutant in found).values()) == 1


def test_a_change_that_is_nothing_anywhere_is_that_change_alone() -> None:
    rule = Everywhere("nova_db/operations/", "snapshot=False", "snapshot=True", "why")
    assert [mutant.function for mutant in made() if rule.holds(mutant)] == ["named"]
    elsewhere = mutants("m", "nova_db/engine/m.py", "@reads(snapshot=False)\ndef f():\n    pass")
    assert not any(rule.holds(mutant) for mutant in elsewhere)
