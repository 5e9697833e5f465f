"""Finding the loops of tests whose first failure hides the others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

STORY = "# one story"
"""Stands in the line of a loop whose turns rest on one another, so that they cannot be cases."""


def hiding(source: str) -> Iterator[str]:
    """The loops in the test functions of a module that assert and are not made of cases, as ``function, line``.

    Left out are those whose turns are one story: they say so, or repeat something (``for _ in range(3)``), wait, stop
    early, or are the rounds of a race, which ends with the first that fails; and those that hypothesis shrinks.
    """
    lines = source.splitlines()
    for test in ast.walk(ast.parse(source)):
        if _is_test(test):
            yield from (
                f"{test.name}, line {each.lineno}" for each in _found(test) if STORY not in lines[each.lineno - 1]
            )


def _is_test(node: ast.AST) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return node.name.startswith("test_") and not any("given" in ast.unparse(each) for each in node.decorator_list)


def _found(node: ast.AST) -> Iterator[ast.For]:
    for child in ast.iter_child_nodes(node):
        if _is_round(child):
            continue
        if isinstance(child, ast.For) and any(map(_asserts, child.body)) and not _is_story(child):
            yield child
        yield from _found(child)


def _is_round(node: ast.AST) -> bool:
    """Whether this judges a race, round after round."""
    if isinstance(node, ast.FunctionDef):
        return node.name == "finish"
    return isinstance(node, ast.For) and "race(" in ast.unparse(node.iter)


def _is_story(loop: ast.For) -> bool:
    names = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    stops = any(isinstance(node, ast.Break | ast.Return) for statement in loop.body for node in ast.walk(statement))
    return stops or all(name.startswith("_") for name in names)


def _asserts(node: ast.AST) -> bool:
    """Whether there is an assertion in this that is not in a case."""
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.Call) and (_name(node) in {"raises", "fail"} or _name(node).startswith("assert")):
        return True
    if isinstance(node, ast.With) and any(_is_case(item.context_expr) for item in node.items):
        return False
    return any(map(_asserts, ast.iter_child_nodes(node)))


def _is_case(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"self.subTest", "subtests.test", "case.subTest"}


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
