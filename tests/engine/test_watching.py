"""Calls of an engine's transactions, seen and made to fail below the retries."""

from __future__ import annotations

import contextlib

import pytest

from nova_db import offers
from nova_db.context import get_admin_context
from nova_db.engine.watching import Access, failing_at, watched
from nova_db.exceptions import DBDeadlock, DBError, KeypairNotFound
from nova_db_memory import MemoryDriver

ADMIN = get_admin_context()
KEY = {"user_id": "u1", "name": "one"}


def test_each_call_is_seen_before_it_is_made() -> None:
    driver, seen = MemoryDriver(), list[Access]()
    with watched(driver, seen.append):
        driver.key_pair_create(ADMIN, KEY)
        driver.key_pair_get(ADMIN, "u1", "one")
    driver.key_pair_get(ADMIN, "u1", "one")
    assert [(each.primitive, each.names, each.is_in_writer) for each in seen] == [
        ("insert", ("key_pairs",), True),
        ("commit", (), True),
        ("select", ("key_pairs",), False),
        ("commit", (), False),
    ]
    assert str(seen[0]) == "insert key_pairs"
    assert str(seen[2]).startswith("select key_pairs (id, name, ")


def test_blocks_end_in_any_order_and_leave_the_engine() -> None:
    driver, first, second = MemoryDriver(), list[Access](), list[Access]()
    engine = driver.engine
    outer, inner = watched(driver, first.append), watched(driver, second.append)
    outer.__enter__()
    inner.__enter__()
    assert offers.engine_of(driver) is driver.engine, "what watches is an engine, too"
    outer.__exit__(None, None, None)
    driver.key_pair_get_all_by_user(ADMIN, "u1")
    inner.__exit__(None, None, None)
    assert (len(first), len(second)) == (0, 2)
    assert driver.engine is engine


def test_a_commit_that_fails_has_rolled_back_and_may_be_run_again() -> None:
    driver = MemoryDriver()
    with failing_at(driver, 1, DBDeadlock, primitives={"commit"}) as plan:
        driver.key_pair_create(ADMIN, KEY)
    assert (plan.happened, plan.calls) == (True, 2)
    with failing_at(driver, 1, DBError, primitives={"commit"}), pytest.raises(DBError):
        driver.key_pair_destroy(ADMIN, "u1", "one")
    assert driver.key_pair_get(ADMIN, "u1", "one")["name"] == "one"


def test_readers_fail_where_it_is_asked_for() -> None:
    driver = MemoryDriver()
    with failing_at(driver, 1, DBError), contextlib.suppress(KeypairNotFound):
        driver.key_pair_get(ADMIN, "u1", "one")
    with failing_at(driver, 1, DBError, readers=True), pytest.raises(DBError, match="database") as caught:
        driver.key_pair_get(ADMIN, "u1", "one")
    assert type(caught.value) is DBError
