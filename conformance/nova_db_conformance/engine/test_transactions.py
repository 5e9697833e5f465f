"""All or nothing: commit, rollback, savepoints, and readers that cannot write."""

from __future__ import annotations

from collections.abc import Callable

from nova_db.engine import TRUE, Add, Eq, Query, Row, Transaction
from nova_db.exceptions import DBDuplicateEntry, DBError, DBReferenceError
from nova_db_conformance.engine.cases import PrimitivesTestCase, in_thread


class Oops(Exception):
    """An error that has nothing to do with the database."""


class TransactionsTestCase(PrimitivesTestCase):
    """A test with an instance that has two items of metadata, and two services."""

    def setUp(self) -> None:
        super().setUp()
        self.insert("instances", {"uuid": "a", "host": "h"})
        self.insert("instance_metadata", *({"instance_uuid": "a", "key": key} for key in "xy"))
        self.insert("services", {"host": "h1"}, {"host": "h2"})
        self.before = self.dump()

    def service(self, host: str) -> Row:
        """A row to insert."""
        return self.complete("services", host=host)

    def hosts(self) -> list[str]:
        """The services' hosts that are committed."""
        return [row["host"] for row in self.select("services")]

    def writing_calls(self) -> dict[str, Callable[[Transaction], object]]:
        """One call of each primitive that writes."""
        return {
            "insert": lambda tx: tx.insert(
                ("services", [self.service("new")]), ("instances", [self.complete("instances")])
            ),
            "update": lambda tx: tx.update("services", TRUE, {"host": "new"}),
            "update_returning": lambda tx: tx.update_returning(Query("services"), {"report_count": Add(1)}),
            "update_each": lambda tx: tx.update_each("services", [(1, {"host": "new"}), (2, {"host": None})]),
            "claim": lambda tx: tx.claim("services", TRUE, {"host": "new"}, limit=2),
            "delete": lambda tx: tx.delete("instance_metadata", TRUE),
            "move": lambda tx: tx.move("services", "shadow_services", TRUE),
        }


class TestRollback(TransactionsTestCase):
    """A transaction that is rolled back leaves nothing."""

    promise = "Transaction.rollback"

    def test_every_write_is_undone(self) -> None:
        for name, call in self.writing_calls().items():
            with self.subTest(name):
                tx = self.engine.write()
                call(tx)
                tx.rollback()
                self.assertEqual(self.before, self.dump())

    def test_all_writes_are_undone_together(self) -> None:
        tx = self.engine.write()
        for call in self.writing_calls().values():
            call(tx)
        tx.delete("instances", TRUE)
        tx.insert(("instances", [self.complete("instances", uuid="a")]))
        tx.rollback()
        self.assertEqual(self.before, self.dump())

    def test_what_was_undone_can_be_done(self) -> None:
        for _ in range(2):
            tx = self.engine.write()
            tx.insert(("instances", [self.complete("instances", uuid="b")]))
            tx.rollback()
        self.insert("instances", {"uuid": "b"})
        with self.raises(DBReferenceError, table="instance_metadata"), self.writer() as tx:
            tx.delete("instances", Eq("uuid", "a"))

    def test_a_writer_that_only_reads(self) -> None:
        for end in ("commit", "rollback"):
            with self.subTest(end=end):
                tx = self.engine.write()
                self.assertEqual(2, len(tx.select(Query("services"))))
                getattr(tx, end)()
        self.assertEqual(self.before, self.dump())

    def test_a_writer_that_does_nothing(self) -> None:
        self.engine.write().commit()
        self.engine.write().rollback()
        self.assertEqual(self.before, self.dump())


