"""Pages in the orders that the schema has indexes for: whatever was asked before, they show what is there by now."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Iterable, Sequence
from typing import Any

from nova_db.engine import TRUE, Col, Eq, Ne, Order, Predicate, Query, Row, Transaction, all_of
from nova_db.engine.ordering import page, total_order
from nova_db_conformance.engine.cases import PrimitivesTestCase

MANY = 2500
NEWEST = (Order("created_at", True), Order("id", True))
OLDEST = (Order("created_at"), Order("id"))
LIVE = Eq("deleted", 0)
_CONDITIONS: tuple[tuple[Predicate, dict[str, Any]], ...] = (
    (LIVE, {"deleted": 0}),
    (TRUE, {}),
    (all_of(LIVE, Eq("project_id", "p1")), {"deleted": 0, "project_id": "p1"}),
    (all_of(LIVE, Eq("vm_state", None)), {"deleted": 0, "vm_state": None}),
    (all_of(Eq("deleted", 7), Eq("project_id", None)), {"deleted": 7, "project_id": None}),
)
"""Each with the values that it asks for."""


def moment(number: int) -> dt.datetime | None:
    """One of few moments, or none, so that keys have to decide."""
    return None if number % 9 == 0 else dt.datetime(2013, 4, 1) + dt.timedelta(seconds=number % 9)


class PagesTestCase(PrimitivesTestCase):
    """A test of pages of instances."""

    def row(self, number: int, created_at: dt.datetime | None) -> Row:
        """An instance to insert, of one of three projects or of none."""
        project, state = (None, "p1", "p2", "p3")[number % 4], (None, "active")[number % 2]
        return self.complete("instances", project_id=project, vm_state=state) | {"created_at": created_at}

    def assertPages(self, tx: Transaction, rows: Iterable[Row], what: object = None) -> None:
        """Check pages of all kinds of the rows, which are those that a transaction sees."""
        for where, values in _CONDITIONS:
            found = [row for row in rows if all(row[column] == value for column, value in values.items())]
            for order in (NEWEST, OLDEST, (Order("created_at", True),), (Order("created_at"),)):
                full = total_order(order, "id")
                expected = [row["id"] for row in page(found, full, None, None)]
                with self.subTest(values=values, order=order, what=what):
                    self.assertEqual(expected[:3], self.page(tx, where, order, None, 3))
                    self.assertEqual([], self.page(tx, where, order, None, 0))
                    places = [found[len(found) // 2]] if found else []
                    for after in [tuple([row[column] for column, _ in full]) for row in places]:
                        expected = [row["id"] for row in page(found, full, after, None)]
                        self.assertEqual(expected[:5], self.page(tx, where, order, after, 5))

    def page(
        self, tx: Transaction, where: Predicate, order: tuple[Order, ...], after: Sequence[Any] | None, limit: int
    ) -> list[Any]:
        """The keys of a page."""
        after = None if after is None else tuple(after)
        query = Query("instances", where, order=order, after=after, limit=limit, columns=("id",))
        return [row["id"] for row in tx.select(query)]


class TestPages(PagesTestCase):
    """What is asked for again and again while rows come, change and go."""

    promise = "Order"

    def test_what_changes_in_a_writer_and_is_undone(self) -> None:
        self.insert("instances", *(self.row(number, moment(number)) for number in range(20)))
        tx = self.engine.write()
        try:
            before = tx.select(Query("instances"))
            self.assertPages(tx, before)
            with contextlib.suppress(ZeroDivisionError), tx.savepoint():
                self.change(tx, 1)
                self.assertPages(tx, tx.select(Query("instances")), "in a savepoint")
                raise ZeroDivisionError
            self.assertPages(tx, before, "after a savepoint that was undone")
            self.change(tx, 2)
            self.assertPages(tx, tx.select(Query("instances")), "changed")
        finally:
            tx.rollback()
        with self.reader() as reader:
            self.assertPages(reader, before, "after all was rolled back")

    def test_readers_beside_a_writer_and_after_it(self) -> None:
        self.insert("instances", *(self.row(number, moment(number)) for number in range(20)))
        with self.reader() as first:
            before = first.select(Query("instances"))
            self.assertPages(first, before)
            tx = self.engine.write()
            try:
                self.change(tx, 1)
                changed = tx.select(Query("instances"))
                self.assertPages(tx, changed, "of the writer")
                self.assertPages(first, before, "beside the writer")
                with self.reader() as other:
                    self.assertPages(other, before, "of another reader beside the writer")
            except BaseException:
                tx.rollback()
                raise
            tx.commit()
            self.transact(lambda tx: self.change(tx, 2))
            self.assertPages(first, before, "after two writers")
        with self.reader() as last:
            self.assertPages(last, last.select(Query("instances")), "of a new reader")

    def test_many_rows(self) -> None:
        order = random.Random(7).sample(range(MANY), MANY)
        moments = [dt.datetime(2013, 4, 1) + dt.timedelta(seconds=number) for number in order]
        self.insert("instances", *(self.row(0, moment) for moment in moments))
        by_age = sorted(range(1, MANY + 1), key=lambda key: moments[key - 1])
        self.assertWalked(by_age)
        gone = set(by_age[100:900]) | set(by_age[1500::2])
        with self.writer() as tx:
            tx.update_each("instances", [(key, {"deleted": key}) for key in sorted(gone)])
        self.assertWalked([key for key in by_age if key not in gone])
        with self.writer() as tx:
            tx.update("instances", Ne("deleted", 0), {"deleted": 0})
        self.assertWalked(by_age)
        with self.writer() as tx:
            tx.delete("instances", TRUE)
        self.assertWalked([])

    def change(self, tx: Transaction, seed: int) -> None:
        """Have rows come, go, be deleted, and get another age."""
        chance = random.Random(seed)
        keys = [row["id"] for row in tx.select(Query("instances", columns=("id",)))]
        tx.insert(("instances", [self.row(number, moment(chance.randrange(9))) for number in range(6)]))
        aged = [(key, {"created_at": moment(chance.randrange(9))}) for key in chance.sample(keys, 5)]
        tx.update_each("instances", aged)
        for key in chance.sample(keys, 3):
            tx.update("instances", Eq("id", key), {"deleted": Col("id")})
        for key in chance.sample(keys, 3):
            tx.delete("instances", Eq("id", key))
        tx.update("instances", Eq("id", keys[0]), {"deleted": 7, "project_id": None, "vm_state": "error"})

    def assertWalked(self, expected: list[int]) -> None:
        """Check that all pages of the live rows together are these, the oldest first, and backwards."""
        for order, keys in ((OLDEST, expected), (NEWEST, expected[::-1])):
            paged: list[int] = []
            after = None
            with self.reader() as tx:
                while found := tx.select(Query("instances", LIVE, order=order, after=after, limit=MANY // 4)):
                    paged += [row["id"] for row in found]
                    after = tuple([found[-1][column] for column, _ in order])
            self.assertEqual(keys, paged)
