"""What is left of a transaction after an error, which is to undo it, and after its end, which is nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from nova_db.engine import TRUE, Add, Eq, Query, Transaction
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBError, DBReferenceError
from nova_db.schema import TABLES
from nova_db_conformance.engine.cases import PrimitivesTestCase

Call = Callable[[Transaction], object]


class AfterTestCase(PrimitivesTestCase):
    """A few rows, and calls on them."""

    def setUp(self) -> None:
        super().setUp()
        self.insert("instances", {"uuid": "a"}, {"uuid": "b"})
        self.insert("instance_metadata", {"instance_uuid": "a"})
        self.insert("services", {"host": "h", "report_count": 2**31 - 1})
        self.before = self.dump()

    def calls(self) -> dict[str, Call]:
        """Calls that are right, each of them."""
        row = TABLES["services"].insert_values({"host": "more"})
        return {
            "select": lambda tx: tx.select(Query("instances")),
            "aggregate": lambda tx: tx.aggregate("instances"),
            "insert": lambda tx: tx.insert(("services", [row])),
            "update": lambda tx: tx.update("services", TRUE, {"host": "changed"}),
            "update_each": lambda tx: tx.update_each("services", [(1, {"host": "changed"})]),
            "claim": lambda tx: tx.claim("services", TRUE, {"host": "changed"}),
            "delete": lambda tx: tx.delete("services", TRUE),
            "move": lambda tx: tx.move("services", "shadow_services", TRUE),
            "serialize": lambda tx: tx.serialize("a name"),
            "savepoint": lambda tx: tx.savepoint().__enter__(),
        }


class TestAfterErrors(AfterTestCase):
    """Errors of every kind, in a writer that has written before."""

    def failing_calls(self) -> dict[type[DBError], Call]:
        """A call for each error."""
        return {
            DBDuplicateEntry: lambda tx: tx.update("instances", Eq("uuid", "b"), {"uuid": "a"}),
            DBReferenceError: lambda tx: tx.delete("instances", Eq("uuid", "a")),
            DBDataError: lambda tx: tx.update("services", TRUE, {"report_count": Add(1)}),
        }

    @contextlib.contextmanager
    def failed(self, error: type[DBError], call: Call) -> Iterator[Transaction]:
        """A writer that has changed a row, and then failed; rolled back at the end, and nothing of it must stay."""
        tx = self.engine.write()
        try:
            tx.update("services", TRUE, {"host": "written before"})
            with self.raises(error):
                call(tx)
            yield tx
        finally:
            tx.rollback()
        self.assertEqual(self.before, self.dump())

    def test_no_call_does_anything(self) -> None:
        for error, failing in self.failing_calls().items():
            for name, call in self.calls().items():
                with (
                    self.subTest(error=error.__name__, call=name),
                    self.failed(error, failing) as tx,
                    self.assertRaises(DBError),
                ):
                    call(tx)

    def test_a_commit_keeps_nothing(self) -> None:
        for error, failing in self.failing_calls().items():
            with self.subTest(error=error.__name__), self.failed(error, failing) as tx, self.assertRaises(DBError):
                tx.commit()

    def test_a_block_whose_error_was_caught_within_says_so_and_leaves_nothing(self) -> None:
        for number, (error, failing) in enumerate(self.failing_calls().items()):
            with self.subTest(error=error.__name__):
                with self.writer() as tx:
                    tx.update("services", TRUE, {"host": f"before {number}"})
                    with self.assertRaises(DBError), tx.savepoint():
                        tx.update("services", TRUE, {"host": "lost"})
                        with contextlib.suppress(error):
                            failing(tx)
                    # The transaction goes on from before the block, as if the error had left it.
                    self.assertEqual([f"before {number}"], [row["host"] for row in tx.select(Query("services"))])
                    tx.update("services", TRUE, {"topic": f"after {number}"})
                [row] = self.dump()["services"]
                self.assertEqual((f"before {number}", f"after {number}"), (row["host"], row["topic"]))


class TestAfterTheEnd(AfterTestCase):
    """A transaction that was committed or rolled back, be it a reader or a writer."""

    promise = 7

    def ended(self) -> Iterator[tuple[str, Transaction]]:
        """Transactions that have ended, each way."""
        for way in ("commit", "rollback"):
            for kind, begin in (("a writer", self.engine.write), ("a reader", self.engine.read)):
                tx = begin()
                tx.select(Query("instances"))
                getattr(tx, way)()
                yield f"{way} of {kind}", tx

    def test_no_call_does_anything(self) -> None:
        for way, tx in self.ended():
            for name, call in self.calls().items():
                with self.subTest(ended=way, call=name), self.assertRaises(DBError):
                    call(tx)
        self.assertEqual(self.before, self.dump())

    def test_it_is_not_committed_again_but_may_be_rolled_back(self) -> None:
        for way, tx in self.ended():
            with self.subTest(ended=way):
                with self.assertRaises(DBError):
                    tx.commit()
                tx.rollback()
