"""``nova-db conformance``: the suite that tells whether a backend is one."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import io
import itertools
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nova_db import exceptions
from nova_db.cli.configuration import Named, configured
from nova_db.cli.output import console, tell
from nova_db.cli.streams import say
from nova_db.exceptions.redaction import without_secrets

if TYPE_CHECKING:
    from nova_db_conformance.harness.verdict import Verdict

EXTRA: Final = "conformance"
_IDS: Final = (
    "an ID is printed with each failure, such as "
    "nova_db_conformance.engine.test_loads::TestDeclared@BACKEND::test_the_engine_tells_of_itself; "
    "-- -k WORD picks by words"
)
_NO_TESTS: Final = 5
"""What pytest ends with where it finds no test."""
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
    named = configured(options)
    say(_described(named))
    _check(options)
    require_loadable(named.backend, named.connection)
    status, watcher, printed = _run_suite(options, named.backend, named.connection)
    if watcher.was_interrupted:
        raise KeyboardInterrupt
    if status == _NO_TESTS:
        raise ValueError(f"no test of the suite is meant by {' '.join(options.arguments) or 'these options'}: {_IDS}")
    if status not in (0, 1) or watcher.verdict is None:
        if printed.strip():
            say(printed.strip())
        raise ValueError(f"the suite did not run: pytest ended with status {status}{_about_ids(options.arguments)}")
    options.databases = [{"backend": named.backend}]
    for path in watcher.written:
        say(f"wrote {path}")
    tell(options, _document(watcher.verdict), lambda: _tell_people(options, watcher.verdict))
    if watcher.problem:
        raise ValueError(watcher.problem)
    return status


def _described(named: Named) -> str:
    """What a run is of, and where, without secrets."""
    where = f" beside {without_secrets(named.connection)}" if named.connection else ""
    source = f", from {named.source}" if named.source else ""
    return f"on databases of its own{where}: the conformance suite, backend {named.backend}{source}"


def _check(options: argparse.Namespace) -> None:
    """Refuse, by the option, what the suite would refuse.

    :raises ValueError: so it is.
    """
    from nova_db_conformance.harness.documents import prepare
    from nova_db_conformance.harness.staging import capabilities_named, check_families

    for option, check, given in (
        ("--require", capabilities_named, options.require),
        ("--family", check_families, options.family),
        ("--report", prepare, options.report),
    ):
        try:
            if given:
                check(given)
        except ValueError as error:
            raise ValueError(f"{option}: {error}") from None
    for word in _ids(options.arguments):
        if not Path(word.partition("::")[0]).exists() and not _is_of_suite(word):
            raise ValueError(f"there is no test {word!r}: {_IDS}")


def _ids(arguments: Sequence[str]) -> list[str]:
    """The words that stand before any option of pytest, which are what is to run."""
    return list(itertools.takewhile(lambda word: not word.startswith("-"), arguments))


def _about_ids(arguments: Sequence[str]) -> str:
    """What to look at where tests were named."""
    return f"; is there a test {' '.join(_ids(arguments))}? {_IDS}" if _ids(arguments) else ""


def _is_of_suite(word: str) -> bool:
    """Whether a word names a module of the suite that there is."""
    from nova_db_conformance.harness.stages import SUITE

    module = word.partition("::")[0]
    with contextlib.suppress(ImportError, ValueError):
        return module.partition(".")[0] == SUITE and importlib.util.find_spec(module) is not None
    return False


def _run_suite(options: argparse.Namespace, backend: str, connection: str | None) -> tuple[int, Watcher, str]:
    """Run it; pytest's status, what was found, and what pytest had to say unless it was shown."""
    from nova_db_conformance import run as run_suite
    from nova_db_conformance.harness.stages import SUITE, first_modules

    hidden = io.StringIO()
    # Who gives arguments to pytest wants to see what it prints; beside a document it goes where it is in nobody's way.
    output = sys.stderr if options.json else sys.stdout if options.arguments else hidden
    runs = [_arguments(options, backend)]
    if not (options.arguments or options.family or options.all):
        # The first stage alone is there at once, the suite takes seconds to be found.
        runs.insert(0, [*runs[0], "--nova-db-goes-on", *(f"{SUITE}.{module}" for module in first_modules())])
    status, watcher = 0, Watcher()
    for arguments in runs:
        watcher = Watcher(tells_stages=output is hidden and sys.stderr.isatty())
        with contextlib.redirect_stdout(output):
            status = run_suite(_labelled(backend, connection), connection, arguments, plugins=[watcher])
        if status != 0:
            break
    return status, watcher, hidden.getvalue()


def _again(options: argparse.Namespace, backend: str) -> str:
    """How a test is run again, in the command's own form."""
    files = "".join(f" --config-file {shlex.quote(file)}" for file in options.config_file or ())
    where = "" if options.connection is None else " --connection URL"
    return f"nova-db conformance --backend {backend}{where}{files} ID"


def _arguments(options: argparse.Namespace, backend: str) -> list[str]:
    """What pytest is given."""
    found = ["--nova-db-staged", "--nova-db-level", options.level, "--nova-db-again", _again(options, backend)]
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
