"""Eight callers that create instances, or read one that others write."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import a_uuid, instance_values

ROUNDS = 30


class TestRacesToCreate(ConformanceTestCase):
    """What one of several new instances gets, or what they share."""

    def test_a_uuid_goes_to_one_instance(self) -> None:
        uuids: list[str] = []

        def create(thread: int) -> Any:
            values = instance_values(uuid=uuids[-1], metadata={"by": str(thread)}, security_groups=["default"])
            return self.db.instance_create(self.user, values)

        def finish(done: Round) -> None:
            self.assertEqual((1, THREADS - 1), (len(done.results), len(done.errors)))
            self.assertEqual(done.results[0], self.db.instance_get_by_uuid(self.user, uuids[-1]))

        race(
            create,
            rounds=ROUNDS,
            prepare=lambda _: uuids.append(a_uuid()),
            finish=finish,
            allow=exceptions.DBDuplicateEntry,
        )
        counts = {table: len(rows) for table, rows in self.dump().items()}
        for table in ("instances", "instance_info_caches", "instance_metadata", "instance_id_mappings"):
            with self.subTest(table=table):
                self.assertEqual(ROUNDS, counts[table], table)

    def test_a_project_gets_one_default_group(self) -> None:
        projects: list[str] = []

        def create(thread: int) -> Any:
            context = self.context(project_id=projects[-1])
            groups = ["default"] if thread % 2 else []
            return self.db.instance_create(context, instance_values(security_groups=groups))

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            (group,) = self.db.security_group_get_by_project(self.admin, projects[-1])
            joined = [group["id"] for made in done.results for group in made["security_groups"]]
            self.assertEqual([group["id"]] * (THREADS // 2), joined)

        race(create, rounds=ROUNDS, prepare=lambda number: projects.append(f"project {number}"), finish=finish)
        self.assertEqual(ROUNDS, len(self.dump()["security_groups"]))

    def test_every_new_instance_has_an_id_of_its_own(self) -> None:
        rounds = race(lambda thread: self.db.instance_create(self.user, instance_values()), rounds=ROUNDS)
        made = [instance for done in rounds for instance in done.results]
        self.assertEqual(ROUNDS * THREADS, len({instance["id"] for instance in made}))
        names = {instance["name"] for instance in self.db.instance_get_all(self.user)}
        self.assertEqual({f"instance-{instance['id']:08x}" for instance in made}, names)


class TestReadersAndWriters(ConformanceTestCase):
    """Half of the callers write, and the others read."""

    def setUp(self) -> None:
        super().setUp()
        items = {"number": "0"}
        self.uuid: str = self.make.instance(progress=0, metadata=items, system_metadata=items)["uuid"]
        self.number = 0

    def prepare(self, number: int) -> None:
        self.number = number

    def write(self, thread: int) -> None:
        number = 1 + self.number * THREADS + thread
        items = {"number": str(number), f"own {thread}": str(number)}
        self.db.instance_update(self.user, self.uuid, {"progress": number, "metadata": items, "system_metadata": items})

    def assertOneState(self, instance: dict[str, Any]) -> None:
        """Check that a record is what one of the writers wrote, all of it."""
        for kind in ("metadata", "system_metadata"):
            with self.subTest(kind=kind):
                values = {item["value"] for item in instance[kind]}
                self.assertEqual({str(instance["progress"])}, values, kind)

    def test_a_single_instance_is_read_in_one_state(self) -> None:
        def compete(thread: int) -> Any:
            if thread % 2:
                return self.write(thread)
            return [self.db.instance_get_by_uuid(self.user, self.uuid) for _ in range(3)]

        def finish(done: Round) -> None:
            for found in done.results[::2]:
                for instance in found:
                    self.assertOneState(instance)

        rounds = race(compete, rounds=ROUNDS, prepare=self.prepare, finish=finish)
        self.assertEqual(ROUNDS * THREADS, sum(len(done.results) for done in rounds))

    def test_a_list_is_read_in_one_state(self) -> None:
        def compete(thread: int) -> Any:
            if thread % 2:
                return self.write(thread)
            if thread == 0:
                return self.db.instance_get_all_by_host(self.seeing("no"), "host1")
            return self.db.instance_get_all_by_filters(self.user, {"metadata": {}})

        def finish(done: Round) -> None:
            for found in done.results[::2]:
                (instance,) = found
                self.assertOneState(instance)

        rounds = race(compete, rounds=ROUNDS, prepare=self.prepare, finish=finish)
        self.assertEqual(ROUNDS * THREADS, sum(len(done.results) for done in rounds))

    def test_what_an_update_returns_is_one_state(self) -> None:
        """Half of the callers write metadata along with a column; the others, who wait for them, one more column."""

        def compete(thread: int) -> Any:
            if thread % 2:
                return self.write(thread)
            return self.db.instance_update(self.user, self.uuid, {"vcpus": 1 + self.number * THREADS + thread})

        def finish(done: Round) -> None:
            for changed in done.results[::2]:
                self.assertOneState(changed)

        rounds = race(compete, rounds=ROUNDS, prepare=self.prepare, finish=finish)
        self.assertEqual(ROUNDS * THREADS, sum(len(done.results) for done in rounds))

    def test_an_update_starts_from_the_state_that_it_returns(self) -> None:
        def compete(thread: int) -> Any:
            number = 1 + self.number * THREADS + thread
            items = {"number": str(number)}
            values = {"progress": number, "metadata": items, "system_metadata": items}
            original, changed = self.db.instance_update_and_get_original(self.user, self.uuid, values)
            self.assertOneState(original)
            self.assertOneState(changed)
            self.assertRecord(changed, progress=number)
            return original["progress"], changed["progress"]

        rounds = race(compete, rounds=ROUNDS, prepare=self.prepare)
        steps = dict(step for done in rounds for step in done.results)
        self.assertEqual(ROUNDS * THREADS, len(steps), "two updates started from the same state")
