"""Claims on a server whose locking reads find other rows than its plain ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nova_db.engine import Eq, Row
from nova_db.exceptions import DBDeadlock, DBDisagreement
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.transactions.claims import MOST_LOSSES
from tests.sqlalchemy.helpers import insert, row, select, writing

FREE = Eq("host", "free")
TAKEN = {"host": "taken"}


def hosts(engine: SQLEngine) -> list[str]:
    return [each["host"] for each in select(engine, "services")]


class Picks:
    """In the place of the writers' locking read: counts, and finds nothing but what it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kind: type, before: Callable[[int], object]) -> None:
        self.count = 0

        def pick(tx: Any, *arguments: Any, **options: Any) -> list[Row]:
            self.count += 1
            if not before(self.count):
                return []
            found: list[Row] = original(tx, *arguments, **options)
            return found

        original = kind._pick  # type: ignore[attr-defined]
        monkeypatch.setattr(kind, "_pick", pick)


def check_disagreement(engine: SQLEngine, monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    """A row that is shown, but never to be locked, is an error with both values; nothing is kept or held."""
    [made] = insert(engine, "services", row("services", host="free"))
    picks = Picks(monkeypatch, kind, lambda count: False)
    with pytest.raises(DBDisagreement) as caught, writing(engine) as tx:
        tx.claim("services", FREE, TAKEN, limit=2)
    assert (caught.value.table, caught.value.columns, caught.value.value) == ("services", ["id"], made["id"])
    assert "['free']" in str(caught.value)
    assert f"the row with id {made['id']}" in str(caught.value)
    assert MOST_LOSSES < picks.count < MOST_LOSSES + 4
    monkeypatch.undo()
    with writing(engine) as tx:
        assert len(tx.claim("services", FREE, TAKEN, limit=2)) == 1
    assert hosts(engine) == ["taken"]


def check_losses(engine: SQLEngine, monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    """Rows that others change each time are a conflict in the end, and none if they are had in between."""
    insert(engine, "services", row("services", host="free"))

    def change(count: int) -> bool:
        with writing(engine) as tx:
            tx.update("services", FREE, {"report_count": count})
        return count == enough

    enough = MOST_LOSSES - 10
    Picks(monkeypatch, kind, change)
    with writing(engine) as tx:
        assert len(tx.claim("services", FREE, TAKEN, limit=2)) == 1
    monkeypatch.undo()
    with writing(engine) as tx:
        tx.update("services", Eq("host", "taken"), {"host": "free"})
    enough = 0
    Picks(monkeypatch, kind, change)
    with pytest.raises(DBDeadlock, match=r"services: others were faster"), writing(engine) as tx:
        tx.claim("services", FREE, TAKEN, limit=2)
