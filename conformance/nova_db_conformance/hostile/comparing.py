"""Making hostile calls on a backend and on the memory backend, and comparing what they answer and store."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any
from unittest import mock

from nova_db.api import load_backend
from nova_db.operations.running.retries import Retries
from nova_db_conformance.harness.failures import dump
from nova_db_conformance.harness.hangs import beat
from nova_db_conformance.hostile.calls import Call, call
from nova_db_conformance.hostile.judging import Finding, Outcome, faults
from nova_db_conformance.hostile.telling import plain
from nova_db_conformance.hostile.watching import WatchedEngine
from nova_db_conformance.hostile.world import NOW, restore

BATCH = 200
"""How many calls are made on the same rows, before all are compared."""
_LONGEST = 1500
_KEEPS_ON_ERROR = frozenset({"quota_reserve", "archive_deleted_rows"})
"""Functions that promise to keep something of what they did when they raise."""


class Lane:
    """One database on which calls are made."""

    def __init__(self, label: str, driver: Any) -> None:
        self.label = label
        self.driver = driver
        self.watched = WatchedEngine(driver.engine)

    def restore(self) -> None:
        """Have it hold the world's rows."""
        restore(self.driver.engine)

    def content(self) -> Any:
        """All rows."""
        return {table: [plain(row) for row in rows] for table, rows in dump(self.driver.engine).items()}

    def make(self, seed: int, number: int) -> Outcome:
        """Make a call."""
        made = call(seed, number)
        before = plain(list(made.arguments.values())) if _is_cheap(made) else None
        outcome = Outcome(made)
        _uuids.seed(number)
        engine, self.driver.engine = self.driver.engine, self.watched.begin()
        try:
            outcome.result = made.on(self.driver)
        except Exception as error:  # noqa: BLE001 - every error is an answer
            outcome.error = error
        finally:
            self.driver.engine = engine
        outcome.commits, outcome.open = self.watched.commits, self.watched.open
        self.watched.end()
        if before is not None and before != plain(list(made.arguments.values())):
            outcome.changed = True
        return outcome


def _is_cheap(made: Call) -> bool:
    return all(type(value) in (dict, list, str, int) for value in made.arguments.values())


