"""A commit that comes to light late, as that of a process which was killed amid it: what was read before is stale."""

from __future__ import annotations

import pytest

from nova_db.context import get_admin_context
from nova_db.engine.watching import watched
from nova_db.exceptions import DBDeadlock
from nova_db.schema import TABLES
from nova_db_lmdb import LMDBDriver, LMDBEngine

ADMIN = get_admin_context()


def come_to_light(engine: object) -> None:
    """Commit something past the turn, which a writer may have."""
    assert isinstance(engine, LMDBEngine)
    with engine._opened().lmdb.begin(write=True) as late:
        late.put(b"late", b"it was")


def test_a_writer_that_has_not_seen_it_stores_nothing(driver: LMDBDriver) -> None:
    engine = driver.engine
    tx = engine.write()
    tx.insert(("services", [TABLES["services"].insert_values({"host": "a"})]))
    come_to_light(engine)
    with pytest.raises(DBDeadlock, match="What another process has written was seen too late"):
        tx.commit()
    assert driver.service_get_all(ADMIN) == []
    assert driver.service_create(ADMIN, {"host": "b"})["id"] == 1, "the turn was given back"


def test_a_writer_that_wrote_nothing_does_not_mind(driver: LMDBDriver) -> None:
    engine = driver.engine
    tx = engine.write()
    come_to_light(engine)
    tx.commit()
    assert driver.service_get_all(ADMIN) == []


def test_the_call_is_run_again(driver: LMDBDriver) -> None:
    attempts, engine = [], driver.engine

    def note(access: object) -> None:
        if str(access).startswith("insert"):
            attempts.append(access)
            if len(attempts) == 1:
                come_to_light(engine)

    with watched(driver, note):
        made = driver.service_create(ADMIN, {"host": "a"})
    assert len(attempts) == 2
    assert [found["id"] for found in driver.service_get_all(ADMIN)] == [made["id"]]
