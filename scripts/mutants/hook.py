"""Importing modules otherwise than they stand in their files: one with a mistake, or all noting their lines.

What is to be done stands in the environment, so that processes which tests start import the same.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, ModuleType

from scripts.mutants.changes import mutated

ROOT = Path(__file__).parents[2]
MUTANT = "NOVA_DB_MUTANT"
"""The environment variable that holds ``PATH:NUMBER``, the module of a mutant and its number there."""
TARGETS = ("nova_db/operations", "nova_db/engine/rows", "backends/nova_db_memory", "backends/nova_db_lmdb")
NOTE = "__note_line__"


def paths(targets: Sequence[str] = TARGETS) -> list[str]:
    """The modules below folders of the tree, or files of it, as paths from its root."""
    found: list[str] = []
    for target in targets:
        place = ROOT / target
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
        found += [path.relative_to(ROOT).as_posix() for path in files]
    return found


def module_of(path: str) -> str:
    """The name that a module of the tree is imported by."""
    parts = list(Path(path.removeprefix("backends/")).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def install() -> None:
    """Have the mutant that the environment names imported in this process; once is enough."""
    path, _, number = os.environ.get(MUTANT, "").rpartition(":")
    if path and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        _install({module_of(path): path}, lambda source, _: mutated(source, int(number)))


def install_notes(note: Callable[[str, int], None]) -> None:
    """Have ``note`` told the path and the line of each statement of the targets that is executed in a function."""

    def noting(source: str, path: str) -> ast.Module:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                _note_lines(node)
        return ast.fix_missing_locations(tree)

    _install({module_of(path): path for path in paths()}, noting, note)


def _note_lines(node: ast.AST) -> None:
    for field in ("body", "orelse", "finalbody"):
        statements = getattr(node, field, None)
        if not isinstance(statements, list):
            continue
        made: list[ast.stmt] = []
        for statement in statements:
            if not isinstance(statement, ast.Nonlocal | ast.Global):
                made.append(ast.parse(f"{NOTE}({statement.lineno})").body[0])
            made.append(statement)
            if not isinstance(statement, ast.FunctionDef | ast.ClassDef):  # the walk comes by them
                _note_lines(statement)
        setattr(node, field, made)
    for handler in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        _note_lines(handler)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(
        self,
        modules: dict[str, str],
        transform: Callable[[str, str], ast.Module],
        note: Callable[[str, int], None] | None,
    ) -> None:
        self._modules = modules
        self._transform = transform
        self._note = note

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module, if it is one of those to be changed."""
        place = self._modules.get(fullname)
        if place is None:
            return None
        loader = _Loader(fullname, place, self._transform, self._note)
        return importlib.util.spec_from_file_location(fullname, ROOT / place, loader=loader)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(
        self,
        name: str,
        place: str,
        transform: Callable[[str, str], ast.Module],
        note: Callable[[str, int], None] | None,
    ) -> None:
        super().__init__(name, str(ROOT / place))
        self._place = place
        self._transform = transform
        self._note = note

    def get_code(self, fullname: str) -> CodeType:
        """The changed code; never what is kept compiled."""
        source = (ROOT / self._place).read_text(encoding="utf-8")
        return compile(self._transform(source, self._place), self.path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        """Run it."""
        if self._note is not None:
            note, place = self._note, self._place
            setattr(module, NOTE, lambda line: note(place, line))
        super().exec_module(module)


def _install(
    modules: dict[str, str],
    transform: Callable[[str, str], ast.Module],
    note: Callable[[str, int], None] | None = None,
) -> None:
    loaded = sorted(modules.keys() & sys.modules.keys())
    if loaded:
        raise RuntimeError(f"{loaded[0]} is imported already, without the change")
    sys.meta_path.insert(0, _Finder(modules, transform, note))
