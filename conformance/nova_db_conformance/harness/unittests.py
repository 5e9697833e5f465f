"""The verdict at the end of ``python -m unittest``, on standard error, below what that prints."""

from __future__ import annotations

import atexit
import sys
import unittest

from nova_db_conformance.harness.documents import write_if_asked
from nova_db_conformance.harness.screen import Line, drawn, show, width_here
from nova_db_conformance.harness.texts import result_of, verdicts_of
from nova_db_conformance.harness.verdict import Outcome, Progress, Result

_found: list[tuple[str, Result]] = []
_progress: Progress = "finished"


def note(test: unittest.TestCase, result: object) -> None:
    """Keep how a test has ended, where the runner is that of unittest: others have a way of their own to tell."""
    if not isinstance(result, unittest.TextTestResult):
        return
    outcome, text = _outcome(test, result)
    found = result_of(test.id(), outcome, text)
    if found is None:
        return
    if not _found:
        atexit.register(_tell)
    _found.append(found)


def _outcome(test: unittest.TestCase, result: unittest.TextTestResult) -> tuple[Outcome, str]:
    for case, text in (*result.failures[-1:], *result.errors[-1:]):
        if case is test:
            return "failed", text
    for case, text in result.skipped[-1:]:
        if case is test:
            return "skipped", text
    return "passed", ""


def note_interruption() -> None:
    """Keep that the run does not come to its end, if it is one of unittest."""
    global _progress
    _progress = "interrupted"


def _tell() -> None:
    verdicts = verdicts_of(_found)
    for verdict in verdicts:
        verdict.progress = _progress
        show((Line(""), *drawn(verdict, width_here())), sys.stderr)
    for path in write_if_asked(verdicts):
        sys.stderr.write(f"wrote {path}\n")
