"""The facts that the tables are checked against: what a deployed database of this schema looks like."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"

TABLES: dict[str, dict[str, Any]] = json.loads((DATA / "tables.json").read_text(encoding="utf-8"))


def models() -> dict[str, set[str]]:
    """The attributes that each ORM class offers, by the name of the class."""
    lines = (DATA / "models.txt").read_text(encoding="utf-8").splitlines()
    return {name: set(attributes.split()) for name, _, attributes in (line.partition(":") for line in lines)}


def join_conditions(join: str) -> set[frozenset[str]]:
    """The equations of a join, each as the set of its two sides."""
    return {frozenset(equation.split(" == ")) for equation in re.split(r" and |; via \w+: ", join)}
