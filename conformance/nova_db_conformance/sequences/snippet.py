"""A sequence as a program that makes its calls on two databases, and shows what the last one answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from nova_db.constraints import Constraint
from nova_db_conformance.harness.values import CountedResource
from nova_db_conformance.sequences.steps import CONTEXTS, Advance, Begin, Call, End, Made, Step, made_in

_IMPORTS = (
    ("datetime", "import datetime"),
    ("Decimal", "from decimal import Decimal"),
    ("Fraction", "from fractions import Fraction"),
    *((name, f"from ipaddress import {name}") for name in ("IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network")),
    ("SimpleNamespace", "from types import SimpleNamespace"),
    ("UUID", "from uuid import UUID"),
    *((name, f"from nova_db.constraints import {name}") for name in ("constraint", "equal_any", "not_equal")),
    ("CountedResource", "from nova_db_conformance.harness.values import CountedResource"),
)
_CONDITIONS = {"EqualAny": "equal_any", "NotEqual": "not_equal"}
_LONG = 60


def snippet(
    steps: Sequence[Step | None], backends: Sequence[str], what: str, answers: Sequence[str], table: str = ""
) -> str:
    """The program; ``table`` is what rows differ in, where no answer does."""
    body = _body(steps, {made.step for step in steps if isinstance(step, Call) for made in made_in(step.arguments)})
    if table:
        body.append(f"    ask(rows, {table!r})")
    contexts = [
        f"{name} = {_context(name)}" for name in CONTEXTS if any(re.search(rf"\b{name}\b", line) for line in body)
    ]
    code = "\n".join((*contexts, *body))
    imports = [line for name, line in _IMPORTS if re.search(rf"(?<!['\w]){name}\b", code)]
    told = "".join(f"# {name}: {answer}\n" for name, answer in zip(backends, answers, strict=True))
    return (
        f"# {what}\n{told}"
        + "\n".join((*imports, "from nova_db_conformance.sequences.again import beside", "", ""))
        + "\n".join((*contexts, "", "", "def sequence(driver, ask, rows, advance, undone):", *body, "", ""))
        + f"\nbeside(sequence, {', '.join(map(repr, backends))})\n"
    )


def _body(steps: Sequence[Step | None], named: set[int]) -> list[str]:
    lines: list[str] = []
    indent = "    "
    for number, step in enumerate(steps):
        if isinstance(step, End):
            if lines[-1].endswith(":"):
                lines.append(f"{indent}pass")
            indent = indent[:-4]
        elif isinstance(step, Begin):
            isolation = f", isolation={step.isolation!r}" if step.isolation else ""
            opened = f"driver.transaction(admin{isolation})"
            lines.append(f"{indent}with {opened if _commits(steps[number + 1 :]) else f'undone({opened})'}:")
            indent += "    "
        elif isinstance(step, Advance):
            lines.append(f"{indent}advance({step.seconds})")
        elif step is not None:
            name = f"answer_{number} = " if number in named else ""
            lines.append(f"{indent}{name}{_called(step)}")
    return [*lines, f"{indent}pass"] if lines and lines[-1].endswith(":") else lines


def _commits(after: Sequence[Step | None]) -> bool:
    """Whether the transaction before these steps is committed; one that has no end among them is not."""
    depth = 0
    for step in after:
        if isinstance(step, End) and depth == 0:
            return step.commits
        depth += isinstance(step, Begin) - isinstance(step, End)
    return False


def _called(step: Call) -> str:
    given = [f"{name}={spelled(value)}" for name, value in step.arguments.items() if name != "kwargs"]
    given += [f"{name}={spelled(value)}" for name, value in step.arguments.get("kwargs", {}).items()]
    if step.in_run:
        inner = ", ".join((step.context, *given))
        return f"ask(driver.run, {step.context}, lambda session: driver.{step.function}({inner}))"
    return f"ask({', '.join((f'driver.{step.function}', step.context, *given))})"


def _context(name: str) -> str:
    pairs = ", ".join(f"{key}={value!r}" for key, value in vars(CONTEXTS[name]).items())
    return f"SimpleNamespace({pairs})"


def spelled(value: Any) -> str:
    """A value as a program has it."""
    kind = type(value)
    if kind is Made:
        return f"answer_{value.step}" + "".join(f"[{part!r}]" for part in value.path)
    if kind is dict:
        return "{" + ", ".join(f"{spelled(key)}: {spelled(item)}" for key, item in value.items()) + "}"
    if kind in (list, tuple, set, frozenset):
        return _collection(kind, [spelled(item) for item in value])
    if kind is float and value - value != 0:
        return f"float({str(value)!r})"
    if kind is str and len(value) > _LONG and len(set(value)) == 1:
        return f"{value[0]!r} * {len(value)}"
    if kind is int and value.bit_length() > 4000:  # more digits than Python makes text of
        return hex(value)
    if kind is Constraint:
        return f"constraint({', '.join(f'{name}={_condition(each)}' for name, each in value.conditions.items())})"
    if kind is CountedResource:
        return f"CountedResource({value.name!r}, {value.usage!r})"
    return repr(value)


def _collection(kind: type, items: list[str]) -> str:
    inner = ", ".join(items)
    if kind is list:
        return f"[{inner}]"
    if kind is tuple:
        return f"({inner}{',' if len(items) == 1 else ''})"
    return f"{kind.__name__}([{inner}])"


def _condition(condition: Any) -> str:
    return f"{_CONDITIONS[type(condition).__name__]}({', '.join(map(spelled, condition.values))})"
