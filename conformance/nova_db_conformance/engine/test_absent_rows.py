"""Rows that are no longer there, or no longer as they were: no look-up finds what they used to be."""

from __future__ import annotations

from collections.abc import Callable

from nova_db.engine import Eq, Query, Transaction
from nova_db_conformance.engine.cases import PrimitivesTestCase

FORMER = {"uuid": "u-1", "host": "h-1", "project_id": "p-1", "reservation_id": "r-1", "task_state": "t-1"}
"""Values of columns of instances, each of which is the first of an index."""
LATER = {column: f"{value}-later" for column, value in FORMER.items()}


class TestAbsentRows(PrimitivesTestCase):
    """Whatever an engine finds rows by is changed with the rows."""

    promise = "Transaction.select"

    def setUp(self) -> None:
        super().setUp()
        self.insert("instances", dict(FORMER))

    def assertFound(self, values: dict[str, str], count: int, *, keeps: Callable[[Transaction], object]) -> None:
        """Check how many rows each of the values finds, in the transaction that has changed them, and in a later one.

        :param keeps: what the transaction does before; it is committed.
        """
        with self.writer() as tx:
            keeps(tx)
            self._look(tx, values, count, "in the transaction that changed it")
        with self.reader() as tx:
            self._look(tx, values, count, "in a later transaction")

    def _look(self, tx: Transaction, values: dict[str, str], count: int, when: str) -> None:
        for column, value in values.items():
            with self.subTest(column=column, when=when):
                found = tx.select(Query("instances", Eq(column, value)))
                self.assertEqual(
                    count, len(found), f"how many rows a value of {column} finds that {count} have, {when}"
                )

    def test_a_row_that_is_there_is_found(self) -> None:
        self.assertFound(FORMER, 1, keeps=lambda tx: None)

    def test_a_row_that_was_deleted_is_not(self) -> None:
        self.assertFound(FORMER, 0, keeps=lambda tx: tx.delete("instances", Eq("id", 1)))

    def test_a_row_that_was_moved_is_not(self) -> None:
        self.assertFound(FORMER, 0, keeps=lambda tx: tx.move("instances", "shadow_instances", Eq("id", 1)))

    def test_a_row_that_was_changed_is_found_as_it_is_and_not_as_it_was(self) -> None:
        def change(tx: Transaction) -> None:
            tx.update("instances", Eq("id", 1), LATER)

        self.assertFound(FORMER, 0, keeps=change)
        self.assertFound(LATER, 1, keeps=change)

    def test_what_was_undone_is_not_found(self) -> None:
        tx = self.engine.write()
        tx.update("instances", Eq("id", 1), LATER)
        tx.rollback()
        self.assertFound(LATER, 0, keeps=lambda tx: None)
        self.assertFound(FORMER, 1, keeps=lambda tx: None)
