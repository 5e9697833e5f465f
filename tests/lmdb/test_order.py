"""Lists that an index has in order are read from it, row by row, and no further than they go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from nova_db.context import get_admin_context
from nova_db.engine import Eq, Ge, Gt, In, Lt, Ne, Order, Predicate, Query, all_of
from nova_db.engine.matching import matcher
from nova_db.engine.ordering import page, total_order
from nova_db.engine.rows.cells import Cells, Codec
from nova_db_lmdb import LMDBDriver, rows
from nova_db_lmdb.transaction import Snapshot

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

        def count(cells: Iterable[bytes]) -> Any:
            def passing() -> Iterator[bytes]:
                for cell in cells:
                    tables.append(layout.name)
                    yield cell

            return decode(passing())

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


def test_a_page_takes_no_more_entries_than_rows(full: LMDBDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bytes] = []
    scan = Snapshot.scan

    def counting(self: Snapshot, begin: bytes, end: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        for cell in scan(self, begin, end, backwards=backwards):
            taken.append(cell[0])
            yield cell

    monkeypatch.setattr(Snapshot, "scan", counting)
    monkeypatch.setattr(Snapshot, "led", Cells.led)  # as where the store leaves that to the base
    assert len(read(full, Query("instances", LIVE, order=OLDEST, limit=3))) == 3
    assert len(taken) == 3
    assert len(read(full, Query("instances", LIVE, order=OLDEST))) == 200


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


@pytest.mark.parametrize("order", [NEWEST, OLDEST])
def test_live_and_deleted_rows_in_order(full: LMDBDriver, decoded: list[str], order: tuple[Order, ...]) -> None:
    for row in all_rows(full)[::3]:
        full.instance_destroy(ADMIN, row["uuid"])
    expected = page(all_rows(full), total_order(order, "id"), None, 20)
    decoded.clear()
    assert read(full, Query("instances", order=order, limit=20)) == [row["id"] for row in expected]
    assert len(decoded) == 20


@pytest.mark.parametrize(
    "where, limit, most",
    [
        (Eq("project_id", "p1"), 3, 15),  # each fifth: in order, until the page is full
        (Eq("project_id", "p1"), 30, 40),  # that would take longer than to read the forty
        (all_of(Eq("project_id", "p1"), LIVE), 3, 15),
        (all_of(Eq("project_id", "p1"), Eq("display_name", "none")), 3, 80),  # in vain, then the forty
    ],
)
def test_a_page_of_many_rows_is_read_in_order(
    full: LMDBDriver, decoded: list[str], where: Predicate, limit: int, most: int
) -> None:
    expected = page(filter(matcher(where), all_rows(full)), total_order(NEWEST, "id"), None, limit)
    decoded.clear()
    assert read(full, Query("instances", where, order=NEWEST, limit=limit)) == [row["id"] for row in expected]
    assert len(decoded) <= most


def test_what_is_deleted_is_found_without_the_rest(full: LMDBDriver, decoded: list[str]) -> None:
    gone = [row["id"] for row in all_rows(full)[5:50:9]]
    for number in gone:
        full.instance_destroy(ADMIN, full.instance_get(ADMIN, number)["uuid"])
    decoded.clear()
    assert read(full, Query("instances", Ne("deleted", 0))) == gone
    assert read(full, Query("instances", Ne("deleted", 0), order=(Order("id", descending=True),), limit=1)) == gone[-1:]
    assert decoded == ["instances"] * (len(gone) + 1)
    assert len(read(full, Query("instances", Ne("deleted", gone[0])))) == 199, "other values are no less true"
    assert len(read(full, Query("instances", all_of(Ne("deleted", 0), Ne("deleted", gone[0]))))) == len(gone) - 1


def test_archiving_reads_what_it_moves(full: LMDBDriver, decoded: list[str]) -> None:
    for row in all_rows(full)[:2]:
        full.instance_destroy(ADMIN, row["uuid"])
    decoded.clear()
    assert full.archive_deleted_rows(ADMIN) == 4  # with their info caches
    assert sorted(decoded) == ["instance_info_caches"] * 2 + ["instances"] * 2


def all_rows(driver: LMDBDriver) -> list[dict[str, Any]]:
    tx = driver.engine.read()
    try:
        return tx.select(Query("instances"))
    finally:
        tx.rollback()
