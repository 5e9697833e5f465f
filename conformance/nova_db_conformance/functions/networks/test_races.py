"""Networks, vlans and hosts that many want at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_db import NoMoreNetworks, exceptions
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import network_values

ROUNDS = 30


class NetworkRaceTestCase(ConformanceTestCase):
    """Races, each round among networks of its own."""

    networks: list[dict[str, Any]]

    def prepare(self, count: int) -> Callable[[int], None]:
        """Begin each round with so many free networks and no others."""

        def prepare(_: int) -> None:
            self.empty()
            self.networks = [self.make.network() for _ in range(count)]

        return prepare

    def owners(self) -> dict[int, Any]:
        """The project of each network."""
        return {network["id"]: network["project_id"] for network in self.db.network_get_all(self.admin)}


class TestNetworkAssociateRaces(NetworkRaceTestCase):
    """Networks that go to one project each."""

    def test_each_of_many_projects_gets_a_network_of_its_own(self) -> None:
        def associate(thread: int) -> tuple[str, int]:
            return f"p{thread}", self.db.network_associate(self.admin, f"p{thread}")["id"]

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            self.assertEqual({number: project for project, number in done.results}, self.owners())

        race(associate, rounds=ROUNDS, prepare=self.prepare(THREADS), finish=finish)

    def test_as_many_get_one_as_there_are(self) -> None:
        def associate(thread: int) -> tuple[str, int]:
            got = self.db.network_associate(self.admin, f"p{thread}", None, thread % 2 == 0)
            return got["project_id"], got["id"]

        def finish(done: Round) -> None:
            self.assertEqual(3, len(done.results))
            self.assertEqual({number: project for project, number in done.results}, self.owners())

        race(associate, rounds=ROUNDS, prepare=self.prepare(3), finish=finish, allow=NoMoreNetworks)

    def test_the_network_that_all_ask_for_goes_to_one(self) -> None:
        def associate(thread: int) -> str:
            wanted = self.networks[1]["id"]
            return str(self.db.network_associate(self.admin, f"p{thread}", wanted)["project_id"])

        def finish(done: Round) -> None:
            self.assertEqual(THREADS - 1, len(done.errors))
            low, wanted, high = self.owners().values()
            self.assertEqual([None, done.results, None], [low, [wanted], high])

        race(associate, rounds=ROUNDS, prepare=self.prepare(3), finish=finish, allow=NoMoreNetworks)

    def test_a_new_project_gets_one_network_however_many_ask(self) -> None:
        def some(thread: int) -> int:
            if thread % 2:
                [got] = self.db.project_get_networks(self.admin, "p1")
            else:
                got = self.db.network_associate(self.admin, "p1")
            return int(got["id"])

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            [owned] = [number for number, project in self.owners().items() if project == "p1"]
            self.assertEqual({owned}, set(done.results))

        race(some, rounds=ROUNDS, prepare=self.prepare(3), finish=finish)

    def test_callers_on_several_hosts_agree_on_a_projects_network(self) -> None:
        hosts = (self.driver, self.another_driver())

        def associate(thread: int) -> tuple[str, int]:
            got = hosts[thread % 2].network_associate(self.admin, f"p{thread // 4}")
            return got["project_id"], got["id"]

        def prepare(_: int) -> None:
            self.networks = [self.make.network() for _ in range(3)]

        def finish(_: Round) -> None:
            owned = [number for number, project in self.owners().items() if project]
            self.assertEqual(2, len(owned))
            for number in self.owners():
                self.db.network_delete_safe(self.admin, number)

        race(associate, rounds=ROUNDS // 2, prepare=prepare, finish=finish)

    def test_by_force_a_project_gets_as_many_as_it_asks_for(self) -> None:
        def finish(done: Round) -> None:
            self.assertEqual([network["id"] for network in self.networks], sorted(done.results))
            self.assertEqual({"p1"}, set(self.owners().values()))

        race(
            lambda _: self.db.network_associate(self.admin, "p1", force=True)["id"],
            rounds=ROUNDS // 2,
            prepare=self.prepare(THREADS),
            finish=finish,
        )

    def test_a_network_that_is_updated_meanwhile_is_not_missed(self) -> None:
        def some(thread: int) -> int:
            number = self.networks[0]["id"]
            if thread == 0:
                return int(self.db.network_associate(self.admin, "p1")["id"])
            self.db.network_update(self.admin, number, {"label": f"by {thread}"})
            return int(number)

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            self.assertEqual({self.networks[0]["id"]: "p1"}, self.owners())

        race(some, rounds=ROUNDS, prepare=self.prepare(1), finish=finish)


class TestNetworkHostRaces(NetworkRaceTestCase):
    """Hosts that are decided once."""

    def test_one_host_wins_and_all_are_told(self) -> None:
        def set_host(thread: int) -> str:
            return str(self.db.network_set_host(self.admin, self.networks[0]["id"], f"h{thread}"))

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            network = self.db.network_get(self.admin, self.networks[0]["id"])
            self.assertEqual({network["host"]}, set(done.results))
            self.assertIn(network["host"], [f"h{thread}" for thread in range(THREADS)])

        race(set_host, rounds=ROUNDS, prepare=self.prepare(1), finish=finish)

    def test_one_host_wins_among_several_drivers(self) -> None:
        hosts = (self.driver, self.another_driver())

        def prepare(_: int) -> None:
            self.networks = [self.make.network()]

        def finish(done: Round) -> None:
            self.assertEqual(1, len(set(done.results)))

        race(
            lambda thread: hosts[thread % 2].network_set_host(self.admin, self.networks[0]["id"], f"h{thread}"),
            rounds=ROUNDS // 2,
            prepare=prepare,
            finish=finish,
        )


class TestVlanRaces(NetworkRaceTestCase):
    """Vlans that go to one network each."""

    vlan = 0

    def next_vlan(self, number: int) -> None:
        """Go on with a vlan that no network has."""
        self.vlan = 1_000_000 + number

    def assertVlanWon(self, done: Round) -> Any:
        """Check that one thread got a network of the vlan, and that all others were told so."""
        winner = self.assertOneWon(done, exceptions.DuplicateVlan, vlan=self.vlan)
        having = [network for network in self.db.network_get_all(self.admin) if network["vlan"] == self.vlan]
        self.assertEqual([winner], having)

    def test_of_new_networks_one_gets_the_vlan(self) -> None:
        race(
            lambda _: self.make.network(vlan=self.vlan),
            rounds=ROUNDS,
            prepare=self.next_vlan,
            finish=self.assertVlanWon,
            allow=exceptions.DuplicateVlan,
        )
        self.assertEqual(ROUNDS, len(self.db.network_get_all(self.admin)))

    def test_of_new_networks_one_gets_the_vlan_whichever_host_asks(self) -> None:
        hosts = (self.driver, self.another_driver())
        race(
            lambda thread: hosts[thread % 2].network_create_safe(self.admin, network_values(vlan=self.vlan)),
            rounds=ROUNDS // 2,
            prepare=self.next_vlan,
            finish=self.assertVlanWon,
            allow=exceptions.DuplicateVlan,
        )

    def test_of_networks_new_and_old_one_gets_the_vlan(self) -> None:
        old = [self.make.network()["id"] for _ in range(THREADS)]

        def take(thread: int) -> Any:
            if thread % 2:
                return self.make.network(vlan=self.vlan)
            return self.db.network_update(self.admin, old[thread], {"vlan": self.vlan})

        race(
            take,
            rounds=ROUNDS,
            prepare=self.next_vlan,
            finish=self.assertVlanWon,
            allow=exceptions.DuplicateVlan,
        )


class TestNetworkDeleteRaces(NetworkRaceTestCase):
    """Networks that are deleted while their addresses are allocated."""

    def test_a_network_is_deleted_once(self) -> None:
        def finish(done: Round) -> None:
            self.assertEqual((1, THREADS - 1), (len(done.results), len(done.errors)))

        race(
            lambda _: self.db.network_delete_safe(self.admin, self.networks[0]["id"]),
            rounds=ROUNDS,
            prepare=self.prepare(1),
            finish=finish,
            allow=exceptions.NetworkNotFound,
        )

    def test_no_address_is_allocated_and_deleted(self) -> None:
        addresses: list[str] = []

        def prepare(number: int) -> None:
            self.prepare(1)(number)
            addresses[:] = self.make.fixed_ips(THREADS, network_id=self.networks[0]["id"])

        def some(thread: int) -> str:
            if thread == 0:
                self.db.network_delete_safe(self.admin, self.networks[0]["id"])
                return "deleted"
            self.db.fixed_ip_update(self.admin, addresses[thread], {"allocated": True})
            return "allocated"

        def finish(done: Round) -> None:
            rows = self.dump()["fixed_ips"]
            self.assertEqual([], [row["id"] for row in rows if row["allocated"] and row["deleted"]])
            gone = THREADS if "deleted" in done.results else 0
            self.assertEqual(gone, sum(1 for row in rows if row["deleted"]))
            allocated = done.results.count("allocated")
            self.assertEqual(allocated, sum(1 for row in rows if row["allocated"]))
            self.assertEqual(not gone, "networks" in self.dump())
            self.assertTrue(not gone or not allocated, "a network in use was deleted")

        race(
            some,
            rounds=ROUNDS,
            prepare=prepare,
            finish=finish,
            allow=(exceptions.NetworkInUse, exceptions.FixedIpNotFoundForAddress),
        )

    def test_an_address_that_is_made_allocated_meanwhile_is_not_deleted(self) -> None:
        def prepare(number: int) -> None:
            self.prepare(1)(number)
            self.make.fixed_ips(THREADS, network_id=self.networks[0]["id"])

        def some(thread: int) -> str:
            number = self.networks[0]["id"]
            if thread % 4 == 0:
                self.db.network_delete_safe(self.admin, number)
                return "deleted"
            self.make.fixed_ip(network_id=number, allocated=True)
            return "made"

        def finish(done: Round) -> None:
            rows = self.dump()["fixed_ips"]
            self.assertEqual([], [row["id"] for row in rows if row["allocated"] and row["deleted"]])
            self.assertEqual(done.results.count("made"), sum(1 for row in rows if row["allocated"]))
            self.assertEqual("deleted" not in done.results, "networks" in self.dump())

        race(
            some,
            rounds=ROUNDS,
            prepare=prepare,
            finish=finish,
            allow=(exceptions.NetworkInUse, exceptions.NetworkNotFound),
        )

    def test_addresses_in_use_are_told_whole_while_interfaces_come_and_go(self) -> None:
        uuids = [self.make.instance(host="h1")["uuid"] for _ in range(THREADS)]

        def come_and_go(uuid: str) -> list[Any]:
            card = self.make.virtual_interface(instance_uuid=uuid)["id"]
            address = self.make.fixed_ip(network_id=1, allocated=True, instance_uuid=uuid, virtual_interface_id=card)
            self.db.virtual_interface_delete_by_instance(self.admin, uuid)
            return [address]

        def some(thread: int) -> list[Any]:
            if thread == 0:
                return list(self.db.network_get_associated_fixed_ips(self.admin, 1))
            if thread == 1:
                return self.api.run(
                    self.admin, lambda session: list(self.db.network_get_associated_fixed_ips(self.admin, 1))
                )
            return come_and_go(uuids[thread])

        def finish(done: Round) -> None:
            for found in done.results[:2]:
                for each in found:
                    self.assertIsNotNone(each["vif_address"])
            self.assertEqual([], self.db.network_get_associated_fixed_ips(self.admin, 1))

        race(some, rounds=ROUNDS, finish=finish)
