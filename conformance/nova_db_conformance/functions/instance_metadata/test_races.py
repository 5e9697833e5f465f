"""Eight callers that write the metadata of one instance."""

from __future__ import annotations

from typing import Any

from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race

ROUNDS = 30


class Races:
    """What holds for both kinds; see the classes below."""

    class Tests(ConformanceTestCase):
        """The tests, in a class inside a class so that nobody collects them here."""

        kind: str

        def setUp(self) -> None:
            super().setUp()
            self.uuid = ""
            self.number = 0

        def prepare(self, number: int) -> None:
            """Take a new instance for every other round, so that items are made in one and replaced in the next."""
            self.number = number
            if number % 2 == 0:
                self.uuid = self.make.instance()["uuid"]

        def update(self, items: dict[str, Any], delete: bool) -> None:
            getattr(self.db, f"instance_{self.kind}_update")(self.user, self.uuid, items, delete)

        def replace(self, items: dict[str, Any]) -> None:
            self.db.instance_update(self.user, self.uuid, {self.kind: items})

        def live_items(self) -> dict[str, str]:
            """The live items, of which each key may have one."""
            items = self.db.instance_get_by_uuid(self.user, self.uuid)[self.kind]
            found = {item["key"]: item["value"] for item in items}
            self.assertEqual(len(found), len(items), f"a key has several live items: {items}")
            return found

        def test_a_key_never_has_two_live_items(self) -> None:
            def finish(done: Round) -> None:
                self.assertEqual(THREADS, len(done.results))
                live = self.live_items()
                self.assertEqual({"key"}, live.keys())
                self.assertIn(live["key"], [f"{done.number}-{thread}" for thread in range(THREADS)])

            race(
                lambda thread: self.update({"key": f"{self.number}-{thread}"}, False),
                rounds=ROUNDS,
                prepare=self.prepare,
                finish=finish,
            )

        def test_updates_of_different_keys_all_take_effect(self) -> None:
            def finish(done: Round) -> None:
                self.assertEqual(THREADS, len(done.results))
                self.assertEqual({str(thread): str(done.number) for thread in range(THREADS)}, self.live_items())

            race(
                lambda thread: self.update({str(thread): self.number}, False),
                rounds=ROUNDS,
                prepare=self.prepare,
                finish=finish,
            )

        def test_replacements_end_as_the_set_of_one_caller(self) -> None:
            def items(number: int, thread: int) -> dict[str, str]:
                """A set that shares one key with all others, one with half of them, and one with none."""
                value = f"{number}-{thread}"
                return {"all": value, f"half {thread % 2}": value, f"own {thread}": value}

            def compete(thread: int) -> None:
                mine = items(self.number, thread)
                if thread % 4 == 3:
                    self.replace(mine)
                else:
                    self.update(mine, True)

            def finish(done: Round) -> None:
                self.assertEqual(THREADS, len(done.results))
                self.assertIn(self.live_items(), [items(done.number, thread) for thread in range(THREADS)])

            race(compete, rounds=ROUNDS, prepare=self.prepare, finish=finish)

        def test_what_is_removed_and_what_is_set_at_once_follow_each_other(self) -> None:
            """Half remove all that they do not set, half set one key each: it is there as it was set, or not at all."""

            def compete(thread: int) -> None:
                self.update({str(thread): self.number}, thread % 2 == 0)

            def finish(done: Round) -> None:
                self.assertEqual(THREADS, len(done.results))
                live = self.live_items()
                self.assertEqual({str(done.number)}, set(live.values()))
                self.assertEqual(1, sum(int(key) % 2 == 0 for key in live))

            race(compete, rounds=ROUNDS, prepare=self.prepare, finish=finish)


class TestMetadataRaces(Races.Tests):
    """``metadata``."""

    kind = "metadata"

    def test_a_deletion_and_an_update_follow_each_other(self) -> None:
        ends = {"deleted": 0, "set": 0}

        def compete(thread: int) -> None:
            if thread % 2:
                self.db.instance_metadata_delete(self.user, self.uuid, "key")
            else:
                self.update({"key": f"{self.number}-{thread}"}, False)

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            live = self.live_items()
            ends["set" if live else "deleted"] += 1
            self.assertIn(live.get("key"), [None, *[f"{done.number}-{thread}" for thread in range(0, THREADS, 2)]])

        race(compete, rounds=ROUNDS, prepare=self.prepare, finish=finish)
        self.assertEqual(ROUNDS, sum(ends.values()))

    def test_an_update_that_meets_a_destruction_is_not_lost(self) -> None:
        """Four pairs of callers: one updates an instance's item, which the other destroys with the instance."""
        uuids: list[str] = []

        def prepare(number: int) -> None:
            uuids[:] = [self.make.instance(metadata={"key": "old"})["uuid"] for _ in range(THREADS // 2)]

        def compete(thread: int) -> None:
            uuid = uuids[thread // 2]
            if thread % 2:
                self.db.instance_destroy(self.user, uuid)
            else:
                self.db.instance_metadata_update(self.user, uuid, {"key": "new"}, False)

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            for instance in self.db.instance_get_all_by_filters(self.seeing("yes"), {"uuid": uuids}):
                last = instance["metadata"][-1]
                self.assertEqual("new", last["value"])
                live = self.db.instance_metadata_get(self.user, instance["uuid"])
                self.assertEqual({} if last["deleted"] else {"key": "new"}, live)

        race(compete, rounds=ROUNDS, prepare=prepare, finish=finish)

    def test_an_item_is_deleted_by_one_of_many(self) -> None:
        def prepare(number: int) -> None:
            self.uuid = self.make.instance(metadata={"key": "x", "other": "y"})["uuid"]

        race(
            lambda thread: self.db.instance_metadata_delete(self.user, self.uuid, "key"),
            rounds=ROUNDS,
            prepare=prepare,
            finish=lambda done: self.assertEqual({"other": "y"}, self.live_items()),
        )
        gone = [row for row in self.dump()["instance_metadata"] if row["deleted"]]
        self.assertEqual(ROUNDS, len(gone))


class TestSystemMetadataRaces(Races.Tests):
    """``system_metadata``."""

    kind = "system_metadata"