class TestCommit(TransactionsTestCase):
    """A transaction that is committed shows at once and as a whole."""

    def test_the_writes_show(self) -> None:
        tx = self.engine.write()
        tx.insert(("services", [self.service("h3")]))
        tx.update("services", Eq("host", "h1"), {"host": "h0"})
        tx.delete("services", Eq("host", "h2"))
        tx.commit()
        self.assertEqual(["h0", "h3"], self.hosts())
        self.assertEqual(["h0", "h3"], in_thread(self.hosts).result(60))

    def test_others_do_not_see_what_is_not_committed(self) -> None:
        tx = self.engine.write()
        tx.insert(("services", [self.service("h3")]))
        tx.update("services", Eq("host", "h1"), {"host": "h0"})
        other = in_thread(self.hosts)
        self.let_others_run()
        tx.rollback()
        self.assertEqual(["h1", "h2"], self.outcome(other))

    def test_others_see_all_of_it_or_nothing(self) -> None:
        tx = self.engine.write()
        tx.insert(("services", [self.service("h3")]))
        other = in_thread(self.hosts)
        self.let_others_run()
        tx.insert(("services", [self.service("h4")]))
        tx.commit()
        self.assertIn(self.outcome(other), (["h1", "h2"], ["h1", "h2", "h3", "h4"]))
        self.assertEqual(["h1", "h2", "h3", "h4"], self.hosts())


class TestSavepoints(TransactionsTestCase):
    """A block within a transaction, undone as a whole and alone."""

    promise = "Transaction.savepoint"

    def test_a_block_that_ends_well_is_kept(self) -> None:
        with self.writer() as tx:
            with tx.savepoint():
                tx.insert(("services", [self.service("h3")]))
            tx.insert(("services", [self.service("h4")]))
        self.assertEqual(["h1", "h2", "h3", "h4"], self.hosts())

    def test_a_block_that_an_exception_leaves_is_undone(self) -> None:
        for name, call in self.writing_calls().items():
            with self.subTest(name=name, call=call):
                with self.subTest(name), self.writer() as tx, self.raises(Oops), tx.savepoint():
                    call(tx)
                    raise Oops
                self.assertEqual(self.before, self.dump())

    def test_only_the_block_is_undone(self) -> None:
        with self.writer() as tx:
            tx.update("services", Eq("id", 1), {"host": "first"})
            with self.raises(Oops), tx.savepoint():
                tx.update("services", TRUE, {"host": "lost"})
                tx.insert(("services", [self.service("lost")]))
                raise Oops
            self.assertEqual(["first", "h2"], [row["host"] for row in tx.select(Query("services"))])
            tx.update("services", Eq("id", 2), {"host": "second"})
        self.assertEqual(["first", "second"], self.hosts())

    def test_a_block_goes_with_its_transaction(self) -> None:
        tx = self.engine.write()
        with tx.savepoint():
            tx.insert(("services", [self.service("lost")]))
        tx.rollback()
        self.assertEqual(self.before, self.dump())

    def test_blocks_nest(self) -> None:
        with self.writer() as tx, tx.savepoint():
            tx.insert(("services", [self.service("outer")]))
            with self.raises(Oops), tx.savepoint():
                tx.insert(("services", [self.service("lost")]))
                with tx.savepoint():
                    tx.insert(("services", [self.service("lost too")]))
                raise Oops
            with tx.savepoint():
                tx.insert(("services", [self.service("inner")]))
        self.assertEqual(["h1", "h2", "outer", "inner"], self.hosts())

    def test_an_outer_block_takes_the_inner_one_along(self) -> None:
        with self.writer() as tx, self.raises(Oops), tx.savepoint():
            with tx.savepoint():
                tx.insert(("services", [self.service("lost")]))
            raise Oops
        self.assertEqual(self.before, self.dump())

    def test_after_an_error_the_transaction_goes_on_from_before_the_block(self) -> None:
        with self.writer() as tx:
            tx.insert(("services", [self.service("h3")]))
            with self.raises(DBDuplicateEntry, table="instances"), tx.savepoint():
                tx.insert(("services", [self.service("lost")]), ("instances", [self.complete("instances", uuid="a")]))
            with self.raises(DBReferenceError, table="instance_metadata"), tx.savepoint():
                tx.update("services", TRUE, {"host": "lost"})
                tx.delete("instances", TRUE)
            self.assertEqual(["h1", "h2", "h3"], [row["host"] for row in tx.select(Query("services"))])
            tx.insert(("services", [self.service("h4")]))
        self.assertEqual(["h1", "h2", "h3", "h4"], self.hosts())

    def test_an_error_in_an_inner_block_spares_the_outer_one(self) -> None:
        with self.writer() as tx, tx.savepoint():
            tx.insert(("services", [self.service("h3")]))
            with self.raises(DBDuplicateEntry), tx.savepoint():
                tx.insert(("services", [self.service("lost") | {"id": 1}]))
            tx.insert(("services", [self.service("h4")]))
        self.assertEqual(["h1", "h2", "h3", "h4"], self.hosts())

    def test_a_rule_holds_for_what_a_block_has_undone(self) -> None:
        with self.writer() as tx:
            with self.raises(Oops), tx.savepoint():
                tx.insert(("instances", [self.complete("instances", uuid="b")]))
                tx.delete("instance_metadata", TRUE)
                raise Oops
            tx.insert(("instances", [self.complete("instances", uuid="b")]))
            with self.raises(DBReferenceError), tx.savepoint():
                tx.delete("instances", Eq("uuid", "a"))
        self.assertEqual(["a", "b"], [row["uuid"] for row in self.select("instances")])

    def test_many_blocks(self) -> None:
        with self.writer() as tx:
            for number in range(300):
                try:
                    with tx.savepoint():
                        tx.insert(("services", [self.service(f"n{number}")]))
                        if number % 3:
                            raise Oops
                except Oops:
                    pass
        self.assertEqual(["h1", "h2", *(f"n{number}" for number in range(0, 300, 3))], self.hosts())

    def test_exceptions_of_every_kind_undo(self) -> None:
        for error in (Oops, KeyboardInterrupt, GeneratorExit):
            with self.subTest(error=error):
                with self.subTest(error.__name__), self.writer() as tx, self.raises(error), tx.savepoint():
                    tx.insert(("services", [self.service("lost")]))
                    raise error
                self.assertEqual(self.before, self.dump())