class Comparison:
    """Makes the calls of a seed on a backend and on the memory backend."""

    def __init__(self, label: str, driver: Any, seed: int) -> None:
        self.seed = seed
        self.counts: Counter[str] = Counter()
        """Outcome to how many calls ended so."""
        self.functions: Counter[str] = Counter()
        """Function to how many calls of it succeeded."""
        self._lane = Lane(label, driver)
        self._reference = Lane("memory", load_backend("memory", None))

    def run(self, numbers: Sequence[int], progress: Callable[[int], object] = lambda done: None) -> Iterator[Finding]:
        """Make calls; what is wrong with them."""
        with surroundings(self._lane.driver):
            done = 0
            while done < len(numbers):  # ends, as each batch makes one call at least
                batch = numbers[done : done + BATCH]
                made, findings = self._batch(batch)
                done += made
                yield from findings
                progress(done)

    def _batch(self, numbers: Sequence[int]) -> tuple[int, list[Finding]]:
        """Make calls until one that writes is wrong; how many were made, and what is wrong with them."""
        self._restore()
        findings: list[Finding] = []
        for place, number in enumerate(numbers):
            found, may_differ = self._one(number, numbers[:place])
            findings += found
            if may_differ:
                return place + 1, findings
        if self._lane.content() != self._reference.content():
            findings.append(self._culprit(numbers))
        return len(numbers), findings

    def _restore(self) -> None:
        self._lane.restore()
        self._reference.restore()

    def _one(self, number: int, before: Sequence[int]) -> tuple[list[Finding], bool]:
        """Make a call; what is wrong with it, and whether the rows may differ for that."""
        beat()
        expected = self._reference.make(self.seed, number)
        outcome = self._lane.make(self.seed, number)
        self.counts[outcome.kind] += 1
        if outcome.error is None:
            self.functions[outcome.call.function] += 1
        found = faults(outcome)
        one, other = expected.plain(), outcome.plain()
        if one != other and not found:
            what = f"{expected.kind} in memory, {outcome.kind} here"
            if expected.kind == outcome.kind:
                what = (
                    f"another {outcome.kind} than in memory"
                    if outcome.error is None
                    else f"another payload of {outcome.kind}"
                )
            found.append((what, _difference(expected, outcome, one, other)))
        if outcome.changed:
            found.append(("arguments were changed", outcome.told()))
        if outcome.error is not None and outcome.commits and outcome.call.function not in _KEEPS_ON_ERROR:
            kept = self._kept(number, before)
            if kept:
                found.append(("something is stored although it raised", f"{outcome.told()}; {kept}"))
        may_differ = bool(found) and bool(outcome.commits or expected.commits or outcome.open)
        return [self._finding(outcome.call, kind, detail) for kind, detail in found], may_differ

    def _finding(self, made: Call, kind: str, detail: str) -> Finding:
        return Finding(self.seed, made.number, self._lane.label, kind, str(made), ", ".join(made.hostile), detail)

    def _kept(self, number: int, before: Sequence[int]) -> str | None:
        """What a call that raised has left behind."""
        self._lane.restore()
        for each in before:
            self._lane.make(self.seed, each)
        was = self._lane.content()
        self._lane.make(self.seed, number)
        now = self._lane.content()
        return None if was == now else _changed_rows(was, now)

    def _culprit(self, numbers: Sequence[int]) -> Finding:
        """The first call after which the rows differ, found by halving."""
        low, high = 0, len(numbers)
        while high - low > 1:
            middle = (low + high) // 2
            if self._differs_after(numbers[:middle]):
                high = middle
            else:
                low = middle
        detail = self._differs_after(numbers[:high]) or "not when made again"
        return self._finding(call(self.seed, numbers[high - 1]), "other rows than in memory", detail)

    def _differs_after(self, numbers: Sequence[int]) -> str | None:
        self._restore()
        for number in numbers:
            self._lane.make(self.seed, number)
            self._reference.make(self.seed, number)
        here, there = self._lane.content(), self._reference.content()
        return None if here == there else _changed_rows(there, here)


def _changed_rows(was: Any, now: Any) -> str:
    tables = [table for table in {**was, **now} if was.get(table) != now.get(table)]
    old, new = was.get(tables[0], []), now.get(tables[0], [])
    gone, come = [row for row in old if row not in new], [row for row in new if row not in old]
    return f"{tables}: {gone[:1]} of {tables[0]} became {come[:1]}"[:_LONGEST]


def _difference(expected: Outcome, outcome: Outcome, one: Any, other: Any) -> str:
    from nova_db_conformance.harness.checking import difference

    return f"in memory it {expected.told()}; here it {outcome.told()}; {str(difference(one, other))[:300]}"


_uuids = Random()


def _made_up_uuid() -> uuid.UUID:
    return uuid.UUID(int=_uuids.getrandbits(128), version=4)


def _never_again(self: Retries, error: Exception, **_: Any) -> Any:
    raise error


class _Formatting(logging.Handler):
    """Makes the text of each record, as a handler of an application does, and drops it."""

    def emit(self, record: logging.LogRecord) -> None:
        record.getMessage()


@contextlib.contextmanager
def surroundings(driver: Any) -> Iterator[None]:
    """Stop the clock, have uuids repeat, run nothing again, and format what is logged."""
    package = type(driver).__module__.partition(".")[0]
    loggers = [logging.getLogger(name) for name in {"nova_db", "nova_db_memory", package}]
    handler = _Formatting()
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch("oslo_utils.timeutils.utcnow", return_value=NOW))
        stack.enter_context(mock.patch("uuid.uuid4", _made_up_uuid))
        stack.enter_context(mock.patch.object(Retries, "after", _never_again))
        for logger in loggers:
            logger.addHandler(handler)
            stack.callback(logger.removeHandler, handler)
            stack.callback(setattr, logger, "propagate", logger.propagate)
            logger.propagate = False
        yield
