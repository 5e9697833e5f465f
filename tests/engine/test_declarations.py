"""What is declared of a function where it is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from nova_db.context import RequestContext, get_admin_context, require_admin
from nova_db.engine import Query, Transaction
from nova_db.exceptions import AdminRequired, DBDeadlock, NotAuthorized, OverQuota
from nova_db.operations import EngineDriver
from nova_db.operations.running.declarations import Refusal, reads, writes
from nova_db.schema import TABLES
from nova_db_memory import MemoryEngine

ADMIN = get_admin_context()


def own_host(context: Any, host: Any) -> None:
    """Whoever asks has the host's name."""
    if host != "mine":
        raise NotAuthorized


def read(_: None) -> int:
    raise AssertionError("the argument was read")


def unread() -> Iterable[Any]:
    """What must not be looked at."""
    return map(read, [None])


class Declared(EngineDriver):
    """A driver with functions of its own."""

    def __init__(self, conflicts: int = 0) -> None:
        super().__init__(MemoryEngine())
        self.conflicts = conflicts

    def _conflict(self) -> None:
        if self.conflicts:
            self.conflicts -= 1
            raise DBDeadlock

    @writes(require_admin)
    def add(self, tx: Transaction, context: Any, hosts: Iterable[str]) -> int:
        rows = [TABLES["services"].insert_values({"host": host}) for host in hosts]
        made = tx.insert(("services", rows))[0]
        self._conflict()
        return len(made)

    @writes()
    def refuse(self, tx: Transaction, context: Any) -> list[str] | Refusal:
        tx.insert(("services", [TABLES["services"].insert_values({"host": "told"})]))
        return Refusal(OverQuota(overs=["instances"]))

    @reads(require_admin, authorize=own_host)
    def find(self, tx: Transaction, context: Any, host: str, ids: Iterable[int] = ()) -> list[int]:
        self._conflict()
        return [number for number in ids if tx.select(Query("services"))]


def hosts(driver: Declared) -> list[str]:
    return [service["host"] for service in driver.service_get_all(ADMIN)]


@pytest.mark.parametrize("conflicts", [0, 1, 3])
def test_an_argument_is_read_once_however_often_the_call_is_run(conflicts: int) -> None:
    driver = Declared(conflicts)
    assert driver.add(ADMIN, (host for host in "abc")) == 3
    driver.conflicts = conflicts
    assert driver.add(ADMIN, hosts=(host for host in "de")) == 2
    assert hosts(driver) == list("abcde")
    driver.conflicts = conflicts
    assert driver.find(ADMIN, "mine", iter([1, 2])) == [1, 2]
    assert driver.find(ADMIN, "mine", ids=iter([3])) == [3]
    assert driver.find(ADMIN, "mine") == []


def test_who_calls_is_asked_for_before_anything_is_read() -> None:
    user = RequestContext("u", "p")
    with pytest.raises(AdminRequired):
        Declared().add(user, unread())
    with pytest.raises(AdminRequired):
        Declared().find(user, "mine", unread())
    with pytest.raises(NotAuthorized):
        Declared().find(ADMIN, ids=unread(), host="theirs")
    with pytest.raises(NotAuthorized):
        Declared().find(ADMIN, ids=unread(), host=None)  # type: ignore[arg-type]


def test_what_was_found_out_on_the_way_to_a_refusal_is_committed() -> None:
    driver = Declared()
    with pytest.raises(OverQuota):
        driver.refuse(ADMIN)
    assert hosts(driver) == ["told"]
    with driver.transaction(ADMIN):
        with pytest.raises(OverQuota):
            driver.refuse(ADMIN)
        assert hosts(driver) == ["told", "told"]


@pytest.mark.parametrize("name", ["instance_get", "instance_update", "quota_reserve", "fixed_ip_bulk_create"])
def test_a_call_without_a_context_says_so(name: str) -> None:
    with pytest.raises(TypeError, match=rf"{name}\(\) missing 1 required positional argument: 'context'"):
        getattr(Declared(), name)()
