"""The mistakes that an author could make with a piece of code: what may stand in the place of a node."""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

Change = tuple[str, Callable[[], ast.AST | None]]
"""What kind of mistake it is, and what stands in the place of the node; None: nothing does."""

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.Mult: ast.Add,
    ast.Mod: ast.Mult,
}


_VARIADIC: Final = frozenset({"all_of", "any_of", "min", "max", "get", "pop", "getattr", "round", "set", "zip"})
"""Functions that can do with an argument less; others would raise at once."""
_NAMES: Final = {
    "Lt": "Le",
    "Le": "Lt",
    "Gt": "Ge",
    "Ge": "Gt",
    "all_of": "any_of",
    "any_of": "all_of",
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
}
"""Functions, and predicates of ``nova_db.engine``, that are mistaken for one another."""


def mistakes(node: ast.AST, parent: ast.AST) -> Iterator[Change]:
    """The mistakes that one can make with a node."""
    return _of_statement(node) if isinstance(node, ast.stmt) else _of_part(node, parent)


def _of_part(node: ast.AST, parent: ast.AST) -> Iterator[Change]:
    """Those with a part of a statement."""
    if isinstance(node, ast.Compare):
        yield from _of_comparison(node)
    elif isinstance(node, ast.BoolOp):
        yield from _of_condition(node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", lambda: node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS and not isinstance(parent, ast.Raise):
        yield "operator", lambda: _with(node, op=_OPERATORS[type(node.op)]())
    elif isinstance(node, ast.Constant):
        yield from _of_constant(node, parent)
    elif isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.IfExp):
        yield "condition turned", lambda: _with(node, body=node.orelse, orelse=node.body)
    elif isinstance(node, ast.Slice):
        yield from _of_slice(node)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield "filter dropped", lambda: _with(node, ifs=node.ifs[1:])


def _of_statement(node: ast.stmt) -> Iterator[Change]:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Pass():
            return
        case ast.Expr() | ast.AugAssign() | ast.Delete():
            yield "statement removed", lambda: None
        case ast.Raise():
            yield "raise removed", lambda: None
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            yield "assignment removed", lambda: None
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield "returns None", lambda: ast.Return(value=ast.Constant(value=None))
        case ast.If():
            if not isinstance(node.test, ast.UnaryOp) and not _has_opposite(node.test):
                yield "condition negated", lambda: _with(node, test=ast.UnaryOp(op=ast.Not(), operand=node.test))
            yield "condition always met", lambda: _with(node, test=ast.Constant(value=True))
            yield "condition never met", lambda: _with(node, test=ast.Constant(value=False))
        case ast.Break():
            yield "break becomes continue", ast.Continue
        case ast.Continue():
            yield "continue becomes break", ast.Break


def _of_comparison(node: ast.Compare) -> Iterator[Change]:
    for index, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:

            def make(index: int = index, other: type[ast.cmpop] = other) -> ast.AST:
                return _with(node, ops=[*node.ops[:index], other(), *node.ops[index + 1 :]])

            yield "comparison", make


def _of_condition(node: ast.BoolOp) -> Iterator[Change]:
    yield "and, or", lambda: _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for index in range(len(node.values)):

        def make(index: int = index) -> ast.AST:
            rest = [value for at, value in enumerate(node.values) if at != index]
            return rest[0] if len(rest) == 1 else _with(node, values=rest)

        yield "part of a condition dropped", make


def _of_constant(node: ast.Constant, parent: ast.AST) -> Iterator[Change]:
    if isinstance(parent, ast.Expr) or (isinstance(parent, ast.keyword) and parent.arg == "message"):
        return
    value: Any = node.value
    if isinstance(value, bool):
        yield "boolean negated", lambda: ast.Constant(value=not value)
    elif isinstance(value, int):
        yield "constant off by one", lambda: ast.Constant(value=value + 1)


def _of_call(node: ast.Call) -> Iterator[Change]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in ("debug", "info", "warning", "cast"):
        return
    if name in _VARIADIC and len(node.args) > 1:
        for index in range(len(node.args)):

            def drop(index: int = index) -> ast.AST:
                return _with(node, args=[each for at, each in enumerate(node.args) if at != index])

            yield "argument dropped", drop
    if name in _NAMES and isinstance(node.func, ast.Name):
        yield "function mistaken for another", lambda: _with(node, func=_named(_NAMES[name]))
    for index, keyword in enumerate(node.keywords):
        if keyword.arg != "message":

            def make(index: int = index) -> ast.AST:
                return _with(node, keywords=[each for at, each in enumerate(node.keywords) if at != index])

            yield "keyword dropped", make


def _of_slice(node: ast.Slice) -> Iterator[Change]:
    for field in ("lower", "upper"):
        bound = getattr(node, field)
        if bound is not None:

            def make(field: str = field, bound: ast.expr = bound) -> ast.AST:
                moved = ast.BinOp(left=bound, op=ast.Add(), right=ast.Constant(value=1))
                return _with(node, **{field: moved})

            yield "bound of a slice", make


def _has_opposite(test: ast.expr) -> bool:
    """Whether a condition is one comparison, whose opposite is made there."""
    opposites = ast.Eq | ast.NotEq | ast.Is | ast.IsNot | ast.In | ast.NotIn
    return isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], opposites)


def _named(name: str) -> ast.expr:
    """A builtin, or what ``nova_db.engine`` has of this name, imported or not."""
    text = name if hasattr(builtins, name) else f"__import__('nova_db.engine', fromlist=['{name}']).{name}"
    return ast.parse(text, mode="eval").body


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    """A copy of a node with other fields."""
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made
