"""What ``docs/backend-authors.md`` tells of the code: helpers, hot look-ups, and scenarios of the suite.

``python -m scripts.backend_authors`` writes it anew.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from nova_db_conformance.engine.test_fork import TestFork
from nova_db_conformance.harness.promises import first_sentence
from nova_db_conformance.isolation.test_killed_processes import TestKilledProcesses
from nova_db_conformance.isolation.test_processes import TestProcesses
from scripts import hot_lookups

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "backend-authors.md"
HELPERS: Final = {
    "engine": ("split",),
    "engine.matching": ("matcher", "fold"),
    "engine.ordering": ("total_order", "sort_rows", "follows", "page"),
    "engine.relations": ("attach", "related_rows"),
    "engine.assignments": ("updater", "updated", "is_plain", "is_conditional"),
    "engine.keys": ("require_own", "of_own_key", "each_of_own_key", "used_up"),
    "engine.rows": ("layout", "HashIndex", "json_codec"),
    "engine.turns": ("Turn",),
    "engine.file_turns": ("FileTurn",),
    "engine.folders": ("make_folder", "folder_for_tests", "discard_folder"),
    "engine.per_process": ("PerProcess",),
    "engine.watching": ("watched", "failing_at"),
    "forking": ("lock", "rlock", "condition", "event", "register"),
    "events": ("observe", "follow"),
}
"""What authors need, by the module below ``nova_db`` that they import it from."""


def redrawn(page: str) -> str:
    """A page with all that is made from the code, as the code is."""
    for name, made in PARTS.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}{made()}{end}{after}"
    return page


def _table(headings: str, rows: Iterable[Iterable[str]]) -> str:
    names = headings.split(" | ")
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("| --- ", "|---").replace("|--- |", "|---|")


def _helpers() -> str:
    return _table("from | helper | what it does", _helper_rows())


def _helper_rows() -> Iterator[tuple[str, str, str]]:
    for name, names in HELPERS.items():
        module = importlib.import_module(f"nova_db.{name}")
        for helper in names:
            yield f"`nova_db.{name}`", f"`{helper}`", _sentence(getattr(module, helper))


def _hot() -> str:
    return _table("what | table | carried by | asked for | functions", hot_lookups.rows())


def _forks() -> str:
    return "".join(f"- {_words(name)}\n" for name in vars(TestFork) if name.startswith("test_"))


def _processes() -> str:
    told = [(name, each) for name, each in vars(TestProcesses).items() if inspect.isfunction(each) and each.__doc__]
    plays = [f"- *{_words(name)}*: {_sentence(each)}\n" for name, each in told if not name.startswith(("at_", "_"))]
    kills = [f"- {_words(name)}\n" for name in vars(TestKilledProcesses) if name.startswith("test_")]
    return "".join([*plays, *kills])


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _sentence(thing: Any) -> str:
    return first_sentence(inspect.getdoc(thing) or "")


PARTS: Final[dict[str, Callable[[], str]]] = {
    "helpers": _helpers,
    "hot look-ups": _hot,
    "forks": _forks,
    "processes": _processes,
}


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
