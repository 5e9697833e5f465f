"""The verdict on what stestr has run, or another runner that speaks subunit.

::

    stestr last --subunit | python -m nova_db_conformance.verdict

It ends with the status 1 where something failed, or nothing ran. With the environment variable ``NOVA_DB_REPORT`` it
writes a report into the folder that this names, as the other runners do; set it for the tests, too, so that their
processes measure the memory backend beside theirs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from nova_db_conformance.harness.coverage import CALLS, CALLS_DETAIL
from nova_db_conformance.harness.documents import write_if_asked
from nova_db_conformance.harness.screen import drawn, show, width_here
from nova_db_conformance.harness.texts import result_of, verdicts_of
from nova_db_conformance.harness.verdict import Outcome, Result

_OUTCOMES: Final[dict[str, Outcome]] = {"success": "passed", "fail": "failed", "skip": "skipped", "xfail": "passed"}


def main(stream: BinaryIO | None = None) -> int:
    """Read a stream of subunit, and print a screen for each backend."""
    try:
        import subunit  # type: ignore[import-untyped] # installed with stestr
    except ImportError:
        sys.stderr.write("python-subunit is not installed, which stestr would bring along: pip install stestr\n")
        return 2
    verdicts = verdicts_of(_results(subunit, stream or sys.stdin.buffer))
    for verdict in verdicts:
        show(drawn(verdict, width_here()), sys.stdout)
    for path in write_if_asked(verdicts):
        sys.stdout.write(f"wrote {path}\n")
    if not verdicts:
        sys.stdout.write("no test of the suite ran\n")
    return 0 if verdicts and all(verdict.passes for verdict in verdicts) else 1


def _results(subunit: Any, stream: BinaryIO) -> Iterator[tuple[str, Result]]:
    from testtools import StreamToDict

    tests: list[Any] = []
    result = StreamToDict(tests.append)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(stream, non_subunit_name="stdout").run(result)
    result.stopTestRun()
    for test in tests:
        if test["status"] == "exists":  # it is only announced
            continue
        outcome = _OUTCOMES.get(test["status"], "failed")
        details = test["details"]
        calls = details.pop(CALLS_DETAIL, None)
        if calls is not None:
            CALLS.merge(json.loads(b"".join(calls.iter_bytes())))
        text = "\n".join(each.as_text() for each in details.values())
        if test["status"] == "inprogress":
            text += "\nit began and did not end"
        began, ended = test["timestamps"]
        seconds = (ended - began).total_seconds() if began and ended else 0.0
        found = result_of(test["id"], outcome, text.strip(), seconds)
        if found is not None:
            yield found


if __name__ == "__main__":
    sys.exit(main())
