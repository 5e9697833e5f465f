"""The faults of instances."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import race
from nova_db_conformance.harness.values import a_uuid

NOON = dt.datetime(2013, 3, 1, 12, 0)


class FaultTestCase(ConformanceTestCase):
    """Two uuids, which name no instances."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.uuid, self.other_uuid = a_uuid(), a_uuid()

    def create(self, **values: Any) -> dict[str, Any]:
        values = {"instance_uuid": self.uuid, "code": 500, **values}
        return self.api.instance_fault_create(self.user, values)

    def get(self, *uuids: Any, context: Any = None) -> dict[Any, list[dict[str, Any]]]:
        found: dict[Any, list[dict[str, Any]]]
        found = self.db.instance_fault_get_by_instance_uuids(context or self.user, uuids)
        return found


class TestInstanceFaultCreate(FaultTestCase):
    """``instance_fault_create``."""

    def test_every_column_is_stored(self) -> None:
        values = {
            "id": 7,
            "instance_uuid": self.uuid,
            "code": 404,
            "message": "not fönd",
            "details": "line 1\nline 2",
            "host": "host1",
            "created_at": NOON - dt.timedelta(days=2),
            "updated_at": NOON - dt.timedelta(days=1),
            "deleted_at": None,
            "deleted": 0,
        }
        created = self.db.instance_fault_create(self.user, values)
        self.assertShape(created, "instance_faults")
        self.assertEqual(values, created)
        self.assertEqual({self.uuid: [created]}, self.get(self.uuid))

    def test_only_the_code_is_required(self) -> None:
        created = self.db.instance_fault_create(self.user, {"code": 500})
        self.assertShape(created, "instance_faults")
        self.assertRecord(
            created,
            code=500,
            instance_uuid=None,
            message=None,
            details=None,
            host=None,
            created_at=NOON,
            updated_at=None,
            deleted_at=None,
            deleted=0,
        )

    def test_values_are_stored_in_the_type_of_their_column(self) -> None:
        created = self.create(code="404", message=5, host=True)
        self.assertRecord(created, code=404, message="5", host="1")
        self.assertEqual([created], self.get(self.uuid)[self.uuid])

    def test_an_instance_may_have_any_number_of_faults(self) -> None:
        faults = [self.create(message="the same") for _ in range(5)]
        self.assertEqual(5, len({fault["id"] for fault in faults}))
        self.assertIds(self.get(self.uuid)[self.uuid], faults[::-1])

    def test_anyone_may(self) -> None:
        for context in (self.nobody, self.other, self.admin):
            self.db.instance_fault_create(context, {"instance_uuid": self.uuid, "code": 500})
        self.assertEqual(3, len(self.get(self.uuid, context=self.nobody)[self.uuid]))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        refused: tuple[tuple[str, Any], ...] = (
            ("code", None),
            ("code", "five"),
            ("code", 2**31),
            ("message", "x" * 256),
            ("message", {"text": "x"}),
            ("host", "x" * 256),
            ("instance_uuid", "x" * 37),
            ("details", "é" * (8 * 2**20)),
        )
        for column, value in refused:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="instance_faults", columns=[column], value=value),
            ):
                self.create(**{column: value})
        with self.raises(exceptions.DBDataError, table="instance_faults", columns=["code"], value=None):
            self.db.instance_fault_create(self.user, {"message": "no code"})
        self.assertEqual({}, self.dump())

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        with self.raises(exceptions.UnknownColumn, table="instance_faults", column="detail", nearest="details"):
            self.create(detail="x")
        self.assertEqual({}, self.dump())

    def test_a_taken_id_is_refused(self) -> None:
        taken = self.create()["id"]
        before = self.dump()
        with self.raises(exceptions.DBDuplicateEntry, table="instance_faults", columns=["id"]):
            self.create(id=taken)
        self.assertSameRows(before, "although the id was taken")

    def test_it_happens_or_not(self) -> None:
        created = self.assertAtomic(self.create)
        self.assertEqual([created], self.dump()["instance_faults"])

    def test_it_is_undone_with_its_transaction(self) -> None:
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
            created = self.create()
            self.assertEqual([created], self.get(self.uuid)[self.uuid])
            raise ZeroDivisionError("on purpose")
        self.assertEqual({}, self.dump())

    def test_faults_created_at_once_are_all_kept(self) -> None:
        uuids = [a_uuid() for _ in range(40)]
        current: list[str] = []
        rounds = race(
            lambda thread: self.create(instance_uuid=current[-1], message=str(thread)),
            rounds=40,
            prepare=lambda number: current.append(uuids[number]),
        )
        found = self.get(*uuids)
        for uuid, done in zip(uuids, rounds, strict=True):
            with self.subTest(uuid=uuid, done=done):
                expected = sorted(done.results, key=lambda fault: int(fault["id"]), reverse=True)
                self.assertEqual(8, len(expected))
                self.assertEqual(expected, found[uuid])


