"""Workers forked from a process that has used the database, as service launchers do."""

from __future__ import annotations

from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy import SQLAlchemyDriver
from tests.failures.helpers import ADMIN, add, hosts
from tests.forks import in_child

WORKERS = 5


def test_workers_and_parent_go_on_by_themselves(driver: SQLAlchemyDriver) -> None:
    names = [f"worker{number}" for number in range(WORKERS)]
    add(driver, "parent")
    for name in names:
        in_child(lambda name=name: add(driver, name))  # type: ignore[misc]
        add(driver, f"after {name}")
    assert hosts(driver) == ["parent", *(each for name in names for each in (name, f"after {name}"))]


def test_a_transaction_stays_the_parents(driver: SQLAlchemyDriver) -> None:
    with driver.transaction(ADMIN):
        add(driver, "a")
        assert in_child(lambda: add(driver, "b")).startswith(DBConnectionError.__name__)
        add(driver, "c")
    assert hosts(driver) == ["a", "c"]
