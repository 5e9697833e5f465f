"""Lists of migrations: those whose confirmation is overdue, and those in progress."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid

SECOND = dt.timedelta(seconds=1)


class TestUnconfirmed(ConformanceTestCase):
    """Migrations to a host that wait to be confirmed."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)

    def overdue(self, window: float = 60, host: Any = "host2", mode: str = "no") -> list[Any]:
        """The migrations to a host whose confirmation is overdue."""
        return list(self.db.migration_get_unconfirmed_by_dest_compute(self.seeing(mode), window, host))

    def finished(self, seconds_ago: float | None, **values: Any) -> Any:
        """A finished migration to ``host2`` that was updated some seconds ago, None: never."""
        updated = None if seconds_ago is None else NOON - seconds_ago * SECOND
        return self.make.migration(**{"status": "finished", "updated_at": updated, **values})

    def test_those_updated_long_ago_are_listed(self) -> None:
        exactly, before = self.finished(60), self.finished(1000)
        self.finished(59)
        self.finished(-10)
        self.finished(None)
        self.assertEqual([exactly, before], self.overdue())
        self.assertShape(exactly, "migrations")

    def test_a_microsecond_decides(self) -> None:
        microsecond = dt.timedelta(microseconds=1)
        self.make.migration(status="finished", updated_at=NOON - 60 * SECOND + microsecond)
        self.assertEqual([], self.overdue())
        self.set_time(NOON + microsecond)
        self.assertEqual(1, len(self.overdue()))

    def test_the_window_may_be_a_fraction_empty_or_negative(self) -> None:
        now, half = self.finished(0), self.finished(0.5)
        later = self.finished(-5)
        self.assertEqual([half], self.overdue(0.5))
        self.assertEqual([now, half], self.overdue(0))
        self.assertEqual([now, half, later], self.overdue(-5))

    def test_only_finished_ones_to_the_host_are_listed(self) -> None:
        found = self.finished(90)
        for values in (
            {"status": "confirmed"},
            {"status": "Finished"},
            {"status": None},
            {"dest_compute": "host1"},
            {"dest_compute": "HOST2"},
            {"dest_compute": None},
            {"dest_compute": "host3", "source_compute": "host2"},
        ):
            self.finished(90, **values)
        self.assertEqual([found], self.overdue())
        self.assertEqual([], self.overdue(host="host9"))
        self.assertEqual([None], [migration["dest_compute"] for migration in self.overdue(host=None)])

    def test_a_host_that_is_a_number_is_its_text(self) -> None:
        found = self.finished(90, dest_compute="5")
        self.assertEqual([found], self.overdue(host=5))

    def test_deleted_ones_are_listed_whatever_a_context_sees(self) -> None:
        migrations = [self.finished(90, deleted=deleted) for deleted in (99, 0)]
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertEqual(migrations, self.overdue(mode=mode))

    def test_they_come_by_id_in_one_statement(self) -> None:
        migrations = [self.finished(seconds) for seconds in (70, 90, 80)]
        with self.statements() as sent:
            self.assertEqual(migrations, self.overdue())
        self.assertEqual(1, len(sent), str(sent))

    def test_an_update_starts_the_window(self) -> None:
        number = self.finished(90, status="migrating")["id"]
        self.db.migration_update(self.admin, number, {"status": "finished"})
        self.assertEqual([], self.overdue())
        self.advance(60)
        self.assertEqual([number], [migration["id"] for migration in self.overdue()])


