"""The small mistakes that are made of a module: each one change of its syntax tree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scripts.mutants.mistakes import mistakes


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake in one module.

    ``function`` is the qualified name of the function that has it; ``before`` and ``after`` are the statement without
    and with it, as ``ast.unparse`` writes it, of one with a body the head; ``number`` counts those of the module, and
    ``occurrence``, from 1, those that have all of the rest in common.
    """

    module: str
    path: str
    number: int
    line: int
    function: str
    kind: str
    before: str
    after: str
    occurrence: int
    last_line: int
    is_of_decorator: bool

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What names it when lines have moved."""
        return self.module, self.function, self.before, self.after, self.occurrence

    def __str__(self) -> str:
        lines = [f"{self.path}:{self.line}, in {self.function}: {self.kind}"]
        lines += [f"    - {line}" for line in self.before.splitlines()]
        lines += [f"    + {line}" for line in self.after.splitlines()]
        return "\n".join(lines)


def mutants(module: str, path: str, source: str) -> list[Mutant]:
    """All mutants of a module, in the order of the source."""
    found: list[Mutant] = []
    seen: dict[tuple[str, str, str], int] = {}
    for number, (place, kind, make) in enumerate(_changes(ast.parse(source))):
        before, after = place.texts(make())
        function = place.function
        seen[function, before, after] = occurrence = seen.get((function, before, after), 0) + 1
        last, is_head = place.statement.end_lineno or place.line, isinstance(place.statement, ast.FunctionDef)
        found.append(Mutant(module, path, number, place.line, function, kind, before, after, occurrence, last, is_head))
    return found


def mutated(source: str, number: int) -> ast.Module:
    """The tree of a module with one of its mutants' mistakes."""
    tree = ast.parse(source)
    for at, (place, _, make) in enumerate(_changes(tree)):
        if at == number:
            place.put(make())
            return ast.fix_missing_locations(tree)
    raise LookupError(f"the module has no mutant {number}")


@dataclass(slots=True)
class _Place:
    """Where a node stands in the tree, and the statement that it belongs to."""

    owner: ast.AST
    field: str
    index: int | None
    statement: ast.stmt
    function: str
    line: int

    def put(self, node: ast.AST | None) -> ast.AST | None:
        """Have another node, or none, stand here; what stands here then."""
        here = getattr(self.owner, self.field)
        old = here if self.index is None else here[self.index]
        if node is None and isinstance(old, ast.stmt):
            node = ast.Pass()
        if node is not None:
            ast.copy_location(node, old)
        if self.index is None:
            setattr(self.owner, self.field, node)
        else:
            setattr(self.owner, self.field, [*here[: self.index], *([node] if node else []), *here[self.index + 1 :]])
        return node

    def texts(self, node: ast.AST | None) -> tuple[str, str]:
        """The statement without the change and with it; the tree stays as it is."""
        here = getattr(self.owner, self.field)
        old = here if self.index is None else here[self.index]
        before = _head(self.statement)
        changed = self.put(node)
        after = _head(changed if old is self.statement and isinstance(changed, ast.stmt) else self.statement)
        setattr(self.owner, self.field, here)
        return before, after


def _head(statement: ast.stmt) -> str:
    """A statement's text without its body."""
    if not hasattr(statement, "body"):
        return ast.unparse(statement)
    bare = copy.copy(statement)
    for field in ("body", "orelse", "finalbody", "handlers"):
        if hasattr(bare, field):
            setattr(bare, field, [])
    return ast.unparse(bare)


def _changes(tree: ast.Module) -> Iterator[tuple[_Place, str, Callable[[], ast.AST | None]]]:
    """All changes; who makes one either undoes it before the walk goes on, or ends the walk."""
    yield from _within(tree, "", None)


def _within(
    node: ast.AST, function: str, statement: ast.stmt | None
) -> Iterator[tuple[_Place, str, Callable[[], ast.AST | None]]]:
    name = getattr(node, "name", None)
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        function = f"{function}.{name}" if function else str(name)
    for field, value in ast.iter_fields(node):
        if _is_left_out(node, field):
            continue
        several = value if isinstance(value, list) else [value]
        for index, child in enumerate(several):
            if not isinstance(child, ast.AST):
                continue
            holder = child if isinstance(child, ast.stmt) else statement
            if holder is not None and _is_mutated(child, node, function):
                line = child.lineno if isinstance(child, ast.stmt) else holder.lineno
                place = _Place(node, field, index if isinstance(value, list) else None, holder, function, line)
                for kind, make in mistakes(child, node):
                    yield place, kind, make
            yield from _within(child, function, holder)


def _is_left_out(node: ast.AST, field: str) -> bool:
    """What is no code that runs: annotations, and what is looked at by type checkers alone."""
    if field in ("annotation", "returns", "type_comment", "ctx"):
        return True
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _is_mutated(child: ast.AST, parent: ast.AST, function: str) -> bool:
    """Whether mistakes are made here: in functions and their decorators, except in what only words a message."""
    if not function or isinstance(parent, ast.ClassDef):
        return False
    return not isinstance(child, ast.JoinedStr | ast.Import | ast.ImportFrom)
