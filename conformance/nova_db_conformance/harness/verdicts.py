"""The verdicts of a run of pytest, one a backend: kept in the process that prints the summary, of all its workers."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nova_db_conformance.harness.stages import SUITE, stage_of
from nova_db_conformance.harness.verdict import Result, Verdict, merged

if TYPE_CHECKING:
    from nova_db_conformance.harness.base import BackendTestCase

BACKEND_PROPERTY = "nova_db_backend"
"""The user property of a test that tells on which backend it ran."""

STAGE_PROPERTY = "nova_db_stage"
"""The one that tells to which stage it belongs."""

FAMILY_PROPERTY = "nova_db_family"
"""The one that tells which family's functions it tests, if it does."""

_FAILURE = ("id", "promise", "primitive", "what", "detail", "base")
_PREFIX = "nova_db_"
_KEY = "nova_db_chosen"


class Verdicts:
    """Collects what becomes of the tests of the suite."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._found: dict[str, list[Result]] = {}
        self._chosen: dict[str, Counter[str]] = {}
        self._has_left_out = any("::" in arg for arg in config.args)
        self._has_all_modules = self._is_whole = False

    @property
    def is_whole(self) -> bool:
        """Whether all tests of the suite were to run."""
        return self._is_whole

    @property
    def has_any(self) -> bool:
        """Whether any test of the suite has ended."""
        return bool(self._found)

    @property
    def has_chosen(self) -> bool:
        """Whether any test of the suite is to run, as far as this process has seen."""
        return bool(self._chosen)

    def verdict(self, label: str) -> Verdict:
        """The verdict on one backend; of one without tests it has no results."""
        results = merged(self._found.get(label, []))
        chosen, is_staged = self._chosen.get(label, Counter()), self._config.option.nova_db_staged
        is_staged = is_staged and not self._config.option.nova_db_all
        return Verdict(label, results, chosen, self._is_whole, is_staged, self._config.option.nova_db_level)

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note that the run is a part of the suite."""
        self._has_left_out = self._has_left_out or bool(items)

    @pytest.hookimpl(tryfirst=True)  # before tests are left out, by whatever
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """See whether all modules were looked at."""
        classes = [found for item in items if (found := class_of(item)) is not None]
        self._has_all_modules = {test_class.__module__ for test_class in classes} >= _all_modules()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count what is to run, stage by stage."""
        for item in session.items:
            test_class = class_of(item)
            stage = stage_of(test_class, item.name) if test_class is not None else None
            if test_class is None or stage is None:
                continue
            self._chosen.setdefault(test_class.backend.label, Counter())[stage.key] += 1
        self._is_whole = self._has_all_modules and not self._has_left_out

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say with a failure what it breaks, while the error is at hand; reports of workers take that along."""
        report = yield
        test_class = class_of(item)
        if test_class is not None and report.failed and call.excinfo is not None:
            from nova_db_conformance.harness.causes import told

            found = {"id": id_of(item, test_class), **told(test_class, call.excinfo.value)}
            # The report's own list: that of the item would show in the reports of what comes after it.
            report.user_properties = [*report.user_properties, *((_PREFIX + key, found[key]) for key in _FAILURE)]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep how a test ended, or what went wrong before or after it."""
        properties: dict[str, Any] = dict(report.user_properties)
        label = properties.get(BACKEND_PROPERTY)
        if not isinstance(label, str) or (report.when != "call" and report.passed):
            return
        told = {key: str(properties.get(_PREFIX + key, "")) for key in _FAILURE}
        if report.skipped and isinstance(report.longrepr, tuple):
            from nova_db.exceptions.redaction import without_secrets

            told["what"] = without_secrets(str(report.longrepr[2]).removeprefix("Skipped: "))
        told["id"] = told["id"] or report.nodeid
        stage = str(properties.get(STAGE_PROPERTY, ""))
        family = str(properties.get(FAMILY_PROPERTY, ""))
        result = Result(outcome=report.outcome, stage=stage, family=family, seconds=report.duration, **told)
        self._found.setdefault(label, []).append(result)

    def pytest_sessionfinish(self) -> None:
        """Tell the process that prints what was to run; all workers have collected the same."""
        if hasattr(self._config, "workeroutput"):
            chosen = {label: dict(counts) for label, counts in self._chosen.items()}
            self._config.workeroutput[_KEY] = [self._is_whole, chosen]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """See on which backends a worker of pytest-xdist is to run anything; how much, it tells at its end."""
        from nova_db_conformance.harness.scenarios import selected_backends

        # Where the suite is outside of pytest's root, its ids begin without a path.
        of_suite = [each for each in ids if each.startswith("::") or f"{SUITE}/" in each.partition("::")[0]]
        for label in [backend.label for backend in selected_backends()]:
            if any(f"@{label}::" in each for each in of_suite):
                self._chosen.setdefault(label, Counter())

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of pytest-xdist was to run."""
        sent = getattr(node, "workeroutput", {}).get(_KEY)
        if sent:
            self._is_whole, chosen = sent
            self._chosen = {label: Counter(counts) for label, counts in chosen.items()}


def class_of(item: pytest.Item) -> type[BackendTestCase] | None:
    """The class of a test, if it is made with the suite."""
    base = sys.modules.get("nova_db_conformance.harness.base")
    found = getattr(item, "cls", None)
    is_ours = base is not None and isinstance(found, type) and issubclass(found, base.BackendTestCase)
    return found if is_ours else None


def id_of(item: pytest.Item, test_class: type) -> str:
    """What runs a test again, wherever the suite is installed; pytest takes it after ``--pyargs``."""
    module = test_class.__module__
    if not module.startswith(f"{SUITE}."):
        return item.nodeid
    return f"{module}::{item.nodeid.partition('::')[2]}"


def _all_modules() -> set[str]:
    """The names of all modules of tests of the suite."""
    folder = Path(__file__).parents[1]
    paths = (path.relative_to(folder).with_suffix("") for path in folder.rglob("test_*.py"))
    return {".".join((SUITE, *path.parts)) for path in paths}
