"""Flavors that many make, destroy and change at once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import flavor_values

ROUNDS = 30


class FlavorRaceTestCase(ConformanceTestCase):
    """Races, each round with a flavor of its own."""

    name = flavorid = ""
    flavor: dict[str, Any]

    def new_names(self, number: int) -> None:
        """Go on with a name and a flavorid that no flavor has."""
        self.name, self.flavorid = f"name {number}", f"id {number}"

    def new_flavor(self, number: int) -> None:
        """Go on with a flavor that nobody has access to and that has no extra specs."""
        self.new_names(number)
        self.flavor = self.make.flavor(name=self.name, flavorid=self.flavorid, is_public=False)


class TestFlavorRaces(FlavorRaceTestCase):
    """Making and destroying."""

    def test_a_name_goes_to_one(self) -> None:
        def finish(done: Round) -> None:
            winner = self.assertOneWon(done, exceptions.InstanceTypeExists, name=self.name)
            self.assertEqual([winner["id"]], [row["id"] for row in self.live("instance_types", name=self.name)])
            self.assertEqual({"by": winner["extra_specs"]["by"]}, winner["extra_specs"])

        race(
            lambda thread: self.make.flavor(name=self.name, extra_specs={"by": thread}),
            rounds=ROUNDS,
            prepare=self.new_names,
            finish=finish,
            allow=exceptions.InstanceTypeExists,
        )
        self.assertEqual(ROUNDS, len(self.live("instance_types")))
        self.assertEqual(ROUNDS, len(self.live("instance_type_extra_specs")))

    def test_a_flavorid_goes_to_one(self) -> None:
        def finish(done: Round) -> None:
            winner = self.assertOneWon(done, exceptions.InstanceTypeIdExists, flavor_id=self.flavorid)
            self.assertEqual(winner, self.db.instance_type_get_by_flavor_id(self.user, self.flavorid))

        race(
            lambda _: self.make.flavor(flavorid=self.flavorid),
            rounds=ROUNDS,
            prepare=self.new_names,
            finish=finish,
            allow=exceptions.InstanceTypeIdExists,
        )
        self.assertEqual(ROUNDS, len(self.live("instance_types")))

    def test_a_name_goes_to_one_of_callers_on_several_hosts(self) -> None:
        hosts = (self.driver, self.another_driver())
        race(
            lambda thread: hosts[thread % 2].instance_type_create(self.admin, flavor_values(name=self.name)),
            rounds=ROUNDS // 2,
            prepare=self.new_names,
            finish=lambda done: self.assertOneWon(done, exceptions.InstanceTypeExists, name=self.name),
            allow=exceptions.InstanceTypeExists,
        )
        self.assertEqual(ROUNDS // 2, len(self.live("instance_types")))

    def test_of_both_the_losers_miss_the_name(self) -> None:
        race(
            lambda _: self.make.flavor(name=self.name, flavorid=self.flavorid),
            rounds=ROUNDS // 2,
            prepare=self.new_names,
            finish=lambda done: self.assertOneWon(done, exceptions.InstanceTypeExists, name=self.name),
            allow=exceptions.InstanceTypeExists,
        )

    def test_names_and_flavorids_taken_crosswise_go_to_two(self) -> None:
        def create(thread: int) -> tuple[int, int]:
            name, flavorid = thread % 2, thread // 2 % 2
            self.make.flavor(name=f"{self.name}.{name}", flavorid=f"{self.flavorid}.{flavorid}")
            return name, flavorid

        def finish(done: Round) -> None:
            self.assertIn(sorted(done.results), ([(0, 0), (1, 1)], [(0, 1), (1, 0)]))

        race(
            create,
            rounds=ROUNDS,
            prepare=self.new_names,
            finish=finish,
            allow=(exceptions.InstanceTypeExists, exceptions.InstanceTypeIdExists),
        )
        self.assertEqual(2 * ROUNDS, len(self.live("instance_types")))

    def test_a_flavor_is_destroyed_by_one(self) -> None:
        race(
            lambda _: self.db.instance_type_destroy(self.admin, self.name),
            rounds=ROUNDS,
            prepare=self.new_flavor,
            finish=lambda done: self.assertOneWon(
                done, exceptions.InstanceTypeNotFoundByName, instance_type_name=self.name
            ),
            allow=exceptions.InstanceTypeNotFoundByName,
        )
        self.assertEqual([], self.live("instance_types"))

    def test_a_name_that_comes_and_goes_has_one_live_flavor_at_a_time(self) -> None:
        def some(thread: int) -> int:
            if thread % 2:
                self.db.instance_type_destroy(self.admin, self.name)
                return -1
            self.db.instance_type_create(self.admin, flavor_values(name=self.name, flavorid=self.flavorid))
            return 1

        def finish(done: Round) -> None:
            self.assertEqual(1 + sum(done.results), len(self.live("instance_types", name=self.name)))

        race(
            some,
            rounds=ROUNDS,
            prepare=self.new_flavor,
            finish=finish,
            allow=(exceptions.InstanceTypeExists, exceptions.InstanceTypeNotFoundByName),
        )


class TestFlavorAccessRaces(FlavorRaceTestCase):
    """Giving and taking access."""

    def test_access_is_given_once(self) -> None:
        def finish(done: Round) -> None:
            arguments = {"flavor_id": self.flavorid, "project_id": "p1"}
            winner = self.assertOneWon(done, exceptions.FlavorAccessExists, **arguments)
            self.assertEqual([winner], self.db.instance_type_access_get_by_flavor_id(self.admin, self.flavorid))

        race(
            lambda _: self.db.instance_type_access_add(self.admin, self.flavorid, "p1"),
            rounds=ROUNDS,
            prepare=self.new_flavor,
            finish=finish,
            allow=exceptions.FlavorAccessExists,
        )

    def test_access_is_taken_once(self) -> None:
        def prepare(number: int) -> None:
            self.new_flavor(number)
            self.db.instance_type_access_add(self.admin, self.flavorid, "p1")

        def finish(done: Round) -> None:
            arguments = {"flavor_id": self.flavorid, "project_id": "p1"}
            self.assertOneWon(done, exceptions.FlavorAccessNotFound, **arguments)
            self.assertEqual([], self.db.instance_type_access_get_by_flavor_id(self.admin, self.flavorid))

        race(
            lambda _: self.db.instance_type_access_remove(self.admin, self.flavorid, "p1"),
            rounds=ROUNDS,
            prepare=prepare,
            finish=finish,
            allow=exceptions.FlavorAccessNotFound,
        )

    def test_projects_are_given_access_beside_each_other(self) -> None:
        def finish(done: Round) -> None:
            self.assertEqual([], done.errors)
            rows = self.db.instance_type_access_get_by_flavor_id(self.admin, self.flavorid)
            self.assertEqual([f"p{number}" for number in range(THREADS)], sorted(row["project_id"] for row in rows))

        race(
            lambda thread: self.db.instance_type_access_add(self.admin, self.flavorid, f"p{thread}"),
            rounds=ROUNDS // 2,
            prepare=self.new_flavor,
            finish=finish,
        )

    def test_access_that_comes_and_goes_is_there_once_at_a_time(self) -> None:
        def some(thread: int) -> int:
            if thread % 2:
                self.db.instance_type_access_remove(self.admin, self.flavorid, "p1")
                return -1
            self.db.instance_type_access_add(self.admin, self.flavorid, "p1")
            return 1

        def finish(done: Round) -> None:
            rows = self.db.instance_type_access_get_by_flavor_id(self.admin, self.flavorid)
            self.assertEqual(sum(done.results), len(rows))

        race(
            some,
            rounds=ROUNDS,
            prepare=self.new_flavor,
            finish=finish,
            allow=(exceptions.FlavorAccessExists, exceptions.FlavorAccessNotFound),
        )


class TestFlavorExtraSpecRaces(FlavorRaceTestCase):
    """Setting and deleting extra specs."""

    def specs(self) -> dict[str, Any]:
        """The extra specs; no key has two live rows."""
        keys = Counter(row["key"] for row in self.live("instance_type_extra_specs", instance_type_id=self.flavor["id"]))
        self.assertEqual([], [key for key, count in keys.items() if count > 1])
        found: dict[str, Any] = self.db.instance_type_extra_specs_get(self.user, self.flavorid)
        self.assertEqual(sorted(keys), sorted(found))
        return found

    def update(self, specs: dict[str, Any]) -> None:
        """Set extra specs of the flavor of the round."""
        self.db.instance_type_extra_specs_update_or_create(self.user, self.flavorid, specs)

    def test_a_key_has_one_row_and_all_of_one_writers_values_are_there(self) -> None:
        def finish(_: Round) -> None:
            specs = self.specs()
            self.assertEqual(1, len(set(specs.values())))
            self.assertEqual(["a", "b"], sorted(specs))

        race(
            lambda thread: self.update({"a": thread, "b": thread} if thread % 2 else {"b": thread, "a": thread}),
            rounds=ROUNDS,
            prepare=self.new_flavor,
            finish=finish,
        )

    def test_writers_of_different_keys_do_not_hinder_each_other(self) -> None:
        def finish(_: Round) -> None:
            expected = {"common": self.specs()["common"], **{f"key {thread}": "v" for thread in range(THREADS)}}
            self.assertEqual(expected, self.specs())

        race(
            lambda thread: self.update({f"key {thread}": "v", "common": thread}),
            rounds=ROUNDS // 2,
            prepare=self.new_flavor,
            finish=finish,
        )

    def test_a_key_that_is_set_while_it_is_deleted_is_there_or_not(self) -> None:
        def some(thread: int) -> None:
            if thread % 2:
                self.db.instance_type_extra_specs_delete(self.user, self.flavorid, "a")
            else:
                self.update({"a": thread, "b": thread})

        def prepare(number: int) -> None:
            self.new_flavor(number)
            self.update({"a": "x", "b": "x"})

        def finish(_: Round) -> None:
            specs = self.specs()
            self.assertIn(specs["b"], ("0", "2", "4", "6"))
            self.assertIn(specs.get("a"), (None, specs["b"]))

        race(some, rounds=ROUNDS, prepare=prepare, finish=finish)

    def test_a_destroyed_flavor_has_no_extra_specs_whoever_set_them_meanwhile(self) -> None:
        def some(thread: int) -> None:
            if thread == THREADS // 2:
                self.db.instance_type_destroy(self.admin, self.name)
            else:
                self.update({"a": thread, f"key {thread}": "v"})

        def finish(done: Round) -> None:
            for outcome in done.outcomes:
                if outcome.error is not None:
                    self.assertNotEqual(THREADS // 2, outcome.thread)
            gone = self.db.instance_type_get(self.seeing("yes"), self.flavor["id"])
            self.assertRecord(gone, deleted=gone["id"], extra_specs={})

        race(some, rounds=ROUNDS, prepare=self.new_flavor, finish=finish, allow=exceptions.FlavorNotFound)
