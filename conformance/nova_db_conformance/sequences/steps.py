"""What a sequence is made of: calls, beginnings and ends of transactions, and moves of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any


def _context(user: str | None, project: str | None, is_admin: bool, read_deleted: str) -> SimpleNamespace:
    return SimpleNamespace(
        user_id=user,
        project_id=project,
        is_admin=is_admin,
        read_deleted=read_deleted,
        quota_class="class_name1" if user == "u1" else None,
    )


_PEOPLE = {"admin": ("adm", "padm", True), "user": ("u1", "p1", False), "other": ("u2", "p2", False)}
CONTEXTS: dict[str, SimpleNamespace] = {
    **{
        name if read_deleted == "no" else f"{name}_{read_deleted}": _context(*person, read_deleted)
        for name, person in _PEOPLE.items()
        for read_deleted in ("no", "yes", "only")
    },
    "nobody": _context(None, None, False, "no"),
}
"""Who calls, by the name that programs have for it."""
WEIGHTS = tuple({"admin": 24, "admin_yes": 6, "admin_only": 3, "user": 9}.get(name, 2) for name in CONTEXTS)
"""How often each calls, in proportion."""
ADMIN_WEIGHTS = tuple(weight if name.startswith("admin") else 0 for name, weight in zip(CONTEXTS, WEIGHTS, strict=True))


@dataclass(frozen=True)
class Made:
    """An argument that an earlier answer has, which each database made up for itself."""

    step: int
    path: tuple[Any, ...]


@dataclass(frozen=True)
class Call:
    """A call of a function."""

    function: str
    context: str
    arguments: dict[str, Any]
    in_run: bool = False
    """Whether it is made by ``driver.run``."""


@dataclass(frozen=True)
class Begin:
    """From here on a transaction is open."""

    isolation: str | None


@dataclass(frozen=True)
class End:
    """The transaction that was opened last ends."""

    commits: bool


@dataclass(frozen=True)
class Advance:
    """The clock moves on."""

    seconds: int


Step = Call | Begin | End | Advance


class NoSuchAnswer(LookupError):
    """A step names a part of an answer that has none, as earlier steps were left out."""


def resolved(value: Any, answers: list[Any]) -> Any:
    """A value in which what was made up is the one of these answers; a copy that shares no container with it."""
    kind = type(value)
    if kind is Made:
        found = answers[value.step]
        try:
            for part in value.path:
                found = found[part]
        except (TypeError, LookupError):
            raise NoSuchAnswer(value) from None
        return found
    if kind is dict:
        return {key: resolved(item, answers) for key, item in value.items()}
    if kind in (list, tuple, set, frozenset):
        return kind([resolved(item, answers) for item in value])
    return value


def made_in(value: Any) -> list[Made]:
    """What of a value was made up."""
    if type(value) is Made:
        return [value]
    items = value.values() if type(value) is dict else value if type(value) in (list, tuple) else ()
    return [made for item in items for made in made_in(item)]
