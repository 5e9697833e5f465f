"""Floating ips that many want at once: every address goes to one, is made once, and is taken off once."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import floating_ip_values

ROUNDS = 25


class FloatingIpRaceTestCase(ConformanceTestCase):
    """Races for addresses, each thread with a project of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.users: list[RequestContext] = [self.context(project_id=f"p{thread}") for thread in range(THREADS)]

    def allocate(self, thread: int, pool: str = "public") -> str:
        """Allocate an address to a thread's project."""
        user = self.users[thread]
        return self.api.floating_ip_allocate_address(user, user.project_id, pool)

    def owners(self) -> dict[str, str | None]:
        """The projects that live addresses are allocated to, by address."""
        return {row["address"]: row["project_id"] for row in self.db.floating_ip_get_all(self.admin)}

    def assertGivenOnce(self, done: Round, addresses: list[str]) -> None:
        """Check that the round gave out exactly these addresses, each to the project of the thread that got it."""
        self.assertEqual(sorted(addresses), sorted(done.results))
        given = {outcome.result: f"p{outcome.thread}" for outcome in done.outcomes if outcome.error is None}
        owners = self.owners()
        self.assertEqual(given, {address: owners[address] for address in given})


class TestDrainedPool(ConformanceTestCase):
    """A pool, given out to the last address."""

    def test_512_addresses_go_to_512_callers_on_16_threads_and_none_to_whoever_comes_after(self) -> None:
        pool = self.make.floating_ips(512)
        self.make.floating_ips(16, pool="other")
        users = [self.context(project_id=f"p{thread}") for thread in range(16)]
        given: list[list[str]] = [[] for _ in users]

        def drain(thread: int) -> None:
            for _ in range(8):
                address = self.db.floating_ip_allocate_address(users[thread], f"p{thread}", "public")
                given[thread].append(address)

        race(drain, threads=16, rounds=4)
        self.assertEqual(sorted(pool), sorted(address for taken in given for address in taken))
        for thread, taken in enumerate(given):
            with self.subTest(thread=thread, taken=taken):
                held = self.db.floating_ip_get_all_by_project(users[thread], f"p{thread}")
                self.assertEqual(sorted(taken), sorted(row["address"] for row in held))
        [late] = race(drain, threads=16, rounds=1, allow=exceptions.NoMoreFloatingIps)
        self.assertEqual([exceptions.NoMoreFloatingIps] * 16, [type(error) for error in late.errors])
        self.assertEqual(512, sum(len(taken) for taken in given))


