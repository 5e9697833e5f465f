"""The budgets hold for all functions that return several rows, and say no more than our own backends take."""

from __future__ import annotations

import inspect
import os
import re
import unittest
from collections.abc import Iterator
from typing import Any

import pytest

from nova_db.driver import EXTENSIONS, FUNCTIONS, Driver
from nova_db_conformance.budgets import test_budgets
from nova_db_conformance.budgets.calls import CALLS
from nova_db_conformance.budgets.cases import BudgetTestCase
from nova_db_conformance.budgets.table import BUDGETS, Budget
from nova_db_conformance.budgets.writes import WRITES
from nova_db_conformance.harness.scenarios import MARIADB_VARIABLE, POSTGRESQL_VARIABLE, parse_backend
from nova_db_memory import MemoryDriver
from tests.suite.planted import problems

PARTS = {
    "instance_update_and_get_original": "the instance before and after",
    "instance_data_get_for_project": "three sums",
    "instance_metadata_update": "what was given to it",
    "fixed_ip_get_by_address_detailed": "a fixed ip, its network and its instance",
    "security_group_ensure_default": "a group, and whether it was there",
    "quota_reserve": "uuids of what was given to it",
}
"""Functions whose result has several parts, and never grows with the rows that there are."""


def returning_several() -> Iterator[str]:
    """The functions whose contract returns lists, dicts or tuples."""
    for name in FUNCTIONS.keys() - EXTENSIONS:
        returned = str(inspect.signature(getattr(Driver, name)).return_annotation).strip("'")
        if re.match(r"(list|dict|tuple|set)\[", returned):
            yield name


class Measured(BudgetTestCase):
    """What the functions take on a backend."""

    scenarios: Any = None
    found: dict[str, Budget]

    def measure(self) -> None:
        self.found = {function: many for function, _, many in self.costs()}


class Multiplying(MemoryDriver):
    """Lists services one by one."""

    def service_get_all(self, context: Any, disabled: Any = None) -> Any:
        found = super().service_get_all(context, disabled)
        return [self.service_get(context, each["id"]) and each for each in found]


class Wasteful(MemoryDriver):
    """Looks at the cells twice."""

    def cell_get_all(self, context: Any) -> Any:
        super().cell_get_all(context)
        return super().cell_get_all(context)


def test_each_function_that_returns_several_rows_has_a_budget() -> None:
    assert set(BUDGETS) == set(CALLS) | set(WRITES)
    assert set(CALLS) | set(PARTS) == set(returning_several())
    assert not set(CALLS) & {*PARTS, *WRITES}


def measured(backend: str) -> dict[str, Budget]:
    """What each function takes on a backend."""
    case = Measured("measure")
    case.backend = parse_backend(backend)
    result = unittest.TestResult()
    case.run(result)
    assert result.wasSuccessful(), [*result.errors, *result.failures]
    return case.found


CHANGE = "a change of what a function takes changes its line in budgets/table.py"


@pytest.mark.parametrize("backend", ["memory", "lmdb"])
def test_the_accesses_are_what_functions_take_and_no_more(backend: str) -> None:
    assert measured(backend) == {name: Budget(each.accesses, each.accesses) for name, each in BUDGETS.items()}, CHANGE


def test_the_statements_are_what_the_servers_take_and_no_more() -> None:
    found = [measured("sqlite")]
    for backend, variable in (("postgresql", POSTGRESQL_VARIABLE), ("mariadb", MARIADB_VARIABLE)):
        if not os.environ.get(variable):
            pytest.skip(f"{variable} is not set")
        found.append(measured(backend))
    most = {name: Budget(*map(max, zip(*(each[name] for each in found), strict=True))) for name in BUDGETS}
    assert most == BUDGETS, CHANGE


@pytest.mark.parametrize(
    "backend, told",
    [
        ("Multiplying", "service_get_all takes more for 20 rows than for 2"),
        (
            "Wasteful",
            "cell_get_all takes Budget(statements=2, accesses=2), and may take Budget(statements=1, accesses=1)",
        ),
    ],
)
def test_a_function_that_takes_more_is_found(backend: str, told: str) -> None:
    test = "test_no_function_takes_more_for_more_rows_or_more_than_it_may"
    (text,) = problems(test_budgets.TestBudgets, test, f"{__name__}.{backend}")
    assert told in text
