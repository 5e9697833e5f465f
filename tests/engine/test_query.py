"""Queries, order and paging of rows held in Python, plans of relations."""

from __future__ import annotations

import pytest

from nova_db.engine import Add, Col, Eq, IfChanged, Order, Query
from nova_db.engine.ordering import follows, page, sort_rows, total_order
from nova_db.engine.relations import plan


class TestQuery:
    def test_a_copy_with_some_parts_changed(self) -> None:
        query = Query("t", Eq("a", 1), order=(Order("b", True),), limit=5, load=("r",))
        other = query.replace(limit=None, lock=True)
        assert (other.table, other.where, other.order, other.limit, other.load, other.lock) == (
            "t",
            Eq("a", 1),
            (Order("b", True),),
            None,
            ("r",),
            True,
        )
        assert (query.limit, query.lock) == (5, False)

    def test_what_it_shows(self) -> None:
        shown = repr(Query("t", Eq("a", 1), limit=0))
        assert all(part in shown for part in ("table='t'", "where=<('eq', 'a') [1]>", "limit=0"))
        assert [repr(value) for value in (Add(-1), Col("id"), IfChanged(None))] == [
            "Add(-1)",
            "Col('id')",
            "IfChanged(None)",
        ]


class TestOrdering:
    rows = tuple({"id": key, "a": a} for key, a in ((1, 2), (2, None), (3, 1), (4, 2)))

    def ids(self, rows: list[dict[str, int | None]]) -> list[int | None]:
        return [row["id"] for row in rows]

    def test_the_primary_key_makes_an_order_total(self) -> None:
        assert total_order((), "id") == (Order("id"),)
        assert total_order((Order("a", True),), "id") == (Order("a", True), Order("id"))
        assert total_order((Order("id", True), Order("a")), "id") == (Order("id", True), Order("a"))

    def test_nulls_are_smallest(self) -> None:
        assert self.ids(sort_rows(self.rows, [Order("a"), Order("id")])) == [2, 3, 1, 4]
        assert self.ids(sort_rows(self.rows, [Order("a", True), Order("id")])) == [1, 4, 3, 2]

    def test_pages(self) -> None:
        order = [Order("a", True), Order("id")]
        assert self.ids(page(self.rows, order, (2, 1), 2)) == [4, 3]
        assert self.ids(page(self.rows, order, (None, 2), None)) == []
        assert self.ids(page(self.rows, order, None, 0)) == []

    def test_a_place_has_a_value_for_each_column(self) -> None:
        with pytest.raises(ValueError, match="shorter"):
            follows(self.rows[0], [Order("a"), Order("id")], (2,))


class TestPlan:
    def test_paths_share_their_beginnings(self) -> None:
        (groups, below), (metadata, nothing) = plan(
            "instances", ("security_groups.rules", "metadata", "security_groups.instances")
        )
        assert (groups.name, [relation.name for relation, _ in below]) == ("security_groups", ["rules", "instances"])
        assert (metadata.name, nothing) == ("metadata", ())

    def test_an_unknown_relation(self) -> None:
        with pytest.raises(KeyError, match="nonsense"):
            plan("instances", ("nonsense",))
