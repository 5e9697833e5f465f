"""Claiming rows that others race for: each goes to one caller, and none is missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_db.engine import Add, Col, Eq, Order, Predicate, Row, Transaction, all_of
from nova_db_conformance.engine.cases import PrimitivesTestCase, transact
from nova_db_conformance.harness.races import THREADS, Round, race

FREE = Eq("host", None)


class GiveUp(Exception):
    """A claimer changes its mind."""


class TestClaim(PrimitivesTestCase):
    """What one caller gets."""

    def test_the_first_row_is_taken(self) -> None:
        before = self.insert("fixed_ips", {"host": "x"}, {}, {})
        with self.writer() as tx:
            taken = tx.claim("fixed_ips", FREE, {"host": "me", "allocated": True})
        self.assertEqual([before[1] | {"host": "me", "allocated": True}], taken)
        self.assertEqual([before[0], taken[0], before[2]], self.select("fixed_ips"))

    def test_the_order_decides_which_is_the_first(self) -> None:
        self.insert("fixed_ips", *({"address": address} for address in ("10.0.0.1", "10.0.0.3", "10.0.0.2", None)))
        with self.writer() as tx:
            order = (Order("address", True),)
            self.assertEqual([2], [row["id"] for row in tx.claim("fixed_ips", FREE, {"host": "a"}, order=order)])
            self.assertEqual(
                [4], [row["id"] for row in tx.claim("fixed_ips", FREE, {"host": "a"}, order=(Order("address"),))]
            )

    def test_several_rows_come_in_order(self) -> None:
        self.insert("fixed_ips", *({"network_id": number} for number in (3, 1, 2, 1)))
        with self.writer() as tx:
            taken = tx.claim("fixed_ips", FREE, {"host": "a"}, order=(Order("network_id"),), limit=3)
        self.assertEqual([2, 4, 3], [row["id"] for row in taken])
        self.assertEqual([1], self.ids("fixed_ips", FREE))

    def test_fewer_are_left(self) -> None:
        self.insert("fixed_ips", {}, {})
        with self.writer() as tx:
            self.assertEqual([1, 2], [row["id"] for row in tx.claim("fixed_ips", FREE, {"host": "a"}, limit=5)])
            self.assertEqual([], tx.claim("fixed_ips", FREE, {"host": "b"}, limit=5))

    def test_a_limit_of_nothing(self) -> None:
        self.insert("fixed_ips", {})
        with self.writer() as tx:
            self.assertEqual([], tx.claim("fixed_ips", FREE, {"host": "a"}, limit=0))
        self.assertEqual([1], self.ids("fixed_ips", FREE))

    def test_values_may_be_columns_and_sums(self) -> None:
        self.insert("fixed_ips", {"network_id": 5})
        with self.writer() as tx:
            (taken,) = tx.claim("fixed_ips", FREE, {"virtual_interface_id": Col("network_id"), "network_id": Add(1)})
        self.assertRecord(taken, virtual_interface_id=5, network_id=6)

    def test_rows_are_private_copies(self) -> None:
        self.insert("fixed_ips", {})
        with self.writer() as tx:
            tx.claim("fixed_ips", FREE, {"host": "a"})[0]["host"] = "changed"
        self.assertEqual(["a"], [row["host"] for row in self.select("fixed_ips")])

    def test_a_claim_can_be_undone(self) -> None:
        self.insert("fixed_ips", {})
        tx = self.engine.write()
        tx.claim("fixed_ips", FREE, {"host": "a"})
        tx.rollback()
        self.assertEqual([1], self.ids("fixed_ips", FREE))


class TestClaimRaces(PrimitivesTestCase):
    """What many callers get."""

    def claim(self, host: str, limit: int = 1) -> list[int]:
        """Take free rows; their ids."""
        return self.transact(lambda tx: _ids(tx.claim("fixed_ips", FREE, {"host": host}, limit=limit)))

    def provide(self, count: int) -> None:
        """Have so many free rows, and no others."""
        with self.writer() as tx:
            tx.delete("fixed_ips", Eq("deleted", 0))
            tx.insert(("fixed_ips", [self.complete("fixed_ips", network_id=1) for _ in range(count)]))

    def test_n_rows_serve_n_callers(self) -> None:
        def finish(done: Round) -> None:
            rows = self.select("fixed_ips")
            taken = [key for keys in done.results for key in keys]
            self.assertEqual(sorted(row["id"] for row in rows), sorted(taken))
            for outcome in done.outcomes:
                for key in outcome.result:
                    self.assertEqual([f"host{outcome.thread}"], [row["host"] for row in rows if row["id"] == key])
            served = [keys for keys in done.results if keys]
            self.assertEqual(min(THREADS, len(rows)), len(served))

        race(
            lambda n: self.claim(f"host{n}"),
            rounds=150,
            prepare=lambda n: self.provide(n % (THREADS + 1)),
            finish=finish,
        )

    def test_rows_enough_for_all(self) -> None:
        self.provide(THREADS * 100)
        rounds = race(lambda n: self.claim(f"host{n}"), rounds=100)
        taken = [key for done in rounds for keys in done.results for key in keys]
        self.assertEqual(THREADS * 100, len(taken))
        self.assertEqual(self.ids("fixed_ips"), sorted(taken))

    def test_several_at_once(self) -> None:
        def finish(done: Round) -> None:
            taken = [key for keys in done.results for key in keys]
            self.assertEqual(self.ids("fixed_ips"), sorted(taken))
            self.assertEqual([3] * 6 + [2], sorted((len(keys) for keys in done.results if keys), reverse=True))

        race(lambda n: self.claim(f"host{n}", limit=3), rounds=80, prepare=lambda _: self.provide(20), finish=finish)

    def test_those_who_give_up_leave_no_one_short(self) -> None:
        def claim(number: int) -> list[int]:
            if number % 2:
                return self.claim(f"host{number}")

            def give_up(tx: Transaction) -> Any:
                tx.claim("fixed_ips", FREE, {"host": "undecided"}, limit=2)
                raise GiveUp

            return transact(self.engine, give_up)

        def finish(done: Round) -> None:
            self.assertEqual(THREADS // 2, len(done.errors))
            taken = [key for keys in done.results for key in keys]
            self.assertEqual(self.ids("fixed_ips"), sorted(taken))

        race(claim, rounds=150, prepare=lambda _: self.provide(THREADS // 2), finish=finish, allow=GiveUp)

    def test_a_row_given_back_is_found(self) -> None:
        self.provide(1)
        given_back, taken = self.overlapping(_claiming("first"), _claiming("second"), rollback=True)
        self.assertEqual([self.ids("fixed_ips")] * 2, [given_back, taken])
        self.assertEqual(["second"], [row["host"] for row in self.select("fixed_ips")])

    def test_a_row_taken_is_gone(self) -> None:
        self.provide(1)
        results = self.overlapping(_claiming("first"), _claiming("second"))
        self.assertEqual([[], self.ids("fixed_ips")], sorted(results))
        winner = "first" if results[0] else "second"
        self.assertEqual([winner], [row["host"] for row in self.select("fixed_ips")])

    def test_a_row_that_matches_no_more_is_passed_over(self) -> None:
        self.provide(2)
        both = self.ids("fixed_ips")
        mine = all_of(FREE, Eq("reserved", False))
        reserved, taken = self.overlapping(
            lambda tx: tx.update("fixed_ips", all_of(mine, Eq("id", both[0])), {"reserved": True}),
            _claiming("second", mine),
        )
        self.assertEqual(both[reserved:], taken)


def _claiming(host: str, where: Predicate = FREE) -> Callable[[Transaction], list[int]]:
    """The work of taking two rows at most."""
    return lambda tx: _ids(tx.claim("fixed_ips", where, {"host": host}, limit=2))


def _ids(rows: list[Row]) -> list[int]:
    return [row["id"] for row in rows]
