"""Rows of a table share the names of its columns, from whatever they come: they take half of the memory."""

from __future__ import annotations

import sys

import pytest

from nova_db.engine import TRUE, Col, Eq, Query, Row
from nova_db.schema import TABLES
from nova_db_memory import MemoryEngine

pytestmark = pytest.mark.skipif(sys.implementation.name != "cpython", reason="it is CPython whose dicts share keys")


def stored(engine: MemoryEngine, table: str) -> Row:
    """What the store holds, and no copy of it."""
    return next(iter(engine._state.stored[table].all()))


@pytest.mark.parametrize("table", ["instance_metadata", "instance_system_metadata", "fixed_ips", "security_groups"])
def test_a_row_is_small_whatever_happens_to_it(table: str, subtests: pytest.Subtests) -> None:
    values = {"instance_metadata": {}, "instance_system_metadata": {"key": "k", "instance_uuid": "u"}}.get(table, {})
    engine = MemoryEngine()
    tx = engine.write()
    tx.insert(("instances", [TABLES["instances"].insert_values({"uuid": "u"})]))
    row = TABLES[table].insert_values(values)
    made = tx.insert((table, [row]))[0][0]
    plain = sys.getsizeof(dict(made.items()))
    found = {"new": stored(engine, table), "returned": made}
    tx.update(table, Eq("id", made["id"]), {"deleted": Col("id"), "updated_at": None})
    found["updated"] = stored(engine, table)
    tx.commit()
    engine.restore(engine.snapshot())
    tx = engine.write()
    found["read"] = tx.select(Query(table))[0]
    tx.move(table, f"shadow_{table}", TRUE)
    found["moved"] = stored(engine, f"shadow_{table}")
    tx.commit()
    for how, row in found.items():
        with subtests.test(how=how):
            assert row.keys() == set(TABLES[table].names)
            assert sys.getsizeof(row) < 0.7 * plain


def test_rows_are_not_of_one_dict() -> None:
    engine = MemoryEngine()
    tx = engine.write()
    one, other = tx.insert(("services", [TABLES["services"].insert_values({"host": host}) for host in "ab"]))[0]
    one["host"] = "c"
    del one["id"]
    one["more"] = other["more"] = 1
    assert [row["host"] for row in tx.select(Query("services"))] == ["a", "b"]
    assert tx.select(Query("services"))[0].keys() == set(TABLES["services"].names)
    tx.commit()
