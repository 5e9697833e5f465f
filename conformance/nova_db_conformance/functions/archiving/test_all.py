"""Archiving all tables, alone and by several at once."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db.schema import TABLES
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.failures import MOST_CALLS, PlantedFailure, failing_at
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import a_number, instance_values, security_group_values


class ArchiveAllTestCase(ConformanceTestCase):
    """What is soft-deleted here is so by the API, where that can."""

    def archive(self, *limit: Any, **limits: Any) -> int:
        """Archive rows of all tables."""
        count = self.db.archive_deleted_rows(self.admin, *limit, **limits)
        self.assertIs(int, type(count))
        return int(count)

    def services(self, count: int) -> list[dict[str, Any]]:
        """Soft-deleted services."""
        return self.insert("services", *[{"host": f"host-{a_number()}", "deleted": 99} for _ in range(count)])

    def rows(self, *tables: str) -> dict[str, list[dict[str, Any]]]:
        """The rows of tables and of their shadows, together and by id."""
        found = self.dump()
        return {
            name: sorted(found.get(name, []) + found.get(f"shadow_{name}", []), key=lambda row: int(row["id"]))
            for name in tables or sorted(name.removeprefix("shadow_") for name in found)
        }

    def deleted(self) -> int:
        """How many soft-deleted rows wait to be archived."""
        found = self.dump()
        return sum(row["deleted"] != TABLES[name].live_value for name in TABLES for row in found.get(name, []))


class TestArchiveAll(ArchiveAllTestCase):
    """One caller."""

    def test_a_deleted_instance_goes_in_one_pass_with_all_that_was_deleted_with_it(self) -> None:
        group = self.db.security_group_create(self.user, security_group_values(name="web"))
        values = instance_values(metadata={"a": "b"}, security_groups=["web"])
        instance = self.db.instance_create(self.user, values)
        mapping = self.make.block_device(instance)
        self.db.block_device_mapping_destroy(self.user, mapping["id"])
        self.db.instance_destroy(self.user, instance["uuid"])
        self.db.security_group_destroy(self.user, group["id"])
        action = self.make.action(deleted=99)
        self.db.action_event_start(
            self.seeing("only"),
            {"instance_uuid": action["instance_uuid"], "request_id": action["request_id"], "deleted": 99},
        )
        before, count = self.rows(), self.deleted()
        self.assertGreaterEqual(count, 8)
        self.assertEqual(count, self.archive())
        self.assertEqual(0, self.deleted())
        self.assertEqual(before, self.rows())
        self.assertEqual(0, self.archive())

    def test_what_is_referred_to_goes_in_a_later_call(self) -> None:
        instance = self.make.deleted_instance(system_metadata={"a": "b"})
        [service] = self.services(1)
        self.assertEqual(2, self.archive(), "the service and the info cache")
        self.assertEqual([0, 0], [self.archive(), self.archive(10)])
        self.assertIn(service, self.dump()["shadow_services"])
        self.db.instance_system_metadata_update(self.user, instance["uuid"], {}, True)
        self.assertEqual(2, self.archive(), "the metadata and, after it, the instance")
        self.assertNotIn("instances", self.dump())

    def test_the_limit_is_of_all_tables_together(self) -> None:
        def fill() -> None:
            self.services(3)
            self.insert("key_pairs", *[{"name": "k", "deleted": 99} for _ in range(4)])
            self.insert("volumes", *[{"id": f"v{a_number()}", "deleted": "gone"} for _ in range(2)])
            self.insert("dns_domains", {"domain": f"d{a_number()}", "deleted": True})

        for limit, counts in (
            (1, [1] * 10),
            (3, [3, 3, 3, 1]),
            (5, [5, 5]),
            (9, [9, 1]),
            (10, [10]),
            (1000, [10]),
            (None, [10]),
        ):
            with self.subTest(limit=limit):
                fill()
                for count in counts:
                    with self.subTest(count=count):
                        self.assertEqual(count, self.archive(max_rows=limit))
                self.assertEqual(0, self.deleted())
                self.assertEqual(0, self.archive(limit))

    def test_a_table_that_cannot_go_takes_nothing_of_the_limit(self) -> None:
        pools = self.insert("console_pools", {"deleted": 99}, {"deleted": 99})
        self.insert("consoles", {"pool_id": pools[0]["id"]})
        self.services(2)
        self.assertEqual(2, self.archive(3))
        self.assertEqual(["console_pools", "consoles", "shadow_services"], sorted(self.dump()))

    def test_live_rows_and_those_without_a_shadow_table_stay(self) -> None:
        self.make.instance()
        self.make.service()
        self.insert("volumes", {"id": "v"})
        self.insert("dns_domains", {"domain": "d"})
        self.insert("security_group_default_rules", {"deleted": 99})
        before = self.dump()
        self.assertEqual(0, self.archive())
        self.assertSameRows(before, "although nothing could be archived")

    def test_zero_moves_nothing_and_less_is_refused(self) -> None:
        self.services(1)
        before = self.dump()
        self.assertEqual(0, self.archive(0))
        self.assertSameRows(before, "although nothing was to move")
        self.assertUnchanged(partial(self.archive, -1), ValueError)

    def test_it_is_for_administrators_who_may_see_what_they_like(self) -> None:
        self.services(1)
        before = self.dump()
        for limit in (None, 5, 0, -1):
            with self.subTest(limit=limit):
                self.assertAdminOnly(partial(self.db.archive_deleted_rows, max_rows=limit))
        self.assertSameRows(before, "although none of these calls was allowed")
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.services(2)
                self.assertEqual(1, self.db.archive_deleted_rows(self.seeing(mode), 1))

    def test_after_a_failure_the_tables_before_it_are_archived_and_no_table_is_half(self) -> None:
        names = ("services", "key_pairs", "agent_builds", "networks")
        failures = 0
        for number in range(1, 2 * MOST_CALLS, 7):  # some steps of each kind: there are several for every table
            self.empty()
            for name in names:
                self.insert(name, {"deleted": 99}, {"deleted": 98})
            before = self.rows(*names)
            with failing_at(self.driver, number), contextlib.suppress(PlantedFailure):
                self.archive()
                break
            failures += 1
            self.assertEqual(before, self.rows(*names))
            done = [len(self.dump().get(f"shadow_{name}", [])) == 2 for name in TABLES if name in names]
            self.assertEqual(sorted(done, reverse=True), done)
            self.assertEqual(2 * done.count(False), self.archive())
        self.assertGreater(failures, 10)
        self.assertEqual(0, self.deleted())

    def test_a_table_that_fails_keeps_nothing_of_those_before(self) -> None:
        self.insert("agent_builds", {"deleted": 99})
        [service] = self.services(1)
        with self.writer() as tx:
            tx.insert(("shadow_services", [service]))
        with self.raises(exceptions.DBDuplicateEntry):
            self.archive()
        self.assertEqual(["services", "shadow_agent_builds", "shadow_services"], sorted(self.dump()))

    def test_it_joins_a_transaction(self) -> None:
        self.services(2)
        before = self.dump()
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.assertEqual(1, self.archive(1))
            self.assertEqual(1, self.archive())
            raise LookupError
        self.assertSameRows(before, "although the transaction was undone")


class TestArchiveRaces(ArchiveAllTestCase):
    """Eight archivers, and others beside them."""

    def fill(self, _: int = 0) -> None:
        """Soft-delete some rows of three tables, one of which refers to another."""
        self.services(12)
        pools = self.insert("console_pools", *[{"deleted": 99} for _ in range(6)])
        self.insert("consoles", *[{"pool_id": pool["id"], "deleted": 99} for pool in pools])

    def test_a_row_moves_once_and_is_counted_by_one(self) -> None:
        def finish(done: Round) -> None:
            self.assertEqual(12, sum(done.results))
            found = self.dump()
            self.assertNotIn("services", found)
            self.assertEqual(12 * (done.number + 1), len(found["shadow_services"]))

        race(
            lambda _: self.db.archive_deleted_rows_for_table(self.admin, "services"),
            rounds=25,
            prepare=lambda _: self.services(12),
            finish=finish,
        )

    def test_archivers_with_a_limit_take_no_more_than_it_and_nothing_twice(self) -> None:
        def finish(done: Round) -> None:
            self.assertLessEqual(max(done.results), 3)
            found = self.dump()
            moved = sum(done.results)
            self.assertGreaterEqual(moved, 3)
            self.assertEqual(moved, len(found["shadow_services"]) - len(archived))
            self.assertEqual(40 - moved, len(found["services"]))
            self.assertLess(found["shadow_services"][-1]["id"], found["services"][0]["id"])
            self.db.archive_deleted_rows_for_table(self.admin, "services")
            archived[:] = self.dump()["shadow_services"]

        archived: list[Any] = []
        race(
            lambda _: self.db.archive_deleted_rows_for_table(self.admin, "services", 3),
            rounds=15,
            prepare=lambda _: self.services(40),
            finish=finish,
        )

    def test_all_tables_are_archived_once_by_all_together(self) -> None:
        def finish(done: Round) -> None:
            rest = self.archive()
            self.assertEqual(24, sum(done.results) + rest)
            found = self.dump()
            self.assertEqual(["shadow_console_pools", "shadow_consoles", "shadow_services"], sorted(found))
            self.assertEqual(24 * (done.number + 1), sum(map(len, found.values())))

        race(lambda _: self.db.archive_deleted_rows(self.admin), rounds=6, prepare=self.fill, finish=finish)

    def test_so_it_is_with_archivers_on_several_hosts(self) -> None:
        hosts = (self.driver, self.another_driver())

        def finish(done: Round) -> None:
            self.assertEqual(12, sum(done.results))
            self.assertEqual(12 * (done.number + 1), len(self.dump()["shadow_services"]))

        race(
            lambda thread: hosts[thread % 2].archive_deleted_rows_for_table(self.admin, "services"),
            rounds=12,
            prepare=lambda _: self.services(12),
            finish=finish,
        )

    def test_what_is_deleted_meanwhile_is_archived_or_waits(self) -> None:
        services: list[dict[str, Any]] = []

        def prepare(_: int) -> None:
            services[:] = [self.make.service() for _ in range(THREADS)]
            self.services(2)

        def some(thread: int) -> int:
            if thread % 2:
                return int(self.db.archive_deleted_rows_for_table(self.admin, "services"))
            for service in services[thread : thread + 2]:
                self.db.service_destroy(self.admin, service["id"])
            return 0

        def finish(done: Round) -> None:
            waiting = self.deleted()
            self.assertEqual(THREADS + 2, sum(done.results) + waiting)
            self.assertEqual(waiting, self.db.archive_deleted_rows_for_table(self.admin, "services"))
            moved = self.dump()["shadow_services"][-THREADS - 2 :]
            expected = {service["id"]: service["host"] for service in services}
            for row in moved[:THREADS]:
                self.assertRecord(row, host=expected[row["id"]], deleted=row["id"])

        race(some, rounds=20, prepare=prepare, finish=finish)

    def test_a_pool_that_gets_a_console_meanwhile_is_never_archived_under_it(self) -> None:
        pools: list[dict[str, Any]] = []

        def prepare(_: int) -> None:
            pools[:] = self.insert("console_pools", {"deleted": 99})

        def some(thread: int) -> Any:
            if thread % 2:
                return self.db.archive_deleted_rows_for_table(self.admin, "console_pools")
            return self.db.console_create(self.admin, {"pool_id": pools[0]["id"]})

        def finish(done: Round) -> None:
            moved = sum(result for result in done.results if isinstance(result, int))
            consoles = [result for result in done.results if not isinstance(result, int)]
            self.assertEqual([exceptions.DBReferenceError] * len(done.errors), [type(error) for error in done.errors])
            self.assertIn((moved, len(consoles)), ((1, 0), (0, THREADS // 2)))
            for console in consoles:
                self.db.console_delete(self.admin, console["id"])
            self.db.archive_deleted_rows_for_table(self.admin, "console_pools")

        race(some, rounds=20, prepare=prepare, finish=finish, allow=exceptions.DBReferenceError)
