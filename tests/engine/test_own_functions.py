"""Functions that a driver has beside those of the contract, as the guide for authors shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nova_db import api
from nova_db.context import RequestContext, get_admin_context, require_admin
from nova_db.engine import Add, Eq, Query, Transaction, all_of
from nova_db.exceptions import AdminRequired, DBDeadlock
from nova_db.operations import reads, writes
from nova_db_memory import MemoryDriver
from nova_db_sqlalchemy import SQLAlchemyDriver

GUIDE = Path(__file__).parents[2] / "docs" / "engine.md"


class OurDriver(MemoryDriver):
    """A driver with two functions more."""

    conflicts = 0

    @reads(require_admin, snapshot=False)
    def host_names(self, tx: Transaction, context: Any, vm_state: str) -> list[str]:
        """The hosts that have live instances in a state, sorted."""
        where = all_of(Eq("vm_state", vm_state), Eq("deleted", 0))
        return sorted({row["host"] for row in tx.select(Query("instances", where, columns=("host",)))})

    @writes(require_admin)
    def vcpus_add(self, tx: Transaction, context: Any, host: str, *, vcpus: int = 1) -> int:
        """Give the instances of a host more CPUs; how many there are."""
        found = tx.update("instances", Eq("host", host), {"vcpus": Add(vcpus)})
        if self.conflicts:
            self.conflicts -= 1
            raise DBDeadlock
        return found


@pytest.fixture
def driver() -> OurDriver:
    driver = OurDriver()
    for host, state in (("b", "active"), ("a", "active"), ("a", "active"), ("c", "error")):
        driver.instance_create(get_admin_context(), {"host": host, "vm_state": state, "vcpus": 2})
    return driver


def test_they_are_called_without_a_transaction(driver: OurDriver) -> None:
    context = get_admin_context()

    assert driver.host_names(context, "active") == ["a", "b"]
    assert driver.host_names(context, vm_state="error") == ["c"]
    assert driver.vcpus_add(context, "a", vcpus=3) == 2
    assert [row["vcpus"] for row in driver.instance_get_all(context)] == [2, 5, 5, 2]


def test_they_refuse_whom_they_say(driver: OurDriver) -> None:
    with pytest.raises(AdminRequired):
        driver.host_names(RequestContext("user", "project"), "active")


def test_they_are_run_again_after_a_conflict(driver: OurDriver) -> None:
    driver.conflicts = 2

    assert driver.vcpus_add(get_admin_context(), "a") == 2
    assert [row["vcpus"] for row in driver.instance_get_all(get_admin_context())] == [2, 3, 3, 2]


def test_they_join_a_transaction(driver: OurDriver) -> None:
    context = get_admin_context()

    def count_and_fail(session: object) -> None:
        driver.vcpus_add(context, "a")
        raise LookupError([row["vcpus"] for row in driver.instance_get_all(context)])

    with pytest.raises(LookupError, match="2, 3, 3, 2"):
        driver.run(context, count_and_fail)
    assert [row["vcpus"] for row in driver.instance_get_all(context)] == [2, 2, 2, 2]


def test_they_tell_their_signatures_and_what_they_do(driver: OurDriver) -> None:
    assert driver.vcpus_add.__doc__ == "Give the instances of a host more CPUs; how many there are."
    with pytest.raises(TypeError, match="vm_state"):
        driver.host_names(get_admin_context())  # type: ignore[call-arg]


def test_the_guide_runs_as_it_stands() -> None:
    _, _, section = GUIDE.read_text().partition("## A function of your own")
    declared, call, rest = section.partition("```python\n")[2].partition("```")[0].partition("context = ")
    scope: dict[str, Any] = {}
    exec(declared, scope)  # noqa: S102 - the guide's own code
    driver: SQLAlchemyDriver = scope["OurDriver"]("sqlite://")
    driver.sync()
    context = get_admin_context()
    for host in ("compute-7", None):
        driver.instance_create(context, {"host": host, "vm_state": "active"})
    with api.binding(driver):
        exec(call + rest, scope)  # noqa: S102 - as well
    failed, other = driver.instance_get_all(context)
    assert scope["driver"] is driver
    assert (failed["vm_state"], other["vm_state"]) == ("error", "active")
    assert failed["updated_at"] is not None
    driver.close()
