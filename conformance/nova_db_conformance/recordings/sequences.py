"""Reading recordings."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Sequence:
    """Calls that were recorded one after the other, beginning with an empty database."""

    family: str
    seed: int
    steps: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        return f"{self.family}-{self.seed}"


def families() -> list[str]:
    """The names of the recordings that the suite carries, sorted."""
    found = (entry.name for entry in resources.files(__package__).iterdir())
    return sorted(name.removesuffix(".jsonl.gz") for name in found if name.endswith(".jsonl.gz"))


def sequences(family: str) -> Iterator[Sequence]:
    """The sequences of a recording, in order."""
    path = resources.files(__package__) / f"{family}.jsonl.gz"
    with path.open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8") as lines:
        for line in lines:
            found = json.loads(line)
            yield Sequence(found["family"], found["seed"], tuple(found["steps"]))
