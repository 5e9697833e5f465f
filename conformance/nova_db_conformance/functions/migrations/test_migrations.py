"""Migrations of instances."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid, migration_values

HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)
UNKNOWN_IDS = (999, 0, -1, "x", "", None, 2**40)


class TestMigrationCreate(ConformanceTestCase):
    """New migrations."""

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "id": 7,
            "source_compute": "host1",
            "dest_compute": "höst2",
            "source_node": "node1",
            "dest_node": "node2",
            "dest_host": "2001:0DB8::0001",
            "old_instance_type_id": 3,
            "new_instance_type_id": 4,
            "instance_uuid": a_uuid(),
            "status": "pre-migrating",
            "created_at": NOON,
            "updated_at": NOON + HOUR,
            "deleted_at": NOON + 2 * HOUR,
            "deleted": 0,
        }
        created = self.db.migration_create(self.admin, values)
        self.assertShape(created, "migrations")
        self.assertEqual(values, created)
        self.assertEqual(values, self.db.migration_get(self.admin, 7))

    def test_what_is_not_given_is_null(self) -> None:
        self.set_time(NOON)
        created = self.db.migration_create(self.admin, {})
        self.assertShape(created, "migrations")
        nulls = {key: None for key in created if key not in ("id", "created_at", "deleted")}
        self.assertEqual({"id": 1, "created_at": NOON, "deleted": 0, **nulls}, created)
        self.assertEqual(created, self.db.migration_get(self.admin, 1))

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.make.migration(
            source_compute=1, status=5, old_instance_type_id="3", new_instance_type_id=True, instance_uuid=7
        )
        self.assertRecord(
            created,
            source_compute="1",
            status="5",
            old_instance_type_id=3,
            new_instance_type_id=1,
            instance_uuid="7",
        )
        self.assertEqual(created, self.db.migration_get(self.admin, created["id"]))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("source_compute", "h" * 256),
            ("status", "s" * 256),
            ("instance_uuid", "u" * 37),
            ("dest_host", ["host"]),
            ("old_instance_type_id", "m1.tiny"),
            ("new_instance_type_id", 2**31),
            ("updated_at", "2013-03-01T12:00:00.000250"),
            ("dest_node", "a\0b"),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="migrations", columns=[column], value=value),
            ):
                self.make.migration(**{column: value})
        for unknown, nearest in (("state", "status"), ("desthost", "dest_host"), ("instance", "instance_uuid")):
            with (
                self.subTest(unknown=unknown, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="migrations", column=unknown, nearest=nearest, code=400),
            ):
                self.make.migration(**{unknown: "x"})
        self.assertEqual({}, self.dump())

    def test_a_failure_leaves_nothing(self) -> None:
        values = migration_values()
        created = self.assertAtomic(lambda: self.db.migration_create(self.admin, values))
        self.assertEqual(created, self.db.migration_get(self.admin, created["id"]))
        self.assertEqual(1, len(self.dump()["migrations"]))


class TestMigrations(ConformanceTestCase):
    """Reading and changing migrations by id, and by instance."""

    def test_a_migration_is_changed(self) -> None:
        self.set_time(NOON)
        migration, other = self.make.migration(), self.make.migration()
        now = self.advance(60)
        changes = {"status": "finished", "dest_compute": "host3", "dest_host": None, "old_instance_type_id": "9"}
        changed = self.db.migration_update(self.admin, str(migration["id"]), changes)
        self.assertShape(changed, "migrations")
        self.assertEqual({**migration, **changes, "old_instance_type_id": 9, "updated_at": now}, changed)
        self.assertEqual(changed, self.db.migration_get(self.admin, migration["id"]))
        self.assertEqual(other, self.db.migration_get(self.admin, other["id"]))

    def test_only_what_changes_is_stamped(self) -> None:
        self.set_time(NOON)
        migration = self.make.migration(status="finished")
        self.advance(60)
        for values in ({}, {"status": "finished"}, {"old_instance_type_id": "1"}):
            with self.subTest(values=values):
                self.assertEqual(migration, self.db.migration_update(self.admin, migration["id"], values))
        changed = self.db.migration_update(self.admin, migration["id"], {"status": "error", "updated_at": NOON - HOUR})
        self.assertEqual({**migration, "status": "error", "updated_at": NOON - HOUR}, changed)

    def test_an_unknown_migration_is_not_found(self) -> None:
        self.make.migration()
        before = self.dump()
        for number in UNKNOWN_IDS:
            with self.subTest(number=number):
                with self.raises(exceptions.MigrationNotFound, migration_id=number, code=404):
                    self.db.migration_get(self.admin, number)
                with self.raises(exceptions.MigrationNotFound, migration_id=number, code=404):
                    self.db.migration_update(self.admin, number, {"status": "error"})
                with self.raises(exceptions.MigrationNotFound, migration_id=number):
                    self.db.migration_update(self.admin, number, {})
        self.assertSameRows(before, "although no migration was named")

    def test_what_cannot_be_stored_is_refused(self) -> None:
        number = self.make.migration()["id"]
        update = self.db.migration_update
        with self.raises(exceptions.DBDataError, table="migrations", columns=["status"], value="s" * 256):
            update(self.admin, number, {"dest_compute": "x", "status": "s" * 256})
        with self.raises(exceptions.UnknownColumn, table="migrations", column="instance", code=400):
            update(self.admin, number, {"dest_compute": "x", "instance": None})
        for values in ({"status": "s" * 256}, {"new_instance_type_id": "x"}):
            with self.subTest(values=values):
                self.assertUnchanged(
                    partial(update, self.admin, number, {"dest_compute": "x", **values}), exceptions.DBDataError
                )

    def test_the_first_of_a_status_is_found_by_instance(self) -> None:
        uuid = a_uuid()
        statuses = ("confirmed", "finished", "error", "finished")
        _, first, error, _ = [self.make.migration(instance_uuid=uuid, status=status) for status in statuses]
        self.make.migration(status="reverted")
        find = self.db.migration_get_by_instance_and_status
        self.assertEqual(first, find(self.admin, uuid, "finished"))
        self.assertEqual(error, find(self.admin, uuid, "error"))
        self.assertShape(error, "migrations")
        for unknown, status in (
            (uuid, "reverted"),
            (uuid, "Finished"),
            (uuid, "finished "),
            (uuid, None),
            (a_uuid(), "finished"),
            (uuid.upper(), "finished"),
            (None, "finished"),
            (uuid, ["finished"]),
        ):
            with self.subTest(unknown=unknown, status=status):
                with self.raises(
                    exceptions.MigrationNotFoundByStatus, instance_id=unknown, status=status, code=404
                ) as caught:
                    find(self.admin, unknown, status)
                self.assertIsInstance(caught.exception, exceptions.MigrationNotFound)
        nothing = self.make.migration(instance_uuid=None, status=None)
        self.assertEqual(nothing, find(self.admin, None, None))
        number = self.make.migration(instance_uuid=7, status=5)
        self.assertEqual(number, find(self.admin, 7, 5))

    def test_deleted_migrations_are_found_and_changed_whatever_a_context_sees(self) -> None:
        uuid = a_uuid()
        gone = self.make.migration(instance_uuid=uuid, status="finished", deleted=99, deleted_at=NOON)
        live = self.make.migration(instance_uuid=uuid, status="finished")
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                context = self.seeing(mode)
                for migration in (gone, live):
                    with self.subTest(migration=migration):
                        self.assertEqual(migration, self.db.migration_get(context, migration["id"]))
                        self.assertEqual(migration, self.db.migration_update(context, migration["id"], {}))
                self.assertEqual(gone, self.db.migration_get_by_instance_and_status(context, uuid, "finished"))

    def test_results_are_private(self) -> None:
        uuid = self.make.instance(system_metadata={"a": "b"})["uuid"]
        number = self.make.migration(instance_uuid=uuid, status="finished", updated_at=NOON)["id"]
        self.assertPrivate(lambda: self.db.migration_get(self.admin, number))
        self.assertPrivate(lambda: self.db.migration_get_by_instance_and_status(self.admin, uuid, "finished"))
        self.assertPrivate(lambda: self.db.migration_get_unconfirmed_by_dest_compute(self.admin, 0, "host2"))
        self.assertPrivate(lambda: self.db.migration_get_in_progress_by_host_and_node(self.admin, "host1", "node1"))

    def test_all_is_for_administrators(self) -> None:
        number = self.make.migration()["id"]
        before = self.dump()
        for call in (
            lambda context: self.db.migration_create(context, {"unknown": 1}),
            lambda context: self.db.migration_update(context, number, {"status": "error"}),
            lambda context: self.db.migration_get(context, 999),
            lambda context: self.db.migration_get_by_instance_and_status(context, a_uuid(), "finished"),
            lambda context: self.db.migration_get_unconfirmed_by_dest_compute(context, 0, "host2"),
            lambda context: self.db.migration_get_in_progress_by_host_and_node(context, "host1", "node1"),
        ):
            with self.subTest(call=call):
                self.assertAdminOnly(call)
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_a_failure_leaves_the_migration_as_it_was(self) -> None:
        number = self.make.migration()["id"]
        changed = self.assertAtomic(lambda: self.db.migration_update(self.admin, number, {"status": "error"}))
        self.assertRecord(changed, status="error")

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        with self.db.transaction(self.admin):
            migration = self.make.migration()
            with self.raises(exceptions.MigrationNotFound):
                self.db.migration_update(self.admin, 999, {"status": "error"})
            self.assertEqual(migration, self.db.migration_get(self.admin, migration["id"]))
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.migration_update(self.admin, migration["id"], {"status": "error"})
            self.make.migration()
            raise LookupError
        self.assertEqual(migration, self.db.migration_get(self.admin, migration["id"]))
        self.assertEqual(1, len(self.dump()["migrations"]))
