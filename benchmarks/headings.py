"""What a run was made of, in words: when, where, on how large a cloud, for how long, and beside what else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Result = Mapping[str, Any]


def cloud(result: Result) -> str:
    """How large it was."""
    return f"a cloud of {result['plan']['instances']:,} instances"


def machine(result: Result) -> str:
    """The processor and the Python."""
    found = result["machine"]
    return f"{found['cores']} cores ({found['processor']}), {found['python']}"


def heading(result: Result) -> Iterator[str]:
    """The first lines of a run, and a warning where the machine had other things to do."""
    began, (before, after) = result.get("began", result["day"]), result["load"]
    when = f"{result['day']} {began[11:16]} UTC" if len(began) > 10 else result["day"]
    found = result["machine"]
    memory = f", {found['memory_gib']} GiB" if found["memory_gib"] else ""
    for_how_long = f"{result['minutes']:.1f} minutes; load {before} before, {after} after"
    yield f"{when}; {machine(result)}{memory}, {found['system']}; {cloud(result)}; {for_how_long}"
    servers = dict.fromkeys(each["version"] for each in result["servers"].values())
    yield "versions: " + ", ".join([*(f"{name} {found}" for name, found in result["versions"].items()), *servers])
    yield from warning(before, found["cores"])


def warning(before: float, cores: int) -> Iterator[str]:
    """That the machine was busy before anything was measured, if it was."""
    if before > cores / 2:
        yield f"warning: the load before was {before}, more than half of the {cores} cores: take no figure for true"
