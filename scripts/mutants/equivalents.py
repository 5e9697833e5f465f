"""The mutants of which nobody could tell that they are any."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import NamedTuple

from scripts.mutants.changes import Mutant

LIST = Path(__file__).with_name("equivalent.toml")


Key = tuple[str, str, str, str, int]


class Everywhere(NamedTuple):
    """A change that makes no difference wherever it is made: a text that is replaced by another, below a folder."""

    below: str
    before: str
    after: str
    why: str

    def holds(self, mutant: Mutant) -> bool:
        """Whether a mutant is this change and no other."""
        parts = mutant.before.split(self.before)
        ways = (self.before.join(parts[:at]) + self.after + self.before.join(parts[at:]) for at in range(1, len(parts)))
        return mutant.path.startswith(self.below) and mutant.after in ways


class Listed(NamedTuple):
    """What the list says: why each mutant is equivalent, by its key, and what is so everywhere."""

    single: dict[Key, str]
    everywhere: tuple[Everywhere, ...]


@functools.cache
def listed(path: Path = LIST) -> Listed:
    """The list.

    :raises ValueError: something is listed twice, or without a reason.
    """
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    single: dict[Key, str] = {}
    for each in read.get("mutant", []):
        key = each["module"], each["function"], each["before"], each["after"], each.get("occurrence", 1)
        if key in single or not each["why"].strip():
            raise ValueError(f"{path.name}: {key} is listed twice, or without a reason")
        single[key] = each["why"]
    return Listed(single, tuple(Everywhere(**each) for each in read.get("everywhere", [])))


def is_nothing(mutant: Mutant) -> bool:
    """Whether a mutant is a change that makes no difference wherever it is made."""
    return any(each.holds(mutant) for each in listed().everywhere)


def why(mutant: Mutant) -> str | None:
    """Why nobody could tell a mutant from the code; None if the list does not say."""
    found = listed()
    reasons = (each.why for each in found.everywhere if each.holds(mutant))
    return found.single.get(mutant.key) or next(reasons, None)


def entry(mutant: Mutant) -> str:
    """What to add to the list, but for the reason."""
    lines = ["[[mutant]]", f'module = "{mutant.module}"', f'function = "{mutant.function}"']
    lines += [f"{name} = {_quoted(getattr(mutant, name))}" for name in ("before", "after")]
    lines += [f"occurrence = {mutant.occurrence}"] if mutant.occurrence > 1 else []
    return "\n".join([*lines, 'why = ""'])


def _quoted(text: str) -> str:
    if "'" in text or "\n" in text:
        return f"'''\n{text}'''" if "\n" in text else f"'''{text}'''"
    return f"'{text}'"
