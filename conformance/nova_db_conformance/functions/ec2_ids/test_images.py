"""Integers of S3 images."""

from __future__ import annotations

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, race
from nova_db_conformance.harness.values import a_uuid


class TestS3Images(ConformanceTestCase):
    """Images, which anyone may map and look up."""

    def test_an_image_is_mapped_to_the_next_integer_and_back(self) -> None:
        self.set_time(NOON)
        uuids = [a_uuid() for _ in range(3)]
        times = {"created_at": NOON, "updated_at": None, "deleted_at": None, "deleted": 0}
        for number, uuid in enumerate(uuids, 1):
            with self.subTest(number=number, uuid=uuid):
                created = self.db.s3_image_create(self.user, uuid)
                self.assertShape(created, "s3_images")
                self.assertEqual({"id": number, "uuid": uuid, **times}, created)
                for key in (number, str(number)):
                    with self.subTest(key=key):
                        self.assertEqual(created, self.db.s3_image_get(self.user, key))
                self.assertEqual(created, self.db.s3_image_get_by_uuid(self.user, uuid))
        self.assertPrivate(lambda: self.db.s3_image_get(self.user, 1))
        self.assertPrivate(lambda: self.db.s3_image_get_by_uuid(self.user, uuids[0]))

    def test_the_first_mapping_of_an_image_counts(self) -> None:
        uuid = a_uuid()
        first, second = (self.db.s3_image_create(self.user, uuid) for _ in range(2))
        self.assertGreater(second["id"], first["id"])
        self.assertEqual(first, self.db.s3_image_get_by_uuid(self.user, uuid))
        self.assertEqual(second, self.db.s3_image_get(self.user, second["id"]))

    def test_anyone_may(self) -> None:
        for context in (self.nobody, self.other, self.user, self.admin):
            with self.subTest(context=context):
                created = self.db.s3_image_create(context, a_uuid())
                self.assertEqual(created, self.db.s3_image_get(context, created["id"]))
                self.assertEqual(created, self.db.s3_image_get_by_uuid(context, created["uuid"]))

    def test_what_is_not_mapped_is_not_found(self) -> None:
        uuid = self.db.s3_image_create(self.user, a_uuid())["uuid"]
        for unknown in (2, 0, -1, "2", "x", "", "1.0", None, 2**40, uuid):
            with self.subTest(unknown=unknown):
                with self.raises(exceptions.ImageNotFound, image_id=unknown, code=404) as caught:
                    self.db.s3_image_get(self.user, unknown)
                self.assertIn(str(unknown), str(caught.exception))
        for unknown in (a_uuid(), uuid.upper(), "", None, 1, ["x"]):
            with self.subTest(unknown=unknown):
                with self.raises(exceptions.ImageNotFound, image_id=unknown, code=404) as caught:
                    self.db.s3_image_get_by_uuid(self.user, unknown)
                self.assertIn(str(unknown), str(caught.exception))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        for value in (None, "u" * 37, ["u"], "a\0b"):
            with (
                self.subTest(value=value),
                self.raises(exceptions.DBDataError, table="s3_images", columns=["uuid"], value=value),
            ):
                self.db.s3_image_create(self.user, value)
        self.assertEqual({}, self.dump())

    def test_a_uuid_that_is_a_number_is_its_text(self) -> None:
        created = self.db.s3_image_create(self.user, 77)
        self.assertRecord(created, uuid="77")
        self.assertEqual(created, self.db.s3_image_get_by_uuid(self.user, 77))

    def test_deleted_mappings_are_found_whatever_a_context_sees(self) -> None:
        uuid = a_uuid()
        rows = self.insert("s3_images", {"uuid": uuid, "deleted": 99, "deleted_at": NOON}, {"uuid": uuid})
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                context = self.seeing(mode, self.nobody)
                self.assertEqual(rows[0], self.db.s3_image_get_by_uuid(context, uuid))
                self.assertEqual(rows, [self.db.s3_image_get(context, row["id"]) for row in rows])

    def test_a_failure_leaves_nothing(self) -> None:
        uuid = a_uuid()
        created = self.assertAtomic(lambda: self.db.s3_image_create(self.user, uuid))
        self.assertEqual({"s3_images": [created]}, self.dump())

    def test_calls_join_a_transaction(self) -> None:
        with self.raises(LookupError), self.db.transaction(self.user):
            created = self.db.s3_image_create(self.user, a_uuid())
            self.assertEqual(created, self.db.s3_image_get(self.user, created["id"]))
            raise LookupError
        self.assertEqual({}, self.dump())

    def test_no_integer_is_given_twice(self) -> None:
        done = race(lambda _: self.db.s3_image_create(self.nobody, a_uuid()), rounds=20)
        images = [image for each in done for image in each.results]
        self.assertEqual(20 * THREADS, len({image["id"] for image in images}))
        self.assertEqual(sorted(images, key=lambda image: int(image["id"])), self.dump()["s3_images"])
