"""``nova-db conformance``: the suite that tells whether a backend is one."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nova_db import exceptions
from nova_db.cli.configuration import configured
from nova_db.cli.output import console, tell
from nova_db.cli.streams import say

if TYPE_CHECKING:
    from nova_db_conformance.harness.verdict import Verdict

EXTRA: Final = "conformance"
_REQUIREMENT = re.compile(r"([\w.-]+).*;\s*extra\s*==\s*['\"](\w+)['\"]")


class Watcher:
    """Tells the stages as they begin, and finds at the end of a run what the suite's own plug-in has to say."""

    def __init__(self, *, tells_stages: bool = False) -> None:
        self.verdict: Verdict | None = None
        self.was_interrupted = False
        self.written: list[Path] = []
        self.problem = ""
        self._tells_stages = tells_stages
        self._stage = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Tell whoever waits which stage it is."""
        from nova_db_conformance.harness.stages import stage_named
        from nova_db_conformance.harness.verdicts import STAGE_PROPERTY

        key = dict(report.user_properties).get(STAGE_PROPERTY, "")
        if self._tells_stages and key and key != self._stage:
            self._stage = key
            say(f"stage: {stage_named(key)}")

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        """Note that somebody pressed Ctrl-C; a module that cannot be collected is told here as well."""
        self.was_interrupted = excinfo.type is KeyboardInterrupt

    def pytest_unconfigure(self, config: Any) -> None:
        """Take the verdict on the one backend."""
        report = config.pluginmanager.get_plugin("nova-db-report")
        if report is not None and (found := report.verdicts()):
            [self.verdict] = found
            self.written, self.problem = report.written, report.problem


def run(options: argparse.Namespace) -> int:
    from nova_db.loading import require_loadable

    missing = list(_missing())
    if missing:
        raise exceptions.NotSupported(
            f"The conformance suite needs {', '.join(missing)}: pip install 'nova-db[{EXTRA}]'."
        )
    if options.report is not None:
        from nova_db_conformance.harness.documents import prepare

        prepare(options.report)
    named = configured(options)
    require_loadable(named.backend, named.connection)
    status, watcher, printed = _run_suite(options, named.backend, named.connection)
    if watcher.was_interrupted:
        raise KeyboardInterrupt
    if status not in (0, 1) or watcher.verdict is None:
        say(printed)
        raise ValueError(f"the suite did not run: pytest ended with status {status}")
    options.databases = [{"backend": named.backend}]
    for path in watcher.written:
        say(f"wrote {path}")
    tell(options, _document(watcher.verdict), lambda: _tell_people(options, watcher.verdict))
    if watcher.problem:
        raise ValueError(watcher.problem)
    return status


def _run_suite(options: argparse.Namespace, backend: str, connection: str | None) -> tuple[int, Watcher, str]:
    """Run it; pytest's status, what was found, and what pytest had to say unless it was shown."""
    from nova_db_conformance import run as run_suite
    from nova_db_conformance.harness.stages import SUITE, first_modules

    hidden = io.StringIO()
    # Who gives arguments to pytest wants to see what it prints; beside a document it goes where it is in nobody's way.
    output = sys.stderr if options.json else sys.stdout if options.arguments else hidden
    runs = [_arguments(options)]
    if not (options.arguments or options.family or options.all):
        # The first stage alone is there at once, the suite takes seconds to be found.
        runs.insert(0, [*runs[0], *(f"{SUITE}.{module}" for module in first_modules())])
    status, watcher = 0, Watcher()
    for arguments in runs:
        watcher = Watcher(tells_stages=output is hidden and sys.stderr.isatty())
        with contextlib.redirect_stdout(output):
            status = run_suite(_labelled(backend, connection), connection, arguments, plugins=[watcher])
        if status != 0:
            break
    return status, watcher, hidden.getvalue()


def _arguments(options: argparse.Namespace) -> list[str]:
    """What pytest is given."""
    found = ["--nova-db-staged", "--nova-db-level", options.level]
    if options.all:
        found.append("--nova-db-all")
    if options.seed is not None:
        found += ["--nova-db-seed", str(options.seed)]
    if options.report is not None:
        found += ["--nova-db-report", str(options.report)]
    for family in options.family:
        found += ["--nova-db-family", family]
    for capability in options.require:
        found += ["--nova-db-capability", capability]
    return [*found, *options.arguments]


def _labelled(backend: str, connection: str | None) -> str:
    """The backend with what reports call it: ``sqlalchemy`` alone would be each of the servers."""
    scheme = re.match(r"(\w+)(?:\+\w+)?:", connection or "")
    name = backend.rpartition(".")[2]
    return backend if scheme is None or scheme[1] == name else f"{backend}:{name}-{scheme[1]}"


def _document(verdict: Verdict) -> dict[str, Any]:
    return {**verdict.as_data(), "failed": [result.id for result in verdict.failures]}


def _tell_people(options: argparse.Namespace, verdict: Verdict | None) -> None:
    """Print the screen, unless pytest has printed it with the rest."""
    from rich.text import Text

    from nova_db_conformance.harness.screen import drawn, width_here

    if verdict is not None and not options.arguments:
        where = "" if options.connection is None else " --connection URL"
        verdict.again = f"nova-db conformance --backend {options.databases[0]['backend']}{where} ID"
        out = console()
        for line in drawn(verdict, width_here()):
            out.print(Text(line, line.style), soft_wrap=True)


def _missing() -> Iterator[str]:
    """What the extra names and is not installed."""
    for requirement in importlib.metadata.requires("nova-db") or ():
        found = _REQUIREMENT.match(requirement)
        if found is not None and found[2] == EXTRA:
            try:
                importlib.metadata.version(found[1])
            except importlib.metadata.PackageNotFoundError:
                yield found[1]
