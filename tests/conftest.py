"""What holds for all tests of this repository."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from nova_db.engine import guards

LONG = (
    *("tests/cli/test_demo.py", "tests/migrations/test_at_once.py", "tests/migrations/test_new_column.py"),
    *("tests/migrations/test_later_revisions.py", "tests/upkeep/test_residue.py", "tests/memory/test_fork.py"),
    *(
        "tests/migrations/test_interrupted_creation.py",
        "tests/cli/test_conformance.py",
        "tests/sqlalchemy/test_fork.py",
    ),
    *("tests/moving/test_copying.py", "tests/secrets/test_scan.py", "tests/cli/test_new_backend.py"),
    *("tests/migrations/test_new_revision.py", "tests/sqlalchemy/test_mariadb_settings.py"),
    "tests/benchmarks/test_run.py",
    *("tests/docs/test_backend_authors.py", "tests/suite/test_report.py", "tests/suite/test_options.py"),
    "conformance/nova_db_conformance/recordings/test_recordings.py",
    "conformance/nova_db_conformance/engine/test_many_values.py",
    "conformance/nova_db_conformance/sequences/test_sequences.py",
)
"""Modules of few tests that take long: what comes last is waited for, by workers that have nothing left to do."""


@pytest.fixture(scope="session", autouse=True)
def watched() -> Iterator[None]:
    """Check what engines take on trust, in whatever is called."""
    with guards.enforced():
        yield


def pytest_configure(config: pytest.Config) -> None:
    """Have an interruption end what tests start, too: where a shell runs us in the background, we are to ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as nohup has it
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long."""
    places = {config.rootpath / module: place for place, module in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
