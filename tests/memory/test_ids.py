"""Rows in the order of their ids, whatever these are: dense, far apart, below zero, of a table that counts none."""

from __future__ import annotations

import pytest

from nova_db.engine import Ge, Gt, Le, Lt, Ne, Order, Predicate, Query, all_of
from nova_db.schema import TABLES
from nova_db_memory import MemoryEngine

IDS = {"dense": [1, 2, 3, 4, 5], "sparse": [7, 5_000_000, 12], "negative": [3, -3, 1], "lowest": [-(2**31) + 1, 4]}
WHERE: dict[str, Predicate] = {
    "all": Ne("deleted", 9),
    "after": Gt("id", 3),
    "from": Ge("id", 3),
    "before": Lt("id", 5_000_000),
    "up to": Le("id", 5_000_000),
    "within": all_of(Gt("id", -3), Le("id", 12), Gt("id", 1)),
    "those of a value": all_of(Gt("id", 1), Ne("host", None)),
}
TESTS = {
    "all": lambda key: True,
    "after": lambda key: key > 3,
    "from": lambda key: key >= 3,
    "before": lambda key: key < 5_000_000,
    "up to": lambda key: key <= 5_000_000,
    "within": lambda key: 1 < key <= 12,
    "those of a value": lambda key: key > 1,
}


@pytest.mark.parametrize("table", ["services", "instances", "shadow_instances"])
@pytest.mark.parametrize("which", IDS)
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("limit", [None, 0, 1, 10])
def test_order(table: str, which: str, where: str, limit: int | None) -> None:
    engine = MemoryEngine()
    tx = engine.write()
    values = TABLES["services" if table == "services" else "instances"].insert_values
    tx.insert((table, [values({"id": key, "host": "h"}) for key in IDS[which]]))
    expected = sorted(filter(TESTS[where], IDS[which]))[:limit]
    for order in ((), (Order("id"),)):  # one story
        found = tx.select(Query(table, WHERE[where], order=order, limit=limit))
        assert [row["id"] for row in found] == expected
    tx.commit()
    engine.restore(engine.snapshot())
    tx = engine.write()
    tx.update(table, Ne("id", None), {"host": "i"})  # so that it is a copy of the snapshot's
    assert [row["id"] for row in tx.select(Query(table, WHERE[where], limit=limit))] == expected
    tx.commit()