class TestAllocationRaces(FloatingIpRaceTestCase):
    """``floating_ip_allocate_address``."""

    def test_a_pool_for_half_of_the_callers_serves_exactly_half(self) -> None:
        pool: list[str] = []

        def prepare(_: int) -> None:
            pool[:] = self.make.floating_ips(THREADS // 2)

        def finish(done: Round) -> None:
            self.assertGivenOnce(done, pool)
            self.assertEqual([exceptions.NoMoreFloatingIps] * (THREADS // 2), [type(error) for error in done.errors])

        race(self.allocate, rounds=ROUNDS, prepare=prepare, finish=finish, allow=exceptions.NoMoreFloatingIps)

    def test_callers_on_two_drivers_share_a_pool(self) -> None:
        drivers = (self.driver, self.another_driver())
        pool = self.make.floating_ips(THREADS * 10)
        rounds = race(
            lambda thread: drivers[thread % 2].floating_ip_allocate_address(self.users[thread], f"p{thread}", "public"),
            rounds=10,
        )
        given = {outcome.result: f"p{outcome.thread}" for done in rounds for outcome in done.outcomes}
        self.assertEqual(sorted(pool), sorted(given))
        self.assertEqual(given, self.owners())

    def test_nobody_is_turned_away_while_addresses_come_and_go(self) -> None:
        """There are as many addresses as threads, and each thread gives its own back before it takes another."""
        self.make.floating_ips(THREADS)

        def compete(thread: int) -> None:
            for _ in range(3):
                self.db.floating_ip_deallocate(self.users[thread], self.allocate(thread))

        race(compete, rounds=10)
        self.assertEqual({None}, set(self.owners().values()))

    def test_an_address_that_is_put_on_a_fixed_ip_meanwhile_is_either_free_or_not(self) -> None:
        """One thread puts the only address on a fixed ip; who allocates it got it before."""
        fixed = self.make.fixed_ip_record()
        addresses: list[Any] = []

        def compete(thread: int) -> Any:
            if thread:
                return self.allocate(thread)
            self.db.floating_ip_fixed_ip_associate(self.admin, addresses[-1], fixed["address"], "host1")
            return None

        def finish(done: Round) -> None:
            row = self.db.floating_ip_get_by_address(self.admin, addresses[-1])
            self.assertRecord(row, fixed_ip_id=fixed["id"])
            allocated = [outcome for outcome in done.outcomes if outcome.result]
            self.assertEqual([row["project_id"]], [f"p{outcome.thread}" for outcome in allocated] or [None])

        race(
            compete,
            rounds=ROUNDS,
            prepare=lambda _: addresses.append(self.make.floating_ip()),
            finish=finish,
            allow=exceptions.NoMoreFloatingIps,
        )


class TestCreationRaces(FloatingIpRaceTestCase):
    """One address that all make."""

    address = ""

    def new_address(self, number: int) -> None:
        """Go on with an address that is not there."""
        self.address = f"2001:db8::{number + 1:x}"

    def spelling(self, thread: int) -> str:
        """One of two ways to write the address."""
        return self.address if thread % 2 else self.address.replace("db8::", "0DB8:0::")

    def assertAddressMadeOnce(self, done: Round) -> None:
        """Check that one thread succeeded, that its row is the only one, and that all others were told."""
        [winner] = [outcome.thread for outcome in done.outcomes if outcome.error is None]
        self.assertOneWon(done, exceptions.FloatingIpExists)
        rows = [row for row in self.db.floating_ip_get_all(self.admin) if row["address"] == self.address]
        self.assertEqual([f"host{winner}"], [row["host"] for row in rows])

    def create(self, thread: int) -> None:
        self.db.floating_ip_create(self.admin, {"address": self.spelling(thread), "host": f"host{thread}"})

    def bulk_create(self, thread: int) -> None:
        ips = [floating_ip_values(), {"address": self.spelling(thread), "host": f"host{thread}"}]
        self.db.floating_ip_bulk_create(self.admin, ips[:: 1 - thread % 2 * 2])

    def test_an_address_is_made_once(self) -> None:
        race(
            self.create,
            rounds=ROUNDS,
            prepare=self.new_address,
            finish=self.assertAddressMadeOnce,
            allow=exceptions.FloatingIpExists,
        )
        self.assertEqual(ROUNDS, len(self.dump()["floating_ips"]))

    def test_an_address_of_several_batches_is_made_once_and_the_other_batches_are_not_stored(self) -> None:
        race(
            self.bulk_create,
            rounds=ROUNDS,
            prepare=self.new_address,
            finish=self.assertAddressMadeOnce,
            allow=exceptions.FloatingIpExists,
        )
        self.assertEqual(2 * ROUNDS, len(self.dump()["floating_ips"]))

    def test_an_address_made_alone_and_in_batches_is_made_once(self) -> None:
        race(
            lambda thread: (self.create, self.bulk_create)[thread // 2 % 2](thread),
            rounds=ROUNDS,
            prepare=self.new_address,
            finish=self.assertAddressMadeOnce,
            allow=exceptions.FloatingIpExists,
        )

    def test_batches_that_overlap_crosswise_are_stored_whole_or_not_at_all(self) -> None:
        def batch(thread: int) -> None:
            addresses = [f"{self.address}:{place % 4}" for place in (thread, thread + 1)]
            ips = [{"address": address, "host": f"host{thread}"} for address in addresses]
            self.db.floating_ip_bulk_create(self.admin, ips)

        def finish(done: Round) -> None:
            rows = self.db.floating_ip_get_all(self.admin)[-2 * len(done.results) :]
            winners = sorted(f"host{outcome.thread}" for outcome in done.outcomes if outcome.error is None)
            self.assertEqual(sorted(winners * 2), sorted(row["host"] for row in rows))
            self.assertEqual(len(rows), len({row["address"] for row in rows}))
            self.assertIn(len(winners), (1, 2))

        race(
            batch,
            rounds=ROUNDS,
            prepare=lambda number: setattr(self, "address", f"2001:db8::{number + 1:x}"),
            finish=finish,
            allow=exceptions.FloatingIpExists,
        )

    def test_an_address_destroyed_and_made_again_has_one_live_row(self) -> None:
        self.address = "203.0.113.7"

        def compete(thread: int) -> None:
            if thread % 2:
                self.db.floating_ip_bulk_destroy(self.admin, [{"address": self.address}])
            else:
                self.db.floating_ip_create(self.admin, {"address": self.address})

        def finish(done: Round) -> None:
            live = [row for row in self.dump()["floating_ips"] if not row["deleted"]]
            self.assertLessEqual(len(live), 1)
            self.assertGreaterEqual(len(done.results), THREADS // 2)

        race(compete, rounds=ROUNDS, finish=finish, allow=exceptions.FloatingIpExists)


class TestAssociationRaces(FloatingIpRaceTestCase):
    """``floating_ip_fixed_ip_associate`` and ``floating_ip_disassociate``."""

    def test_one_of_those_who_disassociate_gets_the_fixed_ip(self) -> None:
        fixed = self.make.fixed_ip_record()
        address = self.make.floating_ip()

        def finish(done: Round) -> None:
            [found] = [result for result in done.results if result is not None]
            self.assertRecord(found, id=fixed["id"], network=None)
            self.assertEqual(THREADS, len(done.results))

        race(
            lambda _: self.db.floating_ip_disassociate(self.admin, address),
            rounds=ROUNDS,
            prepare=lambda _: self.db.floating_ip_update(self.admin, address, {"fixed_ip_id": fixed["id"]}),
            finish=finish,
        )

    def test_one_of_those_who_associate_gets_the_fixed_ip(self) -> None:
        fixed = self.make.fixed_ip_record()
        address = self.make.floating_ip()

        def finish(done: Round) -> None:
            [winner] = [outcome for outcome in done.outcomes if outcome.result is not None]
            row = self.db.floating_ip_get_by_address(self.admin, address)
            self.assertRecord(row, fixed_ip_id=fixed["id"], host=f"host{winner.thread}")
            self.db.floating_ip_disassociate(self.admin, address)

        race(
            lambda thread: self.db.floating_ip_fixed_ip_associate(
                self.admin, address, fixed["address"], f"host{thread}"
            ),
            rounds=ROUNDS,
            finish=finish,
        )

    def test_the_last_association_is_stored_whole_and_deadlocks_are_not_reported(self) -> None:
        """Threads put two addresses on fixed ips crosswise, each with a host that tells who was last."""
        fixed = [self.make.fixed_ip_record() for _ in range(THREADS)]
        floating = [self.make.floating_ip() for _ in range(2)]

        def compete(thread: int) -> None:
            for which in (thread % 2, 1 - thread % 2):
                arguments = (floating[which], fixed[thread]["address"], f"host{thread}")
                self.db.floating_ip_fixed_ip_associate(self.admin, *arguments)

        def finish(_: Round) -> None:
            for address in floating:
                row = self.db.floating_ip_get_by_address(self.admin, address)
                self.assertEqual(f"host{[each['id'] for each in fixed].index(row['fixed_ip_id'])}", row["host"])

        race(compete, rounds=ROUNDS, finish=finish)

    def test_a_user_does_not_change_an_address_of_its_next_project(self) -> None:
        """The address moves from the user's project to another while the user writes to it."""
        address = self.make.floating_ip()

        def move() -> None:
            self.db.floating_ip_update(self.admin, address, {"project_id": "p2", "interface": None})

        def write() -> None:
            self.db.floating_ip_update(self.user, address, {"interface": "mine"})

        def finish(done: Round) -> None:
            row = self.db.floating_ip_get_by_address(self.admin, address)
            self.assertRecord(row, project_id="p2", interface=None)
            self.assertLessEqual(len(done.errors), 1)

        race(
            [move, write],
            rounds=60,
            prepare=lambda _: self.db.floating_ip_update(self.admin, address, {"project_id": "p1"}),
            finish=finish,
            allow=exceptions.NotAuthorized,
        )
