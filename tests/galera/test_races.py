"""The racing cases of the suite, with the threads of each race spread over the nodes of the cluster."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

import nova_db_conformance
from nova_db_conformance.harness import races
from nova_db_conformance.harness.base import BackendTestCase

ROUNDS = 4
"""Of a race that leaves open how many it has, and of one that has as many as its module says."""
_SUITE = nova_db_conformance.__name__
_ANOMALIES = f"{_SUITE}.isolation."
"""These are spread in their own way, by `test_anomalies`."""
_RACE = re.compile(r"\braces?\(")
_LONG = frozenset({"test_4096_addresses_go_to_4096_callers_on_16_threads_and_none_to_whoever_comes_after"})
"""Left out, as it takes a minute: the same is done with 512 floating addresses, and by the load of `test_load`."""


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(nova_db_conformance.__path__, f"{_SUITE}."):
        if found.name.rpartition(".")[2].startswith("test_") and not found.name.startswith(_ANOMALIES):
            yield importlib.import_module(found.name)


def _racing(module: ModuleType) -> Iterator[tuple[str, type]]:
    """The test classes of a module, left with those of their cases that are races, under names that tell the module."""
    family = re.sub(r"\.test_|[._]", " ", module.__name__.removeprefix(f"{_SUITE}.")).title().replace(" ", "")
    for name, case in vars(module).items():
        if not isinstance(case, type) or not issubclass(case, BackendTestCase) or case.__module__ != module.__name__:
            continue
        tests = {each: getattr(case, each) for each in dir(case) if each.startswith("test_")}
        others = {
            each: None for each, test in tests.items() if each in _LONG or not _RACE.search(inspect.getsource(test))
        }
        if len(others) < len(tests):
            yield f"Test{family}{name.removeprefix('Test')}", type(name, (case,), others)


MODULES = tuple(_modules())
for each in MODULES:
    globals().update(_racing(each))


@pytest.fixture(autouse=True, scope="module")
def _few_rounds() -> Iterator[None]:
    """Let races have few rounds, as three servers do the work; those that count their rounds stay as they are."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(races, "_default_rounds", ROUNDS)
        for module in MODULES:
            if hasattr(module, "ROUNDS"):
                patched.setattr(module, "ROUNDS", ROUNDS)
        yield
