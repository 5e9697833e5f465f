"""The in-memory backend as a driver: what its connections lead to."""

from __future__ import annotations

import pytest

from nova_db.engine import Query
from nova_db.operations import EngineDriver
from nova_db.schema import TABLES
from nova_db_memory import MemoryDriver, MemoryEngine


def insert(driver: MemoryDriver) -> None:
    tx = driver.engine.write()
    tx.insert(("services", [TABLES["services"].insert_values({"host": "a"})]))
    tx.commit()


def count(driver: MemoryDriver) -> int:
    tx = driver.engine.read()
    found = len(tx.select(Query("services")))
    tx.commit()
    return found


@pytest.mark.parametrize("connection", [None, "", "memory://"])
def test_a_database_of_its_own(connection: str | None) -> None:
    first, second = MemoryDriver(connection), MemoryDriver(connection=connection)
    assert isinstance(first, EngineDriver)
    assert isinstance(first.engine, MemoryEngine)
    insert(first)
    assert (count(first), count(second)) == (1, 0)
    assert first.engine.describe() == {"engine": "memory", "url": "memory://"}


def test_a_database_with_a_name_is_shared() -> None:
    first, second, other = (MemoryDriver(f"memory://{name}") for name in ("test-a.1", "test-a.1", "test-b"))
    insert(first)
    assert (count(second), count(other)) == (1, 0)
    assert first.engine is second.engine
    assert first.engine.describe()["url"] == "memory://test-a.1"
    first.close()
    assert count(MemoryDriver("memory://test-a.1")) == 1
    first.engine.clear()


@pytest.mark.parametrize(
    "connection",
    ["sqlite://", "postgresql://user:secret@host/db", "memory:", "memory://a/b", "memory", "memory://\u00e4", "x"],
)
def test_another_connection_is_refused(connection: str) -> None:
    with pytest.raises(ValueError, match="memory://NAME") as caught:
        MemoryDriver(connection)
    assert "secret" not in str(caught.value)
