"""What callers see of a full disk, on whatever database."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest

from nova_db.exceptions import DBError
from nova_db.operations.running.retries import Attempts
from nova_db_sqlalchemy import SQLAlchemyDriver
from tests.failures.helpers import ADMIN, add, hosts

TOO_MANY = 700
"""Instances that no small disk holds."""
SIZE = 1 << 17


def boot(driver: SQLAlchemyDriver) -> None:
    """Make an instance that takes room, with rows of other tables."""
    values = {"user_data": secrets.token_hex(SIZE // 2), "metadata": {"a": "b"}, "system_metadata": {"c": "d"}}
    driver.instance_create(ADMIN, values)


def boot_all(driver: SQLAlchemyDriver) -> None:
    """Make instances until something is raised."""
    for _ in range(TOO_MANY):
        boot(driver)


def boot_until_full(driver: SQLAlchemyDriver) -> None:
    """Make instances until the disk is full."""
    with pytest.raises(DBError, match="disk is full") as caught:
        boot_all(driver)
    assert type(caught.value) is DBError


def instances(driver: SQLAlchemyDriver) -> int:
    """How many instances there are, each as a whole."""
    found = driver.instance_get_all(ADMIN)
    assert all(len(each["metadata"]) == len(each["system_metadata"]) == 1 for each in found)
    return len(found)


class FullDisk:
    """The tests; ``driver`` is on a small disk, and ``enlarge`` makes room there."""

    def test_the_call_is_refused_and_not_half_done(
        self, driver: SQLAlchemyDriver, enlarge: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(Attempts, "pause_after", lambda *arguments: pytest.fail("it is run again"))
            boot_until_full(driver)
        count = instances(driver)
        assert count > 0
        enlarge()
        boot(driver)
        assert instances(driver) == count + 1

    def test_a_transaction_is_undone_as_a_whole(self, driver: SQLAlchemyDriver, enlarge: Callable[[], None]) -> None:
        def work(session: object) -> None:
            add(driver, "a")
            boot_all(driver)

        with pytest.raises(DBError, match="disk is full"):
            driver.run(ADMIN, work)
        assert (hosts(driver), instances(driver)) == ([], 0)
        enlarge()
        add(driver, "b")
        assert hosts(driver) == ["b"]
