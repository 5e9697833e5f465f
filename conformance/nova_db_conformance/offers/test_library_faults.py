"""Errors of the library below an engine: none comes through the calls of a transaction, and none leaves half of one."""

from __future__ import annotations

from collections.abc import Callable

from nova_db import offers
from nova_db.engine import Eq, Isolation, Query, Transaction
from nova_db.engine.watching import Plan
from nova_db.exceptions import DBCommitUnknown, DBError
from nova_db.schema import TABLES
from nova_db_conformance.harness.base import EngineTestCase
from nova_db_conformance.harness.failures import MOST_CALLS

SERVICES = TABLES["services"]
HOSTS = ("one", "two")


class TestLibraryFaults(EngineTestCase):
    promise = "Errors"

    def faults(self) -> offers.LibraryFaults:
        """The engine, where it can have its library fail."""
        found = offers.LIBRARY_FAULTS.of(self.engine)
        if found is None:
            self.skipTest(f"the engine of {self.backend} does not offer failing_library()")
        assert found is not None
        return found

    def read(self) -> None:
        """A reader of one state, of two calls."""
        tx = self.engine.read()
        self.ended(tx, self.look)

    def look(self, tx: Transaction) -> None:
        tx.select(Query("services", Eq("host", HOSTS[0])))
        tx.aggregate("services")

    def write(self, isolation: Isolation) -> None:
        """A writer that stores two hosts, one of them within a savepoint."""

        def store(tx: Transaction) -> None:
            tx.serialize("a name")
            tx.insert(("services", [SERVICES.insert_values({"host": HOSTS[0]})]))
            with tx.savepoint():
                tx.insert(("services", [SERVICES.insert_values({"host": "two?"})]))
                tx.update("services", Eq("host", "two?"), {"host": HOSTS[1]})
            tx.select(Query("services"))

        self.ended(self.engine.write(isolation=isolation), store)

    def ended(self, tx: Transaction, work: Callable[[Transaction], None]) -> None:
        try:
            work(tx)
        except BaseException:
            tx.rollback()
            raise
        tx.commit()

    def hosts(self) -> tuple[str, ...]:
        with self.reader() as tx:
            return tuple(sorted(row["host"] for row in tx.select(Query("services"))))

    def outcome(self, error: BaseException, at: int, work: Callable[[], None], hosts: tuple[str, ...]) -> Plan:
        """Do some work in which a call of the library fails; what comes of it is told, and is all or nothing."""
        raised: BaseException | None = None
        with self.faults().failing_library(lambda: error, at) as plan:
            try:
                work()
            except BaseException as found:  # noqa: BLE001 - whatever comes through is told below
                raised = found
        where = f"after {error!r} in call {at} of the library"
        if raised is not None and not isinstance(raised, DBError):
            self.fail(f"{type(raised).__qualname__} came through {where}: expected a DBError")
        expected = [(), hosts] if isinstance(raised, DBCommitUnknown) else [hosts if raised is None else ()]
        self.assertIn(self.hosts(), expected, where)
        self.empty()
        return plan

    def failing_everywhere(self, work: Callable[[], None], hosts: tuple[str, ...] = HOSTS) -> None:
        """Have each call of the library that some work makes fail, with each of its errors; it stores these hosts."""
        errors = self.faults().library_errors()
        self.assertGreater(len(errors), 0, "no kind of error is offered")
        for name, make in errors.items():
            with self.subTest(error=name):
                for at in range(1, MOST_CALLS):  # one story
                    if not self.outcome(make(), at, work, hosts).happened:
                        break
                self.assertGreater(at, 2, "the work makes no calls of the library")

    def test_readers(self) -> None:
        self.failing_everywhere(self.read, ())

    def test_plain_writers(self) -> None:
        self.failing_everywhere(lambda: self.write(Isolation.READ_COMMITTED))

    def test_isolated_writers(self) -> None:
        self.failing_everywhere(lambda: self.write(Isolation.SERIALIZABLE))
