"""Fixed ips that many want at once: every address goes to one, and to everyone who comes in time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import fixed_ip_values

ROUNDS = 25
NETWORK, OTHER_NETWORK = 7, 8


class FixedIpRaceTestCase(ConformanceTestCase):
    """Races for the addresses of a network, each thread for an instance of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.uuids: list[str] = [self.make.instance()["uuid"] for _ in range(THREADS)]

    def take(self, thread: int, network: int | None = NETWORK) -> str:
        """Take an address for a thread's instance."""
        return self.api.fixed_ip_associate_pool(self.admin, network, self.uuids[thread % len(self.uuids)])

    def holders(self) -> dict[str, str | None]:
        """The instances that addresses were given to, by address."""
        return {row["address"]: row["instance_uuid"] for row in self.db.fixed_ip_get_all(self.admin)}

    def assertGivenOnce(self, done: Round, addresses: list[str]) -> None:
        """Check that the round gave out exactly these addresses, each to the instance of the thread that got it."""
        self.assertEqual(sorted(addresses), sorted(done.results))
        given = {outcome.result: self.uuids[outcome.thread] for outcome in done.outcomes if outcome.error is None}
        holders = self.holders()
        self.assertEqual(given, {address: holders[address] for address in given})


class TestDrainedPool(ConformanceTestCase):
    """A large pool, given out to the last address."""

    def test_4096_addresses_go_to_4096_callers_on_16_threads_and_none_to_whoever_comes_after(self) -> None:
        pool = self.make.fixed_ips(4096, network_id=NETWORK)
        uuids = [self.make.instance()["uuid"] for _ in range(16)]
        given: dict[str, list[str]] = {uuid: [] for uuid in uuids}

        def drain(thread: int) -> None:
            for _ in range(16):
                address = self.db.fixed_ip_associate_pool(self.admin, NETWORK, uuids[thread])
                given[uuids[thread]].append(address)

        race(drain, threads=16, rounds=16)
        self.assertEqual(sorted(pool), sorted(address for taken in given.values() for address in taken))
        for uuid, taken in given.items():
            with self.subTest(uuid=uuid, taken=taken):
                held = self.db.fixed_ip_get_by_instance(self.admin, uuid)
                self.assertEqual(sorted(taken), sorted(row["address"] for row in held))
        [late] = race(drain, threads=16, rounds=1, allow=exceptions.NoMoreFixedIps)
        self.assertEqual([exceptions.NoMoreFixedIps] * 16, [type(error) for error in late.errors])
        self.assertEqual(4096, sum(len(taken) for taken in given.values()))