class TestInstanceFaultGet(FaultTestCase):
    """``instance_fault_get_by_instance_uuids``."""

    def test_there_is_a_list_for_each_uuid_asked_for(self) -> None:
        mine = self.create()
        self.create(instance_uuid=a_uuid())
        found = self.get(self.uuid, self.other_uuid)
        self.assertEqual({self.uuid: [mine], self.other_uuid: []}, found)
        self.assertShape(mine, "instance_faults")

    def test_the_newest_come_first(self) -> None:
        second = dt.timedelta(seconds=1)
        times = [NOON + second * number for number in (1, 3, 1, 0, 3)]
        faults = [self.create(created_at=moment) for moment in times]
        self.create(instance_uuid=self.other_uuid, created_at=NOON + 2 * second)
        self.assertIds(self.get(self.uuid, self.other_uuid)[self.uuid], [faults[n] for n in (4, 1, 2, 0, 3)])

    def test_any_iterable_will_do(self) -> None:
        fault = self.create()
        uuids = [self.uuid, self.other_uuid, self.uuid]
        get = self.db.instance_fault_get_by_instance_uuids
        for given in (uuids, tuple(uuids), set(uuids), frozenset(uuids), iter(uuids), dict.fromkeys(uuids)):
            with self.subTest(given=given):
                self.assertEqual({self.uuid: [fault], self.other_uuid: []}, get(self.user, given))
        empty: tuple[Any, ...] = ([], (), set(), iter(()))
        for nothing in empty:
            with self.subTest(nothing=nothing):
                self.assertEqual({}, get(self.user, nothing))

    def test_thousands_of_uuids_are_no_trouble(self) -> None:
        faults = [self.create(instance_uuid=f"uuid-{number}") for number in (0, 39_999)]
        found = self.get(*[f"uuid-{number}" for number in range(40_000)])
        self.assertEqual(40_000, len(found))
        self.assertEqual(faults, [*found["uuid-0"], *found["uuid-39999"]])
        self.assertEqual(2, sum(map(len, found.values())))

    def test_uuids_are_compared_exactly(self) -> None:
        self.create()
        for uuid in (self.uuid.upper(), self.uuid + " ", self.uuid[:-1], ""):
            with self.subTest(uuid=uuid):
                self.assertEqual({uuid: []}, self.get(uuid))

    def test_none_matches_nothing(self) -> None:
        self.create(instance_uuid=None)
        self.assertEqual({None: [], self.uuid: []}, self.get(None, self.uuid))

    def test_a_key_is_what_was_asked_for(self) -> None:
        fault = self.create(instance_uuid="5")
        found = self.get(5, "5", ("no", "uuid"))
        self.assertEqual({5: [fault], "5": [fault], ("no", "uuid"): []}, found)
        found[5][0].clear()
        self.assertEqual([fault], found["5"])

    def test_only_live_faults_are_found_whatever_is_visible(self) -> None:
        live = self.create()
        self.create(deleted=1000)
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertEqual({self.uuid: [live]}, self.get(self.uuid, context=self.seeing(read_deleted)))

    def test_the_faults_of_a_destroyed_instance_are_found(self) -> None:
        uuid = self.make.instance()["uuid"]
        fault = self.create(instance_uuid=uuid)
        self.db.instance_destroy(self.user, uuid)
        self.assertEqual({uuid: [fault]}, self.get(uuid, context=self.nobody))

    def test_what_is_no_collection_of_uuids_is_refused(self) -> None:
        self.create()
        wrong: tuple[Any, ...] = (None, self.uuid, self.uuid.encode(), 5)
        for uuids in wrong:
            with self.subTest(uuids=uuids), self.raises(TypeError):
                self.db.instance_fault_get_by_instance_uuids(self.user, uuids)

    def test_each_result_is_a_copy_of_its_own(self) -> None:
        self.create()
        self.assertPrivate(lambda: self.get(self.uuid, self.other_uuid))