class TestReaders(TransactionsTestCase):
    """A reader reads, and never becomes a writer."""

    promise = 8

    def test_no_call_of_a_reader_writes(self) -> None:
        for name, call in self.writing_calls().items():
            with self.subTest(name):
                tx = self.engine.read()
                try:
                    with self.assertRaises(DBError):
                        call(tx)
                finally:
                    tx.rollback()
                self.assertEqual(self.before, self.dump())

    def test_a_reader_takes_neither_names_nor_locks(self) -> None:
        calls: dict[str, Callable[[Transaction], object]] = {
            "serialize": lambda tx: tx.serialize("a name"),
            "serialize of nothing": lambda tx: tx.serialize(),
            "lock": lambda tx: tx.select(Query("services", lock=True)),
            "lock of nothing": lambda tx: tx.select(Query("services", Eq("host", "none"), limit=1, lock=True)),
        }
        for snapshot in (True, False):
            for name, call in calls.items():
                with self.subTest(snapshot=snapshot, call=name):
                    tx = self.engine.read(snapshot=snapshot)
                    try:
                        with self.assertRaises(DBError):
                            call(tx)
                    finally:
                        tx.rollback()
        with self.writer() as tx:  # which finds all of it free
            for name, call in calls.items():
                with self.subTest(writer=name):
                    call(tx)

    def test_a_reader_ends_either_way(self) -> None:
        for snapshot in (True, False):
            for end in ("commit", "rollback"):
                with self.subTest(snapshot=snapshot, end=end):
                    tx = self.engine.read(snapshot=snapshot)
                    self.assertEqual(2, len(tx.select(Query("services"))))
                    getattr(tx, end)()
        self.engine.read().commit()
        self.engine.read().rollback()
        self.insert("services", {"host": "h3"})
        self.assertEqual(["h1", "h2", "h3"], self.hosts())

    def test_the_engine_can_be_closed_and_used_again(self) -> None:
        self.engine.close()
        self.assertEqual(["h1", "h2"], self.hosts())
        self.engine.close()
        self.engine.close()
        self.insert("services", {"host": "h3"})
        self.assertEqual(["h1", "h2", "h3"], self.hosts())
