"""The racing cases of the suite, with the threads of each race spread over the nodes of the cluster."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from nova_db_conformance import (
    races,
    test_aggregates_races,
    test_fixed_ips_races,
    test_flavors_races,
    test_floating_ips_races,
    test_instance_metadata_races,
    test_instances_destroy,
    test_instances_races,
    test_instances_states,
    test_networks_races,
    test_reservations_races,
    test_security_groups_races,
    test_task_log,
)

ROUNDS = 8
"""Of each race; fewer than elsewhere, as each has to do with three servers."""
MODULES: tuple[ModuleType, ...] = (
    test_aggregates_races,
    test_fixed_ips_races,
    test_flavors_races,
    test_floating_ips_races,
    test_instance_metadata_races,
    test_instances_destroy,
    test_instances_races,
    test_instances_states,
    test_networks_races,
    test_reservations_races,
    test_security_groups_races,
    test_task_log,
)


def _races(module: ModuleType) -> dict[str, type]:
    """The classes of a module that have races, under names that tell the module."""
    family = module.__name__.rpartition(".test_")[2].removesuffix("_races").title().replace("_", "")
    own = {name: value for name, value in vars(module).items() if name.startswith("Test") and isinstance(value, type)}
    found = {name: value for name, value in own.items() if "race(" in inspect.getsource(value)}
    return {f"Test{family}{name.removeprefix('Test')}": value for name, value in found.items()}


for each in MODULES:
    globals().update(_races(each))


@pytest.fixture(autouse=True, scope="module")
def _few_rounds() -> Iterator[None]:
    """Let a race that has many rounds have few; those of many threads stay as they are, as they drain something."""

    def race(*arguments: Any, **options: Any) -> Any:
        if "threads" not in options:
            options["rounds"] = min(options.get("rounds") or ROUNDS, ROUNDS)
        return races.race(*arguments, **options)

    with pytest.MonkeyPatch.context() as patched:
        for module in MODULES:
            patched.setattr(module, "race", race)
            if hasattr(module, "ROUNDS"):
                patched.setattr(module, "ROUNDS", ROUNDS)
        yield
