"""The verdict on one backend: what screens, documents and pages are made from, whichever runner ran the tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from nova_db_conformance.harness.stages import STAGES, SUITE, Stage, stage_named

_PLACES = {stage.key: place for place, stage in enumerate(STAGES)}

MOST_SHOWN = 10
"""How many failures a screen has."""

Outcome = Literal["passed", "failed", "skipped"]
State = Literal["pass", "fail", "unsupported", "not run"]
Progress = Literal["finished", "interrupted", "running"]


@dataclass(frozen=True, slots=True)
class Result:
    """How one test ended."""

    id: str
    """What runs it again, as the runner takes it."""
    outcome: Outcome
    stage: str = ""
    """The key of its stage; empty of a test that is not of the suite."""
    family: str = ""
    """The family whose functions it tests, if it does."""
    promise: str = ""
    """What it holds the backend to, in a sentence."""
    what: str = ""
    """What was wrong, cut to what differs; or why it was skipped."""
    primitive: str = ""
    """The method of the engine that raised, if one has that is not written yet."""
    seconds: float = 0.0
    detail: str = ""
    """All of what was wrong, where it is more than that: values as far as they differ, a program that shows it."""
    base: str = ""
    """``row store`` of an engine that has its transactions from :mod:`nova_db.engine.rows`, where that is known."""

    @property
    def function(self) -> str:
        """The function whose contract it breaks; of another promise that which it is about, which is no function."""
        return self.promise.partition(":")[0]


@dataclass(frozen=True, slots=True)
class FunctionScore:
    """How a function did."""

    name: str
    family: str
    state: State
    calls: int = 0
    """How many of its calls returned."""
    microseconds: float | None = None
    """The median of those that were timed."""
    reference: float | None = None
    """The same of the memory backend, of the same calls in the same run."""


@dataclass(slots=True)
class Score:
    """How a stage went."""

    stage: Stage
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    chosen: int | None = None
    """How many of its tests were to run, where that is known."""
    seconds: float = 0.0

    @property
    def ran(self) -> int:
        """How many tests have ended."""
        return self.passed + self.failed + self.skipped

    @property
    def is_broken(self) -> bool:
        """Whether anything failed."""
        return self.failed > 0

    @property
    def was_cut(self) -> bool:
        """Whether some of its tests did not get to run."""
        return self.chosen is not None and self.ran < self.chosen


@dataclass(slots=True)
class Verdict:
    """What a run has shown of a backend."""

    backend: str
    results: list[Result] = field(default_factory=list)
    chosen: Counter[str] = field(default_factory=Counter)
    """How many tests of each stage were to run, by its key; empty where the runner does not tell."""
    is_whole: bool = False
    """Whether all tests of the suite were to run."""
    is_staged: bool = False
    """Whether it was to end with the first stage that is broken."""
    level: str = "full"
    """``core`` where long races and recordings were left out."""
    coverage: list[str] = field(default_factory=list)
    """Lines on the functions that were called; of whole runs only."""
    gaps: int = 0
    """How many things no test has shown, where that counts as a failure."""
    functions: list[FunctionScore] = field(default_factory=list)
    """All functions of the API."""
    about: dict[str, str] = field(default_factory=dict)
    """Where it comes from: date, seed, versions, what the backend tells of its store."""
    again: str = ""
    """How a test is run again, where an ``ID`` stands for it."""
    progress: Progress = "finished"
    """Whether the run came to its end: of another one nothing passes."""

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        if self.progress == "running":
            return f"{self.backend}: the tests are still running, or were killed"
        if self.broken is not None:
            cut = ", in a run that was interrupted" if self.progress == "interrupted" else ""
            return f"{self.backend} does not conform: {self.broken.title}{cut}"
        if self.progress == "interrupted":
            return f"{self.backend}: the run was interrupted, and says nothing of what did not run"
        if not self.passes:
            reason = "not all tests ran" if self.results else "no test ran"
            return f"{self.backend} does not conform: {f'{self.gaps} gaps' if self.gaps else reason}"
        if self.is_whole:
            return f"{self.backend} conforms{'' if self.level == 'full' else f', at the level {self.level}'}"
        return f"{self.backend} passes what ran, which is a part of the suite"

    @property
    def scores(self) -> list[Score]:
        """The stages that had tests, in order."""
        found = {stage.key: Score(stage, chosen=self.chosen.get(stage.key)) for stage in STAGES}
        for result in self.results:
            score = found.get(result.stage)
            if score is not None:
                setattr(score, result.outcome, getattr(score, result.outcome) + 1)
                score.seconds += result.seconds
        broken = [place for place, score in enumerate(found.values()) if score.is_broken]
        ends = broken[0] if broken and self.is_staged else len(found)
        return [score for place, score in enumerate(found.values()) if score.ran or score.chosen or place > ends]

    @property
    def failures(self) -> list[Result]:
        """What failed, stage by stage."""
        return sorted((result for result in self.results if result.outcome == "failed"), key=_place)

    @property
    def passes(self) -> bool:
        """Whether something ran to its end, and nothing of what was to run has failed or was left out."""
        ran = self.progress == "finished" and any(result.outcome == "passed" for result in self.results)
        return ran and not self.failures and not self.gaps and not any(score.was_cut for score in self.scores)

    @property
    def conforms(self) -> bool:
        """Whether the backend has passed all tests of the suite."""
        return self.is_whole and self.passes

    @property
    def broken(self) -> Stage | None:
        """The first stage in which something failed."""
        failures = self.failures
        return stage_named(failures[0].stage) if failures and failures[0].stage else None

    @property
    def to_write(self) -> list[str]:
        """What to write next: the methods of the engine that are not written, and that the broken stage came upon."""
        if self.broken is None:
            return []
        missing = {result.primitive for result in self.failures if result.stage == self.broken.key and result.primitive}
        ordered = dict.fromkeys(name for stage in STAGES for name in stage.primitives)
        return [*(name for name in ordered if name in missing), *sorted(missing - ordered.keys())]

    @property
    def skips(self) -> Counter[str]:
        """Reasons for which tests were skipped, with how many."""
        return Counter(result.what for result in self.results if result.outcome == "skipped")

    def telling(self, most: int = MOST_SHOWN) -> list[tuple[Result, int]]:
        """The failures that tell most, each with how many are like it: of the first stages, and of all promises."""
        alike = Counter((result.stage, result.promise, result.what) for result in self.failures)
        seen: Counter[tuple[int, str]] = Counter()
        ranked: list[tuple[int, int, Result, int]] = []
        for result in self.failures:
            like_it = alike.pop((result.stage, result.promise, result.what), 0)
            if like_it:
                place = _place(result)
                ranked.append((place, seen[place, result.promise], result, like_it))
                seen[place, result.promise] += 1
        ranked.sort(key=lambda each: each[:2])
        return [(result, like_it) for _, _, result, like_it in ranked[:most]]

    def as_data(self) -> dict[str, Any]:
        """The verdict as plain data, for a document."""
        outcomes = Counter(result.outcome for result in self.results)
        return {
            "suite": SUITE,
            "backend": self.backend,
            "headline": self.headline,
            "state": self.progress,
            "about": self.about,
            "conforms": self.conforms,
            "passes": self.passes,
            "is_whole": self.is_whole,
            "level": self.level,
            "outcomes": dict(outcomes),
            "stages": [_score_as_data(score) for score in self.scores],
            "broken": self.broken.key if self.broken else None,
            "to_write": self.to_write,
            "again": self.again,
            "failures": [asdict(result) for result in self.failures],
            "skips": dict(self.skips.most_common()),
            "coverage": self.coverage,
            "functions": [asdict(score) for score in self.functions],
        }


def merged(results: Iterable[Result]) -> list[Result]:
    """One result a test: what went wrong before or after it counts more than how it went itself."""
    found: dict[str, Result] = {}
    weights = {"passed": 0, "skipped": 1, "failed": 2}
    for result in results:
        known = found.get(result.id)
        if known is None or weights[result.outcome] > weights[known.outcome]:
            found[result.id] = result
    return list(found.values())


def _place(result: Result) -> int:
    """Where its stage comes; tests that are not of the suite come last."""
    return _PLACES.get(result.stage, len(_PLACES))


def _score_as_data(score: Score) -> dict[str, Any]:
    counts = {name: getattr(score, name) for name in ("passed", "failed", "skipped", "chosen")}
    return {"stage": score.stage.key, "title": score.stage.title, **counts, "seconds": round(score.seconds, 3)}
