"""EC2 ids of instances, volumes and snapshots."""

from __future__ import annotations

from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import a_uuid


class Mappings:
    """What holds for the three kinds; see the classes below."""

    class Tests(ConformanceTestCase):
        """The tests, in a class inside a class so that nobody collects them here."""

        kind: str
        forced: str
        missing: type[exceptions.NotFound]

        @property
        def table(self) -> str:
            """The table of the mappings."""
            return f"{self.kind}_id_mappings"

        def create(self, uuid: Any, *number: Any, context: Any = None, **forced: Any) -> Any:
            """Map a uuid."""
            return getattr(self.db, f"ec2_{self.kind}_create")(context or self.user, uuid, *number, **forced)

        def number(self, uuid: Any, context: Any = None) -> Any:
            """The integer of a uuid."""
            return getattr(self.db, f"get_ec2_{self.kind}_id_by_uuid")(context or self.user, uuid)

        def uuid(self, number: Any, context: Any = None) -> Any:
            """The uuid of an integer."""
            return getattr(self.db, f"get_{self.kind}_uuid_by_ec2_id")(context or self.user, number)

        def assertNotFound(self, call: Any, value: Any) -> None:
            """Check that a call finds nothing, and says what it looked for."""
            with self.raises(self.missing, **{f"{self.kind}_id": value, "code": 404}) as caught:
                call(value)
            self.assertIn(str(value), str(caught.exception))

        def test_a_uuid_is_mapped_to_the_next_integer_and_back(self) -> None:
            self.set_time(NOON)
            uuids = [a_uuid() for _ in range(3)]
            for number, uuid in enumerate(uuids, 1):
                with self.subTest(number=number, uuid=uuid):
                    created = self.create(uuid)
                    self.assertShape(created, self.table)
                    self.assertEqual(
                        {
                            "id": number,
                            "uuid": uuid,
                            "created_at": NOON,
                            "updated_at": None,
                            "deleted_at": None,
                            "deleted": 0,
                        },
                        created,
                    )
            self.assertEqual([1, 2, 3], [self.number(uuid) for uuid in uuids])
            self.assertIs(int, type(self.number(uuids[0])))
            self.assertEqual(uuids, [self.uuid(number) for number in (1, "2", "03")])
            self.assertEqual({self.table: 3}, {table: len(rows) for table, rows in self.dump().items()})

        def test_the_first_mapping_of_a_uuid_counts(self) -> None:
            uuid = a_uuid()
            first, second = self.create(uuid), self.create(uuid)
            self.assertGreater(second["id"], first["id"])
            self.assertEqual(first["id"], self.number(uuid))
            self.assertEqual([uuid, uuid], [self.uuid(mapping["id"]) for mapping in (first, second)])
            low = self.create(uuid, 0)
            self.assertEqual(low["id"], self.number(uuid), "the lowest, not the oldest")

        def test_an_integer_may_be_forced_and_later_ones_are_above_it(self) -> None:
            self.assertRecord(self.create(a_uuid(), 70), id=70)
            self.assertRecord(self.create(a_uuid()), id=71)
            self.assertRecord(self.create(a_uuid(), **{self.forced: "80"}), id=80)
            self.assertRecord(self.create(a_uuid(), **{self.forced: None}), id=81)
            self.assertRecord(self.create(a_uuid(), 5), id=5)
            self.assertRecord(self.create(a_uuid()), id=82)

        def test_the_integer_may_be_zero(self) -> None:
            uuid = a_uuid()
            self.assertRecord(self.create(uuid, 0), id=0, uuid=uuid)
            self.assertEqual(0, self.number(uuid))
            self.assertEqual([uuid, uuid], [self.uuid(0), self.uuid("0")])
            self.assertGreater(self.create(a_uuid())["id"], 0)

        def test_an_integer_that_is_taken_is_refused(self) -> None:
            uuid = a_uuid()
            taken = self.create(uuid)["id"]
            for other in (uuid, a_uuid()):
                with self.subTest(other=other):
                    self.assertUnchanged(partial(self.create, other, taken), exceptions.DBDuplicateEntry)
            with self.raises(exceptions.DBDuplicateEntry, table=self.table, columns=["id"]):
                self.create(a_uuid(), taken)
            self.assertEqual(uuid, self.uuid(taken))

        def test_what_cannot_be_stored_is_refused(self) -> None:
            cases: list[tuple[str, Any]] = [("uuid", None), ("uuid", "u" * 37), ("uuid", ["u"]), ("uuid", "a\0b")]
            for column, value in cases:
                with (
                    self.subTest(column=column, value=value),
                    self.raises(exceptions.DBDataError, table=self.table, columns=[column], value=value),
                ):
                    self.create(value)
            for value in ("x", 2**31, 1.5):
                with (
                    self.subTest(value=value),
                    self.raises(exceptions.DBDataError, table=self.table, columns=["id"], value=value),
                ):
                    self.create(a_uuid(), value)
            self.assertEqual({}, self.dump())

        def test_what_is_not_mapped_is_not_found(self) -> None:
            uuid = a_uuid()
            self.create(uuid)
            unknown: Any
            for unknown in (a_uuid(), uuid.upper(), "", "5", None, 1, ["x"]):
                with self.subTest(unknown=unknown):
                    self.assertNotFound(self.number, unknown)
            for unknown in (2, 0, -1, "2", "x", "", "1.0", None, 2**40, uuid, 1.0):
                with self.subTest(unknown=unknown):
                    self.assertNotFound(self.uuid, unknown)

        def test_a_uuid_that_is_a_number_is_its_text(self) -> None:
            created = self.create(77)
            self.assertRecord(created, uuid="77")
            self.assertEqual(created["id"], self.number(77))
            self.assertEqual("77", self.uuid(created["id"]))

        def test_deleted_mappings_are_found_whatever_a_context_sees(self) -> None:
            uuid = a_uuid()
            self.insert(self.table, {"uuid": uuid, "deleted": 99, "deleted_at": NOON}, {"uuid": uuid})
            for mode in ("no", "yes", "only"):
                with self.subTest(mode=mode):
                    context = self.seeing(mode, self.user)
                    self.assertEqual(1, self.number(uuid, context))
                    self.assertEqual([uuid, uuid], [self.uuid(number, context) for number in (1, 2)])

        def test_anyone_with_a_user_and_a_project_may(self) -> None:
            uuid = a_uuid()
            for context in (self.user, self.other, self.admin):
                with self.subTest(context=context):
                    number = self.create(uuid, context=context)["id"]
                    self.assertEqual(1, self.number(uuid, context))
                    self.assertEqual(uuid, self.uuid(number, context))
            strangers = [self.nobody, self.context(project_id=None), self.context(user_id=None)]
            self.assertNotAuthorized(strangers, lambda context: self.create(None, context=context))
            self.assertNotAuthorized(strangers, lambda context: self.number(a_uuid(), context))
            self.assertNotAuthorized(strangers, lambda context: self.uuid(999, context))
            self.assertEqual(3, len(self.dump()[self.table]))

        def test_a_failure_leaves_nothing(self) -> None:
            uuid = a_uuid()
            created = self.assertAtomic(lambda: self.create(uuid))
            self.assertEqual([created], self.dump()[self.table])

        def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
            uuid = a_uuid()
            with self.db.transaction(self.user):
                created = self.create(uuid)
                with self.raises(exceptions.DBDuplicateEntry):
                    self.create(a_uuid(), created["id"])
                self.assertEqual(created["id"], self.number(uuid))
            with self.raises(LookupError), self.db.transaction(self.user):
                undone = self.create(a_uuid())
                raise LookupError
            self.assertNotFound(self.uuid, undone["id"])
            self.assertEqual(uuid, self.uuid(created["id"]))

        def test_no_integer_is_given_twice(self) -> None:
            def finish(done: Round) -> None:
                for number, uuid in done.results:
                    self.assertEqual(uuid, self.uuid(number))
                given.extend(number for number, _ in done.results)

            def create(_: int) -> tuple[int, str]:
                uuid = a_uuid()
                return self.create(uuid)["id"], uuid

            given: list[int] = []
            race(create, rounds=20, finish=finish)
            self.assertEqual(20 * THREADS, len(set(given)))

        def test_a_forced_integer_goes_to_one(self) -> None:
            def finish(done: Round) -> None:
                [winner] = done.results
                self.assertEqual(winner["uuid"], self.uuid(winner["id"]))
                self.assertEqual(done.number * 10 + 5, winner["id"])

            def prepare(number: int) -> None:
                forced[0] = number * 10 + 5

            forced = [0]
            race(
                lambda _: self.create(a_uuid(), forced[0]),
                rounds=20,
                prepare=prepare,
                finish=finish,
                allow=exceptions.DBDuplicateEntry,
            )
            self.assertEqual(20, len(self.dump()[self.table]))

        def test_callers_that_look_up_and_then_map_agree_on_one_integer(self) -> None:
            uuids = [""]

            def prepare(number: int) -> None:
                uuids[0] = a_uuid()

            def agree(_: int) -> Any:
                try:
                    return self.number(uuids[0])
                except self.missing:
                    self.create(uuids[0])
                    return None

            def finish(done: Round) -> None:
                rows = [row["id"] for row in self.dump()[self.table] if row["uuid"] == uuids[0]]
                self.assertEqual(min(rows), self.number(uuids[0]))
                self.assertEqual(set(), set(done.results) - {None, *rows})

            race(agree, rounds=20, prepare=prepare, finish=finish)


class TestInstanceIds(Mappings.Tests):
    """Instances."""

    kind = "instance"
    forced = "id"
    missing = exceptions.InstanceNotFound

    def test_a_new_instance_has_an_integer_and_keeps_it(self) -> None:
        uuid = self.make.instance()["uuid"]
        number = self.number(uuid)
        self.assertEqual(uuid, self.uuid(number))
        self.db.instance_destroy(self.user, uuid)
        self.assertEqual(number, self.number(uuid))
        self.assertEqual(uuid, self.uuid(number))


class TestVolumeIds(Mappings.Tests):
    """Volumes."""

    kind = "volume"
    forced = "forced_id"
    missing = exceptions.VolumeNotFound


class TestSnapshotIds(Mappings.Tests):
    """Snapshots."""

    kind = "snapshot"
    forced = "forced_id"
    missing = exceptions.SnapshotNotFound