class TestInProgress(ConformanceTestCase):
    """Migrations from or to a node that are not over."""

    def running(self, host: Any = "host1", node: Any = "node1", mode: str = "no") -> list[Any]:
        """The migrations in progress of a node."""
        return list(self.db.migration_get_in_progress_by_host_and_node(self.seeing(mode), host, node))

    def test_those_that_leave_and_those_that_come_are_listed_once(self) -> None:
        leaving = self.make.migration()
        coming = self.make.migration(
            source_compute="host3", source_node="node3", dest_compute="host1", dest_node="node1"
        )
        staying = self.make.migration(dest_compute="host1", dest_node="node1")
        self.make.migration(source_compute="host3")
        found = self.running()
        self.assertEqual([{**row, "instance": None} for row in (leaving, coming, staying)], found)
        self.assertShape(found[0], "migrations", "instance")

    def test_host_and_node_must_match_on_one_side(self) -> None:
        self.make.migration(source_compute="host1", source_node="x", dest_compute="y", dest_node="node1")
        self.make.migration(source_compute="x", source_node="node1", dest_compute="host1", dest_node="y")
        self.make.migration(source_compute="host1", source_node=None, dest_compute=None, dest_node=None)
        self.assertEqual([], self.running())
        self.assertEqual([], self.running("HOST1", "x"))
        self.assertEqual(1, len(self.running("host1", "x")))

    def test_none_stands_for_null(self) -> None:
        nodeless = self.make.migration(source_node=None)
        homeless = self.make.migration(dest_compute=None, dest_node=None)
        self.assertIds(self.running("host1", None), [nodeless])
        self.assertIds(self.running(None, None), [homeless])
        self.assertEqual([], self.running(None, "node1"))

    def test_hosts_and_nodes_that_are_numbers_are_their_text(self) -> None:
        migration = self.make.migration(source_compute=5, source_node="7")
        self.assertIds(self.running("5", 7), [migration])

    def test_all_but_the_confirmed_and_the_reverted_are_in_progress(self) -> None:
        statuses = ("error", "done", "finished", "CONFIRMED", "Reverted", "migrating", "confirming", "", "confirmed ")
        migrations = [self.make.migration(status=status) for status in statuses]
        for status in ("confirmed", "reverted", None):
            self.make.migration(status=status)
        self.assertIds(self.running(), migrations)

    def test_each_carries_its_live_instance_with_system_metadata(self) -> None:
        instance = self.make.instance(system_metadata={"a": "b", "c": "d"}, metadata={"e": "f"})
        uuid = instance["uuid"]
        self.db.instance_system_metadata_update(self.admin, uuid, {"a": "b"}, True)
        migration = self.make.migration(instance_uuid=uuid)
        [found] = self.running()
        self.assertShape(found, "migrations", "instance")
        self.assertShape(found["instance"], "instances", "system_metadata")
        stored = self.db.instance_get_by_uuid(self.admin, uuid)
        for key, value in found["instance"].items():
            with self.subTest(key=key, value=value):
                self.assertEqual(stored[key], value, key)
        self.assertEqual(["a"], [item["key"] for item in found["instance"]["system_metadata"]])
        self.assertEqual(instance["name"], found["instance"]["name"])
        del found["instance"]
        self.assertEqual(migration, found)

    def test_the_name_follows_the_template(self) -> None:
        uuid = self.make.instance()["uuid"]
        self.make.migration(instance_uuid=uuid)
        self.set_option("instance_name_template", "vm-%(uuid)s")
        self.assertEqual(f"vm-{uuid}", self.running()[0]["instance"]["name"])

    def test_a_migration_outlives_its_instance(self) -> None:
        gone = self.make.deleted_instance(system_metadata={"a": "b"})["uuid"]
        migrations = [self.make.migration(instance_uuid=uuid) for uuid in (gone, a_uuid(), None)]
        for mode in ("no", "yes"):
            with self.subTest(mode=mode):
                self.assertEqual([{**row, "instance": None} for row in migrations], self.running(mode=mode))

    def test_what_a_context_sees_decides_which_migrations_but_not_what_they_carry(self) -> None:
        uuid = self.make.instance(system_metadata={"a": "b"})["uuid"]
        live = self.make.migration(instance_uuid=uuid)
        gone = self.make.migration(instance_uuid=uuid, deleted=99, deleted_at=NOON)
        for mode, expected in (("no", [live]), ("yes", [live, gone]), ("only", [gone])):
            with self.subTest(mode=mode, expected=expected):
                found = self.running(mode=mode)
                self.assertIds(found, expected)
                for migration in found:
                    with self.subTest(migration=migration):
                        self.assertRecord(migration["instance"], uuid=uuid)
                        self.assertEqual(1, len(migration["instance"]["system_metadata"]))

    def test_the_number_of_statements_does_not_grow_with_the_migrations(self) -> None:
        for _ in range(2):
            uuid = self.make.instance(system_metadata={"a": "b"})["uuid"]
            self.make.migration(instance_uuid=uuid)
        with self.statements() as few:
            self.running()
        for _ in range(4):
            uuid = self.make.instance(system_metadata={"a": "b"})["uuid"]
            self.make.migration(instance_uuid=uuid)
        with self.statements() as many:
            self.assertEqual(6, len(self.running()))
        self.assertEqual(len(few), len(many))
        self.assertLessEqual(len(many), 3)