class TestPoolRaces(FixedIpRaceTestCase):
    """``fixed_ip_associate_pool``."""

    def test_a_pool_for_half_of_the_callers_serves_exactly_half(self) -> None:
        pool: list[str] = []

        def prepare(_: int) -> None:
            pool[:] = self.make.fixed_ips(THREADS // 2, network_id=NETWORK)

        def finish(done: Round) -> None:
            self.assertGivenOnce(done, pool)
            self.assertEqual([exceptions.NoMoreFixedIps] * (THREADS // 2), [type(error) for error in done.errors])

        race(self.take, rounds=ROUNDS, prepare=prepare, finish=finish, allow=exceptions.NoMoreFixedIps)

    def test_a_pool_for_all_callers_serves_all_of_them(self) -> None:
        pool: list[str] = []

        def prepare(_: int) -> None:
            pool[:] = self.make.fixed_ips(THREADS, network_id=NETWORK)

        race(self.take, rounds=ROUNDS, prepare=prepare, finish=lambda done: self.assertGivenOnce(done, pool))

    def test_hosts_on_two_drivers_share_a_pool(self) -> None:
        drivers = (self.driver, self.another_driver())
        pool = self.make.fixed_ips(THREADS * 10, network_id=NETWORK)
        rounds = race(
            lambda thread: drivers[thread % 2].fixed_ip_associate_pool(self.admin, NETWORK, host=f"host{thread}"),
            rounds=10,
        )
        given = {outcome.result: f"host{outcome.thread}" for done in rounds for outcome in done.outcomes}
        self.assertEqual(sorted(pool), sorted(given))
        self.assertEqual(given, {row["address"]: row["host"] for row in self.db.fixed_ip_get_all(self.admin)})

    def test_addresses_of_no_network_go_to_one_of_the_networks(self) -> None:
        pool: list[str] = []

        def prepare(_: int) -> None:
            pool[:] = self.make.fixed_ips(2, network_id=NETWORK) + self.make.fixed_ips(THREADS - 4)

        def finish(done: Round) -> None:
            self.assertEqual(sorted(pool), sorted(done.results))
            self.assertEqual([exceptions.NoMoreFixedIps] * 2, [type(error) for error in done.errors])
            networks = {row["address"]: row["network_id"] for row in self.db.fixed_ip_get_all(self.admin)}
            given = [outcome for outcome in done.outcomes if outcome.error is None]
            expected = {outcome.result: (NETWORK, OTHER_NETWORK)[outcome.thread % 2] for outcome in given}
            self.assertEqual(expected, {address: networks[address] for address in expected})

        race(
            lambda thread: self.take(thread, (NETWORK, OTHER_NETWORK)[thread % 2]),
            rounds=ROUNDS,
            prepare=prepare,
            finish=finish,
            allow=exceptions.NoMoreFixedIps,
        )

    def test_nobody_is_turned_away_while_addresses_come_and_go(self) -> None:
        """There are as many addresses as threads, and each thread gives its own back before it takes another."""
        self.make.fixed_ips(THREADS // 2, network_id=NETWORK)
        self.make.fixed_ips(THREADS // 2)

        def compete(thread: int) -> None:
            for _ in range(3):
                self.db.fixed_ip_disassociate(self.admin, self.take(thread))

        race(compete, rounds=10)
        self.assertEqual({None}, set(self.holders().values()))

    def test_nobody_is_turned_away_while_another_address_becomes_the_free_one(self) -> None:
        """At every moment one of two addresses is free, the network's or the one of no network."""
        [own], [nobodys] = (
            self.make.fixed_ips(1, network_id=NETWORK, instance_uuid=self.uuids[0]),
            self.make.fixed_ips(1),
        )

        def swap() -> None:
            for _ in range(10):
                self.db.fixed_ip_disassociate(self.admin, own)
                self.db.fixed_ip_associate(self.admin, nobodys, self.uuids[0])
                self.db.fixed_ip_disassociate(self.admin, nobodys)
                self.db.fixed_ip_associate(self.admin, own, self.uuids[0], NETWORK)

        def look() -> set[str]:
            return {self.db.fixed_ip_associate_pool(self.admin, NETWORK) for _ in range(40)}

        def finish(done: Round) -> None:
            self.assertEqual(set(), set().union(*done.results[1:]) - {own, nobodys})

        race([swap, look, look], rounds=8, finish=finish)

    def test_an_address_given_back_by_a_transaction_that_fails_or_not_is_there_for_the_next(self) -> None:
        [address] = self.make.fixed_ips(1, network_id=NETWORK)

        def compete(thread: int) -> str | None:
            if thread:
                return self.take(thread)
            try:
                with self.db.transaction(self.admin):
                    self.take(thread)
                    raise LookupError
            except (LookupError, exceptions.NoMoreFixedIps, exceptions.DBDeadlock):
                return None

        def finish(done: Round) -> None:
            self.assertEqual([address], [result for result in done.results if result])
            self.db.fixed_ip_disassociate(self.admin, address)

        race(compete, rounds=ROUNDS, finish=finish, allow=exceptions.NoMoreFixedIps)


class TestAssociationRaces(FixedIpRaceTestCase):
    """One address that all want."""

    def test_an_address_goes_to_one(self) -> None:
        address: str = self.make.fixed_ip(network_id=NETWORK) or ""

        def finish(done: Round) -> None:
            self.assertGivenOnce(done, [address])
            losers = [outcome for outcome in done.outcomes if outcome.error is not None]
            for outcome in losers:
                assert isinstance(outcome.error, exceptions.FixedIpAlreadyInUse)
                self.assertEqual(self.uuids[outcome.thread], outcome.error.kwargs["instance_uuid"])
            self.assertEqual(THREADS - 1, len(losers))
            self.db.fixed_ip_disassociate(self.admin, address)

        race(
            lambda thread: self.db.fixed_ip_associate(self.admin, address, self.uuids[thread], NETWORK),
            rounds=ROUNDS,
            finish=finish,
            allow=exceptions.FixedIpAlreadyInUse,
        )

    def test_an_address_of_no_network_goes_to_one_network_and_the_others_do_not_find_it(self) -> None:
        addresses: list[Any] = []

        def finish(done: Round) -> None:
            self.assertGivenOnce(done, addresses[-1:])
            [winner] = [outcome.thread for outcome in done.outcomes if outcome.error is None]
            row = self.db.fixed_ip_get_by_address(self.admin, addresses[-1])
            self.assertRecord(row, network_id=winner + 1)

        race(
            lambda thread: self.db.fixed_ip_associate(self.admin, addresses[-1], self.uuids[thread], thread + 1),
            rounds=ROUNDS,
            prepare=lambda _: addresses.append(self.make.fixed_ip()),
            finish=finish,
            allow=(exceptions.FixedIpAlreadyInUse, exceptions.FixedIpNotFoundForNetwork),
        )

    def test_of_a_pool_and_a_named_address_each_is_given_once(self) -> None:
        pool: list[str] = []

        def prepare(_: int) -> None:
            pool[:] = self.make.fixed_ips(THREADS // 2, network_id=NETWORK)

        def compete(thread: int) -> str:
            if thread % 2:
                return self.take(thread)
            return self.api.fixed_ip_associate(self.admin, pool[thread // 2], self.uuids[thread], NETWORK)

        race(
            compete,
            rounds=ROUNDS,
            prepare=prepare,
            finish=lambda done: self.assertGivenOnce(done, pool),
            allow=(exceptions.NoMoreFixedIps, exceptions.FixedIpAlreadyInUse),
        )

    def test_a_user_does_not_change_an_address_of_its_next_instance(self) -> None:
        """The address moves from the user's instance to another project's while the user gives it back or writes."""
        theirs = self.make.instance(project_id="p2")["uuid"]
        address: str = self.make.fixed_ip(network_id=NETWORK) or ""

        def move() -> None:
            self.db.fixed_ip_update(self.admin, address, {"instance_uuid": theirs, "host": None})

        def give_back() -> None:
            self.db.fixed_ip_disassociate(self.user, address)

        def write() -> None:
            self.db.fixed_ip_update(self.user, address, {"host": "mine"})

        def finish(_: Round) -> None:
            row = self.db.fixed_ip_get_by_address(self.admin, address)
            self.assertRecord(row, instance_uuid=theirs, host=None)

        for change in (give_back, write):
            race(
                [move, change],
                rounds=60,
                prepare=lambda _: self.db.fixed_ip_update(self.admin, address, {"instance_uuid": self.uuids[0]}),
                finish=finish,
                allow=exceptions.NotAuthorized,
            )


class TestTimeoutRaces(FixedIpRaceTestCase):
    """``fixed_ip_disassociate_all_by_timeout``."""

    def setUp(self) -> None:
        super().setUp()
        self.network: int = self.make.network(host="router", multi_host=True)["id"]
        self.old = dt.datetime(2013, 3, 1, 12)
        self.limit = self.old + dt.timedelta(hours=1)

    def stale(self, count: int) -> list[str]:
        """Addresses that are to be taken back."""
        values = {"network_id": self.network, "instance_uuid": self.uuids[0], "leased": True, "updated_at": self.old}
        return self.make.fixed_ips(count, **values)

    def test_every_address_is_taken_back_and_counted_once(self) -> None:
        def finish(done: Round) -> None:
            self.assertEqual(20, sum(done.results))
            self.assertEqual({None}, set(self.holders().values()))

        race(
            lambda thread: self.db.fixed_ip_disassociate_all_by_timeout(
                self.admin, ("host1", "router")[thread % 2], self.limit
            ),
            rounds=ROUNDS,
            prepare=lambda _: self.stale(20),
            finish=finish,
        )

    def test_an_address_in_use_again_is_spared(self) -> None:
        addresses: list[str] = []

        def prepare(_: int) -> None:
            addresses[:] = self.stale(4)

        def compete(thread: int) -> Any:
            if thread < 4:
                return self.db.fixed_ip_update(self.admin, addresses[thread], {"allocated": True})
            return self.db.fixed_ip_disassociate_all_by_timeout(self.admin, "router", self.limit)

        def finish(done: Round) -> None:
            rows = [self.db.fixed_ip_get_by_address(self.admin, address) for address in addresses]
            self.assertEqual(4, sum(done.results[4:]) + sum(row["instance_uuid"] is not None for row in rows))
            self.assertEqual([True] * 4, [row["allocated"] for row in rows])

        race(compete, rounds=ROUNDS, prepare=prepare, finish=finish)


class TestCreationRaces(FixedIpRaceTestCase):
    """Batches that many store at once."""

    def test_of_batches_that_want_one_id_one_is_stored_whole(self) -> None:
        numbers: list[int] = []

        def batch(thread: int) -> None:
            first = [fixed_ip_values(host=f"host{thread}") for _ in range(3)]
            self.db.fixed_ip_bulk_create(self.admin, [*first, fixed_ip_values(host=f"host{thread}", id=numbers[-1])])

        def finish(done: Round) -> None:
            [winner] = [outcome.thread for outcome in done.outcomes if outcome.error is None]
            rows = self.dump()["fixed_ips"]
            self.assertEqual({f"host{winner}": 4}, Counter(row["host"] for row in rows[4 * done.number :]))

        race(
            batch,
            rounds=10,
            prepare=lambda number: numbers.append(1000 * (number + 1)),
            finish=finish,
            allow=exceptions.DBDuplicateEntry,
        )
