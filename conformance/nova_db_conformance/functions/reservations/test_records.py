"""Single reservations: made directly, and read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.reservations.cases import LATER, ReservationTestCase
from nova_db_conformance.harness.values import a_uuid


class TestReservationRecords(ReservationTestCase):
    """``reservation_create`` and ``reservation_get``."""

    def create(self, **values: Any) -> dict[str, Any]:
        """Make a reservation of 5 cores of ``p1``, with a usage if none is given."""
        if "usage" not in values:
            self.reserve({"cores": 0})
            values["usage"] = self.usage("cores")
        arguments = {"uuid": a_uuid(), "project_id": "p1", "resource": "cores", "delta": 5, "expire": LATER, **values}
        return self.api.reservation_create(self.admin, **arguments)

    def test_a_new_reservation_has_what_was_given_and_nothing_else(self) -> None:
        self.set_time(NOON)
        self.reserve({"cores": 3})
        usage = self.usage("cores")
        uuid = a_uuid()
        created = self.db.reservation_create(self.admin, uuid, usage, "p2", "ram", 5, LATER)
        self.assertShape(created, "reservations")
        self.assertRecord(
            created,
            id=2,
            uuid=uuid,
            usage_id=usage["id"],
            project_id="p2",
            resource="ram",
            delta=5,
            expire=LATER,
            created_at=NOON,
            updated_at=None,
            deleted_at=None,
            deleted=0,
        )
        self.assertEqual(created, self.db.reservation_get(self.user, uuid))
        self.assertEqual(usage, self.usage("cores"))

    def test_any_mapping_with_an_id_is_a_usage(self) -> None:
        self.reserve({"cores": 0})
        key = self.usage("cores")["id"]
        for usage in ({"id": key}, {"id": str(key), "more": object()}):
            with self.subTest(usage=usage):
                self.assertRecord(self.create(usage=usage), usage_id=key)
        with self.raises(exceptions.MissingKeys) as caught:
            self.create(usage={"usage_id": key})
        self.assertEqual(["id"], caught.exception.kwargs["missing"])

    def test_the_usage_must_exist(self) -> None:
        self.reserve({"cores": 0})
        before = self.dump()
        missing = self.usage("cores")["id"] + 1
        with self.raises(exceptions.DBReferenceError, table="reservations", columns=["usage_id"], value=missing):
            self.create(usage={"id": missing})
        self.assertSameRows(before, "although there was no such usage")

    def test_the_usage_may_be_deleted(self) -> None:
        self.reserve({"cores": 0})
        usage = self.usage("cores")
        self.db.quota_destroy_all_by_project(self.admin, "p1")
        self.assertRecord(self.create(usage=usage), usage_id=usage["id"])

    def test_values_are_converted_to_what_columns_hold(self) -> None:
        east = dt.timezone(dt.timedelta(hours=2))
        aware = LATER.replace(tzinfo=dt.UTC).astimezone(east)
        created = self.create(uuid=7, project_id=5, resource=9, delta="-3", expire=aware)
        self.assertRecord(created, uuid="7", project_id="5", resource="9", delta=-3, expire=LATER)
        self.assertEqual(created, self.db.reservation_get(self.user, 7))
        self.assertRecord(self.create(project_id=None, resource=None, expire=None), expire=None, project_id=None)

    def test_what_cannot_be_stored_is_refused(self) -> None:
        self.reserve({"cores": 0})
        usage = self.usage("cores")
        before = self.dump()
        cases: list[tuple[str, Any]] = [
            ("uuid", None),
            ("uuid", "u" * 37),
            ("delta", None),
            ("delta", 2**31),
            ("delta", 1.5),
            ("expire", "tomorrow"),
            ("expire", 86400),
            ("project_id", "p" * 256),
            ("resource", "r" * 256),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="reservations", columns=[column], value=value),
            ):
                self.create(usage=usage, **{column: value})
        with self.raises(exceptions.DBDataError, table="reservations", columns=["usage_id"], value=None):
            self.create(usage={"id": None})
        self.assertSameRows(before, "although every value was refused")

    def test_a_uuid_may_be_taken_twice_and_the_first_is_read(self) -> None:
        first = self.create(uuid="same")
        second = self.create(uuid="same", delta=7)
        self.assertEqual(first, self.db.reservation_get(self.user, "same"))
        self.db.quota_usage_update(self.admin, "p1", "cores", reserved=12)
        self.db.reservation_commit(self.user, ["same"])
        self.assertEqual({"cores": (12, 0)}, self.numbers())
        with self.raises(exceptions.ReservationNotFound, uuid="same"):
            self.db.reservation_get(self.user, "same")
        self.assertGreater(second["id"], first["id"])

    def test_a_reservation_made_directly_ends_like_any_other(self) -> None:
        self.reserve({"cores": 0})
        self.db.quota_usage_update(self.admin, "p1", "cores", reserved=8)
        for number, delta in enumerate((5, 3)):
            self.create(uuid=f"r{number}", usage=self.usage("cores"), delta=delta)
        self.db.reservation_commit(self.user, ["r0"])
        self.db.reservation_rollback(self.user, ["r1"])
        self.assertEqual({"cores": (5, 0)}, self.numbers())

    def test_an_unknown_reservation_is_not_found(self) -> None:
        created = self.create()
        for uuid in (a_uuid(), created["uuid"].upper(), "", None, 7):
            with self.subTest(uuid=uuid), self.raises(exceptions.ReservationNotFound, uuid=uuid, code=404):
                self.db.reservation_get(self.user, uuid)

    def test_one_that_has_ended_is_not_found_whatever_the_context_sees(self) -> None:
        ends: tuple[Callable[[str], None], ...] = (
            lambda uuid: self.db.reservation_commit(self.user, [uuid]),
            lambda uuid: self.db.reservation_rollback(self.user, [uuid]),
            lambda uuid: self.db.reservation_expire(self.admin),
            lambda uuid: self.db.quota_destroy_all_by_project(self.admin, "p1"),
        )
        for end in ends:
            with self.subTest(end=end):
                [uuid] = self.reserve({"cores": 1}, expire=NOON)
                for mode in ("no", "yes", "only"):
                    with self.subTest(mode=mode):
                        self.assertRecord(self.db.reservation_get(self.seeing(mode, self.user), uuid), uuid=uuid)
                end(uuid)
                for mode in ("no", "yes", "only"):
                    with self.subTest(mode=mode), self.raises(exceptions.ReservationNotFound, uuid=uuid):
                        self.db.reservation_get(self.seeing(mode, self.user), uuid)

    def test_anyone_may_read_any_reservation(self) -> None:
        created = self.create()
        for context in (self.user, self.other, self.admin):
            with self.subTest(context=context):
                self.assertEqual(created, self.db.reservation_get(context, created["uuid"]))
        self.assertPrivate(lambda: self.db.reservation_get(self.user, created["uuid"]))
        self.assertNotAuthorized(
            [self.nobody, self.context(project_id=None), self.context(user_id=None)],
            lambda context: self.db.reservation_get(context, created["uuid"]),
        )

    def test_only_administrators_may_make_one_directly(self) -> None:
        self.reserve({"cores": 0})
        usage = self.usage("cores")
        self.assertAdminOnly(
            lambda context: self.db.reservation_create(context, a_uuid(), usage, "p1", "cores", 1, LATER)
        )
        self.assertAdminOnly(lambda context: self.db.reservation_create(context, None, {}, None, None, None, None))
        self.assertEqual(1, len(self.live("reservations")))

    def test_a_failure_leaves_nothing(self) -> None:
        self.reserve({"cores": 0})
        usage = self.usage("cores")
        created = self.assertAtomic(lambda: self.create(usage=usage))
        self.assertEqual(created, self.db.reservation_get(self.user, created["uuid"]))

    def test_making_one_joins_a_transaction(self) -> None:
        self.reserve({"cores": 0})
        usage = self.usage("cores")
        before = self.dump()
        with self.raises(LookupError), self.db.transaction(self.user):
            created = self.create(usage=usage)
            self.assertEqual(created, self.db.reservation_get(self.user, created["uuid"]))
            raise LookupError
        self.assertSameRows(before, "although the transaction was rolled back")
        with self.db.transaction(self.user):
            created = self.create(usage=usage)
            with self.raises(exceptions.DBReferenceError):
                self.create(usage={"id": usage["id"] + 1})
        self.assertEqual(created, self.db.reservation_get(self.user, created["uuid"]))
