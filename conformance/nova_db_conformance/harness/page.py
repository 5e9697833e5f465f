"""Verdicts as one page of HTML that needs nothing else: readable without its script, on paper, in the dark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from nova_db_conformance.harness.markup import Markup, joined, tag
from nova_db_conformance.harness.stages import STAGES
from nova_db_conformance.harness.verdict import Result, Verdict

Document = Mapping[str, Any]
"""A verdict as plain data, as :meth:`Verdict.as_data` makes it."""

_MOST_FAILURES = 100
_MARKS: Final = {"pass": "✓", "fail": "✗", "unsupported": "⊘", "not run": "·"}
_MEANINGS: Final = {
    "pass": "called by the tests of its family, and none of them failed",
    "fail": "a test failed in it, or after calling it",
    "unsupported": "no call returned, and some raised NotSupported or NotImplementedError",
    "not run": "no test of its family has called it",
}
_TIMES = (
    "The time of a call is the median, within 2 %, of the calls that returned in tests of the function families, races "
    "left out. Below it stands the same of the memory backend in the same run: each of these tests ran there too, "
    "right after it had run on the backend and in the same process."
)


def drawn(documents: Sequence[Document]) -> str:
    """The page."""
    labels = ", ".join(document["backend"] for document in documents)
    title = f"Conformance of {labels}"
    body = (
        tag("h1", "Conformance of nova-db backends"),
        tag("div", *map(_card, documents), class_="cards"),
        tag("h2", "Stages"),
        _stages(documents),
        tag("h2", "Functions"),
        _legend(),
        _controls(),
        _matrix(documents),
        tag("h2", "Failures"),
        *_failures(documents),
        tag("h2", "Skipped, by reason"),
        *_skips(documents),
    )
    head = (
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", _beside("page.css")),
    )
    whole = tag(
        "html", tag("head", *head), tag("body", tag("main", *body), tag("script", _beside("page.js"))), lang="en"
    )
    return f"<!DOCTYPE html>\n{whole}\n"


def _beside(name: str) -> Markup:
    """A file that is part of the page as it is."""
    return Markup(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _card(document: Document) -> Markup:
    """What stands at the head for a backend."""
    outcomes: Counter[str] = Counter(document["outcomes"])
    counts = ", ".join(f"{outcomes[each]} {each}" for each in ("passed", "failed", "skipped"))
    seconds = sum(stage["seconds"] for stage in document["stages"])
    facts = {"tests": f"{counts}, in {seconds:.0f} s", "level": document["level"], **document["about"]}
    rows = [joined((tag("dt", name), tag("dd", str(value)))) for name, value in facts.items()]
    # Documents of before there were states were written at the end of a run.
    is_over = document.get("state", "finished") == "finished"
    state = "pass" if document["passes"] else "fail" if is_over or document["failures"] else "not run"
    headline = tag("p", _mark(state), " ", document["headline"], class_=f"headline {_class(state)}")
    return tag("section", tag("h2", document["backend"]), headline, tag("dl", *rows), class_="card")


def _mark(state: str) -> Markup:
    return tag("span", _MARKS[state], aria_hidden="true")


def _stages(documents: Sequence[Document]) -> Markup:
    rows = []
    for stage in STAGES:
        cells = [_stage_cell(document, stage.key) for document in documents]
        rows.append(tag("tr", tag("th", stage.title, scope="row"), *cells))
    return _table("Tests passed, of those that were to run", "stage", documents, [tag("tbody", *rows)])


def _stage_cell(document: Document, key: str) -> Markup:
    found = next((stage for stage in document["stages"] if stage["stage"] == key), None)
    ran = sum(found[name] for name in ("passed", "failed", "skipped")) if found else 0
    if found is None or not ran:
        return tag("td", _mark("not run"), " not run", class_="notrun")
    of = found["chosen"] or ran
    state = "fail" if found["failed"] or ran < of else "pass"
    words = [f"{found['passed']}/{of}"]
    words += [f"{found[name]} {name}" for name in ("failed", "skipped") if found[name]]
    words += [f"{of - ran} did not run"] if ran < of else []
    return tag("td", _mark(state), " ", ", ".join(words), class_=state)


def _table(
    caption: str, first: str, documents: Sequence[Document], bodies: Sequence[Markup], **attributes: str
) -> Markup:
    headings = [tag("th", document["backend"], scope="col") for document in documents]
    head = tag("thead", tag("tr", tag("th", first, scope="col"), *headings))
    table = tag("table", tag("caption", caption), head, *bodies, **attributes)
    return tag("div", table, class_="wide", tabindex="0", role="region", aria_label=caption)


def _legend() -> Markup:
    terms = [
        joined((tag("dt", _mark(state), f" {state}", class_=_class(state)), tag("dd", meaning)))
        for state, meaning in _MEANINGS.items()
    ]
    return joined((tag("dl", *terms, class_="legend"), tag("p", _TIMES)))


def _class(state: str) -> str:
    return state.replace(" ", "")


def _controls() -> Markup:
    """Shown by the script, which they need."""
    box = tag("input", type="search", id="filter", autocomplete="off")
    only = tag("input", type="checkbox", id="failures")
    found = tag("output", id="found", for_="filter failures")
    parts = (tag("label", "Filter: ", box), tag("label", only, " only failures"), found)
    return tag("form", *parts, id="controls", hidden=True)


def _matrix(documents: Sequence[Document]) -> Markup:
    """Functions and families in the order of the contract: those of the first document, as all have the same."""
    by_backend = [{score["name"]: score for score in document["functions"]} for document in documents]
    listed = {name: score["family"] for scores in by_backend for name, score in scores.items()}
    bodies = []
    for family, group in groupby(listed, key=lambda name: listed[name]):
        rows = [_row(name, [scores.get(name) for scores in by_backend]) for name in group]
        heading = tag("tr", tag("th", family, scope="rowgroup", colspan=str(len(documents) + 1)), class_="family")
        bodies.append(tag("tbody", heading, *rows))
    return _table("State, and time of a call in microseconds", "function", documents, bodies, id="matrix")


def _row(name: str, scores: Sequence[Document | None]) -> Markup:
    failed = any(score is not None and score["state"] == "fail" for score in scores)
    cells = [_cell(score) for score in scores]
    parts = [part for word in name.split("_") for part in (tag("wbr"), "_", word)][2:]  # a narrow column breaks there
    return tag("tr", tag("th", tag("code", *parts), scope="row"), *cells, data_failed=failed and "yes")


def _cell(score: Document | None) -> Markup:
    state = "not run" if score is None else score["state"]
    parts: list[str] = [tag("span", _mark(state), f" {state}", class_="state")]
    if score is not None and score["microseconds"] is not None:
        parts += [" ", tag("span", _number(score["microseconds"]), class_="time")]
        if score["reference"]:
            ratio = score["microseconds"] / score["reference"]
            parts.append(tag("small", f"memory {_number(score['reference'])} ({ratio:.1f} x)"))
    return tag("td", *parts, class_=_class(state))


def _number(microseconds: float) -> str:
    return f"{microseconds:.0f} µs" if microseconds >= 10 else f"{microseconds:.1f} µs"


def _failures(documents: Sequence[Document]) -> Iterator[Markup]:
    """The failures that tell most; those that are alike once."""
    if not any(document["failures"] for document in documents):
        yield tag("p", "None.")
    for document in documents:
        verdict = Verdict(document["backend"], [Result(**each) for each in document["failures"]])
        told = verdict.telling(_MOST_FAILURES)
        if not told:
            continue
        yield tag("h3", f"{verdict.backend}: {len(verdict.failures)} failed")
        yield tag("p", "A test is run again, where its name stands for ID, by ", tag("code", document["again"]))
        yield from (_failure(result, like_it) for result, like_it in told)
        left = len(verdict.failures) - sum(like_it for _, like_it in told)
        if left:
            yield tag("p", f"{left} more are in {verdict.backend}.json.")


def _failure(result: Result, like_it: int) -> Markup:
    others = f" (in {like_it} tests)" if like_it > 1 else ""
    parts = [tag("summary", tag("code", result.id), tag("span", f"{result.what}{others}", class_="what"))]
    if result.promise:
        parts.append(tag("p", tag("b", "breaks "), result.promise))
    if result.detail:
        parts.append(tag("pre", tag("code", result.detail)))
    return tag("details", *parts)


def _skips(documents: Sequence[Document]) -> Iterator[Markup]:
    for document in documents:
        lines = [tag("li", f"{count} skipped: {reason}") for reason, count in document["skips"].items()]
        yield tag("h3", document["backend"])
        yield tag("ul", *lines) if lines else tag("p", "None.")
