"""What runs must never show among themselves, with their threads spread over the nodes of the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from nova_db_conformance.harness.base import BackendTestCase
from nova_db_conformance.isolation import test_among_runs, test_fairness
from tests.galera import spread


def _cases(module: ModuleType) -> Iterator[tuple[str, type]]:
    for name, case in vars(module).items():
        if isinstance(case, type) and issubclass(case, BackendTestCase) and case.__module__ == module.__name__:
            yield name, type(name, (case,), {})


for each in (test_among_runs, test_fairness):
    globals().update(_cases(each))


@pytest.fixture(autouse=True, scope="module")
def _any_thread() -> Iterator[None]:
    """Spread all threads that a test starts, by the numbers in their names."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(spread, "_RACER", re.compile(r"\D*(\d+).*"))
        yield
