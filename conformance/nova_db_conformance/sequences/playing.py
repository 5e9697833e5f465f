"""Taking steps on two databases, and telling where they differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any

from nova_db import offers
from nova_db.api import load_backend
from nova_db.engine import Row
from nova_db_conformance.harness.coverage import CALLS
from nova_db_conformance.harness.failures import dump, rows_of
from nova_db_conformance.harness.hangs import beat
from nova_db_conformance.sequences.again import told_error
from nova_db_conformance.sequences.comparing import Comparison
from nova_db_conformance.sequences.lanes import Answer, Lane, surroundings
from nova_db_conformance.sequences.rows import Rows
from nova_db_conformance.sequences.snippet import snippet
from nova_db_conformance.sequences.steps import Advance, Begin, Call, End, Step, made_in, resolved

REFERENCE = "memory"
_MOST_SHOWN = 2000
_NUMBERS = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Bench:
    """What a backend is tried on: its driver, on a database that ``empty`` empties."""

    name: str
    """As the suite takes it."""
    driver: Any
    empty: Callable[[], None]
    counts: Counter[str] = field(default_factory=Counter)
    """How many calls of each function have succeeded, and how many ``calls`` were made."""


class Different(AssertionError):
    """The backend does not answer as the reference does."""

    def __init__(self, what: str, answers: Sequence[str], table: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.answers = answers
        self.table = table
        """What rows differ in, where no answer does."""
        self.steps: list[Step | None] = []
        """The steps; None in place of those that were found not to matter."""

    @property
    def place(self) -> str:
        """The function whose answers differ, or the table, and in which column or attribute."""
        return _NUMBERS.sub("", self.what.partition(":")[0])

    def program(self, bench: Bench) -> str:
        """What shows the difference."""
        what = f"{self.what} ({REFERENCE} there, {bench.name} here)"
        return snippet(self.steps, (REFERENCE, bench.name), what, self.answers, self.table)


class Play:
    """A sequence in progress: both databases are empty when it begins."""

    def __init__(self, bench: Bench) -> None:
        bench.empty()
        self.bench = bench
        self.rows = Rows(self._stored)
        """What is known for arguments of further calls."""
        self.steps: list[Step | None] = []
        self._reference = Lane(load_backend(REFERENCE, None))
        self._other = Lane(bench.driver)
        self._comparison = Comparison()
        self._kept: list[tuple[Rows, AbstractContextManager[Any], Any]] = []
        self._stack = ExitStack()
        self._clock = self._stack.enter_context(surroundings())

    @property
    def depth(self) -> int:
        """How many transactions are open."""
        return len(self._kept)

    def _stored(self, table: str) -> list[Row]:
        """The rows of a table, with the columns in which both databases agree; none within a transaction."""
        engines = [offers.engine_of(lane.driver) for lane in (self._reference, self._other)]
        if self._kept or None in engines:
            return []
        there, here = (rows_of(engine, table)[table] for engine in engines)
        if len(there) != len(here):
            return []  # they differ, and finish() tells
        return [
            {column: value for column, value in mine.items() if theirs[column] == value}
            for mine, theirs in zip(there, here, strict=True)
        ]

    def take(self, step: Step | None) -> None:
        """Take a step.

        :raises Different: the two do not answer alike.
        """
        beat()
        CALLS.last = step.function if isinstance(step, Call) else None
        self.steps.append(step)
        if isinstance(step, Begin):
            trial = self._comparison.identities.trial()
            self._kept.append((self.rows.copy(), trial, trial.__enter__()))
        if isinstance(step, Advance):
            self._clock.advance(step.seconds)
        # Blocks of two drivers nest, so what began last ends first.
        lanes = (self._other, self._reference) if isinstance(step, End) else (self._reference, self._other)
        answers = {lane: lane.make(step) for lane in lanes}
        if isinstance(step, End):
            self._ended(step)
        self._judge(step, answers[self._reference], answers[self._other])

    def _ended(self, step: End) -> None:
        rows, trial, attempt = self._kept.pop()
        if step.commits:
            attempt.keep()
        else:  # ids that were made may come again
            self.rows = rows
        trial.__exit__(None, None, None)

    def _judge(self, step: Step | None, expected: Answer, found: Answer) -> None:
        if isinstance(step, Call):
            self.bench.counts["calls"] += 1
            self.bench.counts[step.function] += expected.error is None
        what = self._difference(step, expected, found)
        if what:
            self._fail(Different(what, [_told(expected), _told(found)]))
        if expected.error is None:
            self.rows.learn(len(self.steps) - 1, expected.result, found.result)

    def _difference(self, step: Step | None, expected: Answer, found: Answer) -> str | None:
        where = step.function if isinstance(step, Call) else "transaction"
        if expected.error is None and found.error is None:
            return self._comparison.answers(expected.result, found.result, where)
        if expected.error is None or found.error is None:
            return f"{where}: {_kind(expected)} there, {_kind(found)} here"
        made = made_in(step.arguments) if isinstance(step, Call) else []
        pairs = [(resolved(each, self._reference.answers), resolved(each, self._other.answers)) for each in made]
        difference = self._comparison.errors(expected.error, found.error, pairs)
        return f"{where}: {difference}" if difference else None

    def _fail(self, different: Different) -> None:
        different.steps = list(self.steps)
        raise different

    def close(self) -> None:
        """End what is open, without judging it."""
        self.steps = []
        for lane in (self._other, self._reference):
            lane.close()
        self._stack.close()

    def finish(self) -> None:
        """End what is open, and compare all rows.

        :raises Different: there are others than in the reference.
        """
        while self._kept:  # ends, as each turn takes one
            self.take(End(commits=False))
        engines = [offers.engine_of(lane.driver) for lane in (self._reference, self._other)]
        if None in engines:
            return
        there, here = map(dump, engines)
        for table in sorted({*there, *here}):
            rows = there.get(table, []), here.get(table, [])
            what = self._comparison.answers(*rows, f"rows of {table}")
            if what:
                self._fail(Different(what, [str(some)[:_MOST_SHOWN] for some in rows], table))


def _kind(answer: Answer) -> str:
    return "a result" if answer.error is None else type(answer.error).__name__


def _told(answer: Answer) -> str:
    told = repr(answer.result) if answer.error is None else told_error(answer.error)
    return told.replace("\n", " ")[:_MOST_SHOWN]
