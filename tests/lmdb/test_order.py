"""Lists that an index has in order are read from it, row by row, and no further than they go."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from nova_db.context import get_admin_context
from nova_db.engine import Eq, Ge, Gt, In, Lt, Order, Predicate, Query, all_of
from nova_db.engine.matching import matcher
from nova_db.engine.ordering import page, total_order
from nova_db.engine.rows.cells import Codec
from nova_db_lmdb import LMDBDriver, rows

ADMIN = get_admin_context()
START = dt.datetime(2026, 1, 1)
NEWEST = (Order("created_at", descending=True), Order("id", descending=True))
OLDEST = (Order("created_at"), Order("id"))
LIVE = Eq("deleted", 0)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The table of each row that was decoded."""
    tables: list[str] = []
    original = rows.codec

    def counting(layout: Any) -> Codec:
        encode, decode = original(layout)

        def count(data: bytes) -> Any:
            tables.append(layout.name)
            return decode(data)

        return Codec(encode, count)

    monkeypatch.setattr("nova_db_lmdb.transaction.codec", counting)
    return tables


@pytest.fixture
def full(driver: LMDBDriver) -> LMDBDriver:
    for number in range(200):
        moment = START + dt.timedelta(seconds=number * 7 % 50)
        host = None if number % 10 == 0 else f"h{number % 4}"
        driver.instance_create(ADMIN, {"host": host, "created_at": moment, "project_id": f"p{number % 5}"})
    return driver


def read(driver: LMDBDriver, query: Query) -> list[int]:
    tx = driver.engine.read()
    try:
        return [row["id"] for row in tx.select(query)]
    finally:
        tx.rollback()


@pytest.mark.parametrize("order", [NEWEST, OLDEST])
def test_pages_follow_one_another(full: LMDBDriver, decoded: list[str], order: tuple[Order, ...]) -> None:
    everything = read(full, Query("instances", LIVE, order=order))
    assert len(everything) == 200
    tx = full.engine.read()
    after, paged = None, []
    decoded.clear()
    while rows := tx.select(Query("instances", LIVE, order=order, limit=30, after=after)):
        paged += [row["id"] for row in rows]
        after = (rows[-1]["created_at"], rows[-1]["id"])
    tx.rollback()
    assert paged == everything
    assert len(decoded) == 200


def test_what_is_written_stands_in_its_place(full: LMDBDriver, decoded: list[str]) -> None:
    tx = full.engine.write()
    tx.update("instances", In("id", [5, 6, 7]), {"created_at": START + dt.timedelta(days=1)})
    tx.delete("instance_info_caches", Eq("id", 200))
    tx.delete("instances", Eq("id", 200))
    decoded.clear()
    assert [row["id"] for row in tx.select(Query("instances", LIVE, order=NEWEST, limit=3))] == [7, 6, 5]
    assert len(decoded) == 3
    last = tx.select(Query("instances", order=(Order("id", descending=True),), limit=2))
    assert [row["id"] for row in last] == [199, 198]
    tx.rollback()


@pytest.mark.parametrize(
    "where, most",
    [
        (Eq("host", "h1"), 50),
        (In("host", ["h1", "h2", "gone"]), 100),
        (all_of(Eq("host", "h1"), LIVE), 50),
        (Eq("id", 7), 1),
        (In("id", [7, 8, 9, 1000]), 3),
        (Gt("id", 190), 11),
        (all_of(Gt("id", 50), Lt("id", 60)), 11),
        (Eq("uuid", "none"), 0),
        (Eq("host", None), 20),
        (all_of(LIVE, Ge("created_at", START + dt.timedelta(seconds=48))), 8),
        (all_of(Eq("project_id", "p1"), Gt("id", 100)), 100),
    ],
)
def test_no_more_rows_are_read_than_the_index_names(
    full: LMDBDriver, decoded: list[str], where: Predicate, most: int
) -> None:
    everything = all_rows(full)
    decoded.clear()
    found = read(full, Query("instances", where, order=OLDEST))
    test = matcher(where)
    expected = page(filter(test, everything), total_order(OLDEST, "id"), None, None)
    assert found == [row["id"] for row in expected]
    assert len(decoded) <= most


def all_rows(driver: LMDBDriver) -> list[dict[str, Any]]:
    tx = driver.engine.read()
    try:
        return tx.select(Query("instances"))
    finally:
        tx.rollback()
