"""``nova-db conformance``: the suite that tells whether a backend is one."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from nova_db import exceptions
from nova_db.cli.configuration import configured
from nova_db.cli.output import tell

EXTRA: Final = "conformance"
_REQUIREMENT = re.compile(r"([\w.-]+).*;\s*extra\s*==\s*['\"](\w+)['\"]")


class Results:
    """Hears of pytest how the tests end."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.failed: dict[str, None] = {}
        self.was_interrupted = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count a test, or what went wrong before or after it."""
        if report.when == "call" or not report.passed:
            self.outcomes[report.outcome] += 1
        if report.failed:
            self.failed[report.nodeid] = None

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """Note that somebody pressed Ctrl-C; a module that cannot be collected is told here as well."""
        self.was_interrupted = excinfo.type is KeyboardInterrupt


def run(options: argparse.Namespace) -> int:
    from nova_db.loading import require_loadable

    missing = list(_missing())
    if missing:
        raise exceptions.NotSupported(
            f"The conformance suite needs {', '.join(missing)}: pip install 'nova-db[{EXTRA}]'."
        )
    from nova_db_conformance import run as run_suite

    named = configured(options)
    require_loadable(named.backend, named.connection)
    results = Results()
    # What pytest prints is for people: beside a document it goes where it is in nobody's way.
    with contextlib.redirect_stdout(sys.stderr) if options.json else contextlib.nullcontext():
        status = run_suite(named.backend, named.connection, options.arguments, plugins=[results])
    if results.was_interrupted:
        raise KeyboardInterrupt
    if status not in (0, 1):
        raise ValueError(f"the suite did not run: pytest ended with status {status}")
    options.databases = [{"backend": named.backend}]
    document = {"conforms": status == 0, "outcomes": dict(results.outcomes), "failed": list(results.failed)}
    tell(options, document, lambda: None)
    return status


def _missing() -> Iterator[str]:
    """What the extra names and is not installed."""
    for requirement in importlib.metadata.requires("nova-db") or ():
        found = _REQUIREMENT.match(requirement)
        if found is not None and found[2] == EXTRA:
            try:
                importlib.metadata.version(found[1])
            except importlib.metadata.PackageNotFoundError:
                yield found[1]
