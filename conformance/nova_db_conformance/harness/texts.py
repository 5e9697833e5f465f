"""Results of runners that keep the texts of failures and not the errors: unittest, and all that speak subunit.

What a failure breaks, and what was wrong in short, stands in notes of the error, and so at the end of every text of it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable

from nova_db.exceptions.redaction import without_secrets
from nova_db_conformance.harness.about import complete
from nova_db_conformance.harness.causes import told
from nova_db_conformance.harness.promises import BREAKS, promise_of
from nova_db_conformance.harness.stages import SUITE, family_of, stage_of
from nova_db_conformance.harness.verdict import Outcome, Result, Verdict, merged

IN_SHORT = "in short: "
AGAIN = "python -m unittest ID"
"""How a test is run again, on the backends that the environment names."""

_LONGEST_DETAIL = 20_000
_ID = re.compile(r"(?P<name>[\w.]+)(?:\((?P<label>[\w.-]+)\))?")
_UNWRITTEN = re.compile(r"((?:Engine|Transaction)\.\w+) is not written")


def annotate(test_class: type, error: BaseException) -> None:
    """Note with an error what it breaks, and what was wrong, for whoever reads no more than its text."""
    found = told(test_class, error)
    known = getattr(error, "__notes__", ())
    if found["promise"] and not any(note.startswith(BREAKS) for note in known):
        error.add_note(f"{BREAKS}{found['promise']}")
    if not any(note.startswith(IN_SHORT) for note in known):
        error.add_note(f"{IN_SHORT}{found['what']}")


def result_of(test_id: str, outcome: Outcome, text: str = "", seconds: float = 0.0) -> tuple[str, Result] | None:
    """The backend of a test, and its result; None of a test that is not of the suite."""
    match = _ID.fullmatch(test_id)
    if match is None or not match["name"].startswith(f"{SUITE}."):
        return None
    module, class_name, name = match["name"].rsplit(".", 2)
    test_class = getattr(importlib.import_module(module), class_name)
    stage = stage_of(test_class, name)
    what, promise, detail = without_secrets(text), "", ""
    if outcome == "failed":
        what = _noted(text, IN_SHORT) or _last_line(text)
        promise = _noted(text, BREAKS) or promise_of(test_class) or ""
        detail = without_secrets(text[-_LONGEST_DETAIL:])
    unwritten = _UNWRITTEN.match(what)
    primitive = "" if unwritten is None else unwritten[1]
    key = "" if stage is None else stage.key
    return match["label"] or "", Result(
        match["name"], outcome, key, family_of(test_class) or "", promise, what, primitive, seconds, detail
    )


def verdicts_of(found: Iterable[tuple[str, Result]]) -> list[Verdict]:
    """The verdict on each backend."""
    results: dict[str, list[Result]] = {}
    for label, result in found:
        results.setdefault(label, []).append(result)
    return [complete(Verdict(label, merged(each), again=AGAIN)) for label, each in results.items()]


def _noted(text: str, start: str) -> str:
    """The last note that begins so; groups of errors indent theirs, and draw a line beside them."""
    lines = (line.lstrip(" |") for line in text.splitlines())
    return next((line.removeprefix(start) for line in reversed(list(lines)) if line.startswith(start)), "")


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
