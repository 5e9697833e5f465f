"""Eight callers that make, fill, change and delete one aggregate at once."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race

ROUNDS = 30


class AggregateRaceTestCase(ConformanceTestCase):
    """Races, each round with a name of its own."""

    name = ""
    key = 0
    number = 0

    def new_name(self, number: int) -> None:
        """Go on with a name that no aggregate has."""
        self.number = number
        self.name = f"aggregate {number}"

    def new_aggregate(self, number: int) -> None:
        """Go on with a new aggregate of one host and one item."""
        self.new_name(number)
        self.key = self.make.aggregate(self.name, ["h0"], key="old")["id"]

    def items(self) -> dict[str, str]:
        """The live metadata, of which each key may have one row."""
        rows = self.live("aggregate_metadata", aggregate_id=self.key)
        found = {row["key"]: row["value"] for row in rows}
        self.assertEqual(len(found), len(rows), f"a key has several live rows: {rows}")
        return found


class TestAggregateRaces(AggregateRaceTestCase):
    """Making and deleting aggregates."""

    def test_a_name_goes_to_one(self) -> None:
        def finish(done: Round) -> None:
            winner = self.assertOneWon(done, exceptions.AggregateNameExists, aggregate_name=self.name)
            self.assertEqual([winner], [a for a in self.db.aggregate_get_all(self.admin) if a["name"] == self.name])

        race(
            lambda thread: self.make.aggregate(self.name, availability_zone=thread),
            rounds=ROUNDS,
            prepare=self.new_name,
            finish=finish,
            allow=exceptions.AggregateNameExists,
        )
        self.assertEqual(ROUNDS, len(self.live("aggregates")))
        self.assertEqual(ROUNDS, len(self.dump()["aggregate_metadata"]))

    def test_a_name_goes_to_one_of_callers_on_several_hosts(self) -> None:
        hosts = (self.driver, self.another_driver())
        race(
            lambda thread: hosts[thread % 2].aggregate_create(self.admin, {"name": self.name}),
            rounds=ROUNDS // 2,
            prepare=self.new_name,
            finish=lambda done: self.assertOneWon(done, exceptions.AggregateNameExists, aggregate_name=self.name),
            allow=exceptions.AggregateNameExists,
        )
        self.assertEqual(ROUNDS // 2, len(self.live("aggregates")))

    def test_different_names_are_taken_beside_each_other(self) -> None:
        race(lambda thread: self.make.aggregate(f"{self.name} {thread}"), rounds=ROUNDS // 2, prepare=self.new_name)
        self.assertEqual(THREADS * (ROUNDS // 2), len(self.live("aggregates")))

    def test_an_aggregate_is_deleted_by_one(self) -> None:
        race(
            lambda _: self.db.aggregate_delete(self.admin, self.key),
            rounds=ROUNDS,
            prepare=self.new_aggregate,
            finish=lambda done: self.assertOneWon(done, exceptions.AggregateNotFound, aggregate_id=self.key),
            allow=exceptions.AggregateNotFound,
        )
        self.assertEqual([], self.live("aggregates"))
        self.assertEqual([], self.live("aggregate_metadata"))

    def test_a_name_that_comes_and_goes_has_one_live_aggregate_at_a_time(self) -> None:
        def some(thread: int) -> int:
            if thread % 2:
                for aggregate in self.live("aggregates", name=self.name):
                    self.db.aggregate_delete(self.admin, aggregate["id"])
                    return -1
                return 0
            self.make.aggregate(self.name)
            return 1

        def finish(done: Round) -> None:
            left = 1 + sum(done.results)
            self.assertIn(left, (0, 1))
            self.assertEqual(left, len(self.live("aggregates", name=self.name)))

        race(
            some,
            rounds=ROUNDS,
            prepare=self.new_aggregate,
            finish=finish,
            allow=(exceptions.AggregateNameExists, exceptions.AggregateNotFound),
        )

    def test_what_is_put_in_while_it_is_deleted_is_found_by_no_look_up_and_items_go_with_it(self) -> None:
        """Some delete it while others put hosts and items into it."""

        def some(thread: int) -> None:
            if thread < 2:
                self.db.aggregate_delete(self.admin, self.key)
            elif thread % 2:
                self.db.aggregate_host_add(self.admin, self.key, f"h{thread}")
            else:
                self.db.aggregate_metadata_add(self.admin, self.key, {"key": thread})

        def finish(done: Round) -> None:
            self.assertEqual({}, self.items())
            self.assertRecord(self.db.aggregate_get(self.seeing("yes"), self.key), hosts=[], metadetails={})
            self.assertEqual({}, self.db.aggregate_host_get_by_metadata_key(self.seeing("yes"), "key"))
            for thread in range(THREADS):
                self.assertEqual([], self.db.aggregate_get_by_host(self.seeing("yes"), f"h{thread}"))

        race(
            some,
            rounds=ROUNDS,
            prepare=self.new_aggregate,
            finish=finish,
            allow=exceptions.AggregateNotFound,
        )


class TestHostRaces(AggregateRaceTestCase):
    """Putting hosts in and taking them out."""

    def test_a_host_is_put_in_by_one(self) -> None:
        def finish(done: Round) -> None:
            self.assertOneWon(done, exceptions.AggregateHostExists, aggregate_id=self.key, host="h1")
            self.assertEqual(["h0", "h1"], self.db.aggregate_host_get_all(self.seeing("yes"), self.key))

        race(
            lambda _: self.db.aggregate_host_add(self.admin, self.key, "h1"),
            rounds=ROUNDS,
            prepare=self.new_aggregate,
            finish=finish,
            allow=exceptions.AggregateHostExists,
        )

    def test_a_host_is_put_in_by_one_of_callers_on_several_hosts(self) -> None:
        drivers = (self.driver, self.another_driver())
        race(
            lambda thread: drivers[thread % 2].aggregate_host_add(self.admin, self.key, "h1"),
            rounds=ROUNDS // 2,
            prepare=self.new_aggregate,
            finish=lambda done: self.assertOneWon(done, exceptions.AggregateHostExists, host="h1"),
            allow=exceptions.AggregateHostExists,
        )
        self.assertEqual(ROUNDS // 2, len(self.live("aggregate_hosts", host="h1")))

    def test_a_host_is_taken_out_by_one(self) -> None:
        race(
            lambda _: self.db.aggregate_host_delete(self.admin, self.key, "h0"),
            rounds=ROUNDS,
            prepare=self.new_aggregate,
            finish=lambda done: self.assertOneWon(
                done, exceptions.AggregateHostNotFound, aggregate_id=self.key, host="h0"
            ),
            allow=exceptions.AggregateHostNotFound,
        )
        self.assertEqual([], self.live("aggregate_hosts"))

    def test_hosts_are_put_in_beside_each_other(self) -> None:
        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            hosts = self.db.aggregate_get(self.admin, self.key)["hosts"]
            self.assertEqual(["h0", *[f"h{thread}" for thread in range(10, 10 + THREADS)]], sorted(hosts))

        race(
            lambda thread: self.db.aggregate_host_add(self.admin, self.key, f"h{10 + thread}"),
            rounds=ROUNDS,
            prepare=self.new_aggregate,
            finish=finish,
        )

    def test_a_host_that_comes_and_goes_is_in_it_once_or_not_at_all(self) -> None:
        def some(thread: int) -> int:
            if thread % 2:
                self.db.aggregate_host_delete(self.admin, self.key, "h0")
                return -1
            self.db.aggregate_host_add(self.admin, self.key, "h0")
            return 1

        def finish(done: Round) -> None:
            hosts = self.db.aggregate_host_get_all(self.admin, self.key)
            self.assertEqual(["h0"] * (1 + sum(done.results)), hosts)
            self.assertLessEqual(len(hosts), 1)

        race(
            some,
            rounds=ROUNDS,
            prepare=self.new_aggregate,
            finish=finish,
            allow=(exceptions.AggregateHostExists, exceptions.AggregateHostNotFound),
        )


class TestMetadataRaces(AggregateRaceTestCase):
    """Writing the metadata of one aggregate."""

    def wanted(self, thread: int) -> dict[str, str]:
        """A set that shares one key with all others, one with half of them, and one with none."""
        value = f"{self.number}-{thread}"
        return {"all": value, f"half {thread % 2}": value, f"own {thread}": value}

    def test_a_key_never_has_two_live_rows(self) -> None:
        def prepare(number: int) -> None:
            """Take a new aggregate for every other round: the key is made in one and changed in the next."""
            if number % 2 == 0:
                self.new_aggregate(number)

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            found = self.items()
            self.assertEqual({"key", "new"}, found.keys())
            self.assertEqual("old", found["key"])
            self.assertIn(found["new"], [str(thread) for thread in range(THREADS)])

        race(
            lambda thread: self.db.aggregate_metadata_add(self.admin, self.key, {"new": thread}),
            rounds=ROUNDS,
            prepare=prepare,
            finish=finish,
        )
        self.assertEqual(ROUNDS, len(self.dump()["aggregate_metadata"]))

    def test_a_key_never_has_two_live_rows_with_callers_on_several_hosts(self) -> None:
        drivers = (self.driver, self.another_driver())

        def add(thread: int) -> None:
            drivers[thread % 2].aggregate_metadata_add(self.admin, self.key, {"new": thread})

        race(
            add, rounds=ROUNDS // 2, prepare=self.new_aggregate, finish=lambda _: self.assertEqual(2, len(self.items()))
        )
        self.assertEqual(2 * (ROUNDS // 2), len(self.dump()["aggregate_metadata"]))

    def test_different_keys_all_take_effect(self) -> None:
        def write(thread: int) -> None:
            if thread % 4 == 3:
                self.db.aggregate_update(self.admin, self.key, {"availability_zone": thread})
            else:
                self.db.aggregate_metadata_add(self.admin, self.key, {str(thread): "x"})

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            found = self.items()
            self.assertIn(found.pop("availability_zone"), ("3", "7"))
            self.assertEqual({"key", *[str(thread) for thread in range(THREADS) if thread % 4 != 3]}, found.keys())

        race(write, rounds=ROUNDS, prepare=self.new_aggregate, finish=finish)

    def test_replacements_end_as_the_set_of_one_caller_and_are_seen_whole(self) -> None:
        def some(thread: int) -> Any:
            if thread < 2:
                return self.db.aggregate_get(self.admin, self.key)["metadetails"]
            if thread % 2:
                self.db.aggregate_metadata_add(self.admin, self.key, self.wanted(thread), True)
            else:
                return self.db.aggregate_update(self.admin, self.key, {"metadata": self.wanted(thread)})["metadetails"]

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            possible = [self.wanted(thread) for thread in range(2, THREADS)]
            self.assertIn(self.items(), possible)
            for outcome in done.outcomes:
                if outcome.thread < 2:
                    self.assertIn(outcome.result, [*possible, {"key": "old"}])
                elif outcome.thread % 2 == 0:
                    self.assertEqual(self.wanted(outcome.thread), outcome.result)

        race(some, rounds=ROUNDS, prepare=self.new_aggregate, finish=finish)

    def test_an_item_is_deleted_by_one(self) -> None:
        race(
            lambda _: self.db.aggregate_metadata_delete(self.admin, self.key, "key"),
            rounds=ROUNDS,
            prepare=self.new_aggregate,
            finish=lambda done: self.assertOneWon(
                done, exceptions.AggregateMetadataNotFound, aggregate_id=self.key, metadata_key="key"
            ),
            allow=exceptions.AggregateMetadataNotFound,
        )
        self.assertEqual([], self.live("aggregate_metadata"))

    def test_a_key_that_comes_and_goes_has_one_live_row_or_none(self) -> None:
        def some(thread: int) -> None:
            if thread % 2:
                self.db.aggregate_metadata_delete(self.admin, self.key, "key")
            else:
                self.db.aggregate_metadata_add(self.admin, self.key, {"key": thread})

        def finish(done: Round) -> None:
            self.assertIn(self.items().get("key"), [None, "0", "2", "4", "6"])

        race(
            some,
            rounds=ROUNDS,
            prepare=self.new_aggregate,
            finish=finish,
            allow=exceptions.AggregateMetadataNotFound,
        )
