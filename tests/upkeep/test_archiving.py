"""Archiving with dependents: what goes, what stays, how many at a time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from unittest import mock

from nova_db.engine import Eq, Gt
from nova_db.operations.rows import changes
from nova_db.schema import PARENTS_FIRST, TABLES
from nova_db.upkeep import archivable, archive
from nova_db_conformance import decision
from nova_db_conformance.engine.rows import a_row
from tests.upkeep.cases import NOON, ROWS, UpkeepTestCase

HOUR = dt.timedelta(hours=1)


class TestWhatGoes(UpkeepTestCase):
    """Rows that were deleted, and their dependents."""

    @decision(17, 36)
    def test_a_deleted_instance_goes_with_all_that_belongs_to_it(self) -> None:
        self.instances("gone", "other")
        self.instances("live", deleted=False)
        before = self.dump()
        done = self.archive()
        self.assertEqual(2 * ROWS, done.rows.total())
        self.assertEqual((Counter(), True), (done.kept, done.is_complete))
        self.assertKept(before)
        self.assertEqual((["live"], ["gone", "other"]), (self.names(), self.names("shadow_instances")))
        left = {name: len(rows) for name, rows in self.dump().items() if not name.startswith("shadow_")}
        self.assertEqual(ROWS, sum(left.values()))
        self.assertEqual(dict(done.rows), {name: 2 * count for name, count in left.items()})

    @decision(17, 36)
    def test_what_the_api_leaves_behind_goes_too(self) -> None:
        aggregate = self.make.aggregate(hosts=["host1"], zone="z")
        self.db.aggregate_delete(self.admin, aggregate["id"])
        flavor = self.make.flavor(is_public=False)
        self.db.instance_type_access_add(self.admin, flavor["flavorid"], "p1")
        self.db.instance_type_destroy(self.admin, flavor["name"])
        instance = self.make.instance(metadata={"a": "b"}, system_metadata={"c": "d"})
        self.make.block_device(instance)
        self.make.virtual_interface(instance_uuid=instance["uuid"])
        self.db.instance_destroy(self.admin, instance["uuid"])
        live = self.make.instance(metadata={"a": "b"})
        before = self.dump()
        self.archive()
        self.assertKept(before)
        left = {name for name in self.dump() if not name.startswith(("shadow_", "instance"))}
        self.assertEqual({"security_groups"}, left)  # the project's default one
        self.assertEqual([live["uuid"]], self.names())
        self.assertEqual(live, self.db.instance_get_by_uuid(self.admin, live["uuid"]))

    def test_deleted_rows_of_every_table_go_as_they_are(self) -> None:
        for table in PARENTS_FIRST:
            self.insert(table.name, a_row(self, table), a_row(self, table))  # type: ignore[arg-type]
        before = self.dump()
        done = self.archive()
        after = self.dump()
        stays = {name: rows for name, rows in before.items() if TABLES[name].shadow is None}
        self.assertEqual(stays, {name: rows for name, rows in after.items() if not name.startswith("shadow_")})
        moved = {f"shadow_{name}": rows for name, rows in before.items() if name not in stays}
        self.assertEqual(moved, {name: rows for name, rows in after.items() if name.startswith("shadow_")})
        self.assertEqual({name: len(rows) for name, rows in before.items() if name not in stays}, dict(done.rows))

    def test_live_rows_and_those_of_which_nobody_knows_stay(self) -> None:
        self.instances("live", deleted=False)
        self.insert("services", {"host": "a"}, {"host": "b"})
        with self.writer() as tx:
            tx.update("services", Eq("id", 2), {"deleted": None})
        before = self.dump()
        self.assertEqual(0, self.archive().rows.total())
        self.assertEqual(before, self.dump())

    def test_dependents_of_unknown_state_go_with_their_owner(self) -> None:
        self.instances("gone")
        with self.writer() as tx:
            tx.update("instance_faults", Gt("id", 0), {"deleted": None})
        before = self.dump()
        self.assertEqual(ROWS, self.archive().rows.total())
        self.assertKept(before, gone=before)

    def test_only_what_was_deleted_before_a_time(self) -> None:
        self.insert("services", *[{"deleted": 9, "deleted_at": NOON + hour * HOUR} for hour in (-1, 0, 1)])
        self.insert("services", {"deleted": 9})
        self.instances("gone")
        self.assertEqual(Counter(), self.archive(before=NOON - HOUR).rows)
        self.assertEqual(Counter(services=1), self.archive(before=NOON).rows)
        later = (NOON + dt.timedelta(microseconds=1)).replace(tzinfo=dt.UTC)
        done = self.archive(before=later.astimezone(dt.timezone(-HOUR)))
        self.assertEqual((1, 1 + ROWS), (done.rows["services"], done.rows.total()))
        self.assertEqual([3, 4], [row["id"] for row in self.dump()["services"]])

    def test_ids_are_not_used_again(self) -> None:
        self.instances("a", "b")
        self.archive()
        self.assertEqual(3, self.make.instance()["id"])


class TestWhatStays(UpkeepTestCase):
    """Rows that something refers to that does not go with them."""

    def test_an_instance_stays_while_an_address_in_use_refers_to_it(self) -> None:
        self.instances("held", "free")
        self.insert("fixed_ips", {"address": "10.0.0.1", "instance_uuid": "held"})
        self.insert("fixed_ips", {"address": "10.0.0.2", "instance_uuid": "free", "deleted": 9, "deleted_at": NOON})
        before = self.dump()
        done = self.archive()
        self.assertEqual((Counter(instances=1), True), (done.kept, done.is_complete))
        self.assertEqual({"instances": Counter({"fixed_ips.instance_uuid": 1})}, done.holders)
        self.assertKept(before)
        self.assertEqual(["held"], self.names())
        self.assertEqual(["10.0.0.1"], [row["address"] for row in self.dump()["fixed_ips"]])
        with self.writer() as tx:
            tx.update("fixed_ips", Eq("id", 1), {"instance_uuid": None})
        self.assertEqual((Counter(), 1), (self.archive().kept, len(self.dump()["fixed_ips"])))
        self.assertEqual([], self.names())

    def test_an_address_that_goes_with_its_network_keeps_no_instance(self) -> None:
        self.insert("instances", {"uuid": "gone", "deleted": 1, "deleted_at": NOON})
        [network] = self.insert("networks", {"deleted": 1, "deleted_at": NOON})
        self.insert("fixed_ips", {"instance_uuid": "gone", "network_id": network["id"]})
        self.assertEqual(Counter(instances=1, networks=1, fixed_ips=1), self.archive().rows)

    def test_a_volume_stays_while_a_target_refers_to_it(self) -> None:
        self.insert("volumes", *[{"id": name, "deleted": name} for name in ("a", "b", "c")])
        self.insert("iscsi_targets", {"volume_id": "a"}, {"volume_id": "b", "deleted": 5})
        done = self.archive()
        self.assertEqual((Counter(volumes=2, iscsi_targets=1), Counter(volumes=1)), (done.rows, done.kept))
        self.assertEqual({"volumes": Counter({"iscsi_targets.volume_id": 1})}, done.holders)

    def test_what_something_unknown_refers_to_stays_and_keeps_nothing_else(self) -> None:
        self.instances(*"abcdefghi")
        with self.writer() as tx:
            tx.delete("block_device_mapping", Gt("id", 1))
        before = self.dump()
        with mock.patch("nova_db.upkeep.archive.DEPENDENTS", _without("block_device_mapping")):
            done = archive(self.tool)
        self.assertEqual((Counter(instances=1), True), (done.kept, done.is_complete))
        self.assertEqual((["a"], list("bcdefghi")), (self.names(), self.names("shadow_instances")))
        self.assertKept(before)

    def test_a_live_row_never_goes_by_itself(self) -> None:
        """An address that is given to an instance while that is archived keeps it."""
        self.instances("a", "b")
        address, _ = self.insert("fixed_ips", {"address": "10.0.0.1"}, {"instance_uuid": "b", "deleted": 9})
        soft_delete, used = changes.soft_delete, False

        def meanwhile(tx: object, table: str, where: object) -> int:
            nonlocal used
            if not used:
                used = True
                tx.update("fixed_ips", Eq("id", address["id"]), {"instance_uuid": "b"})  # type: ignore[attr-defined]
            return soft_delete(tx, table, where)  # type: ignore[arg-type]

        with mock.patch("nova_db.upkeep.archive.soft_delete", meanwhile):
            self.archive()
        self.assertTrue(used)
        self.assertEqual([address], self.dump()["fixed_ips"])


class TestHowMany(UpkeepTestCase):
    """Rows a run, and rows a transaction."""

    def test_never_more_than_max_rows_and_all_in_the_end(self) -> None:
        for most in (1, 3, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS - 1, 3 * ROWS, 1000):
            self.empty()
            self.instances("a", "b", "c")
            self.instances("live", deleted=False)
            self.insert("services", *[{"deleted": 9}] * 3)
            before = self.dump()
            moved = runs = 0
            while True:
                done = archive(self.tool, max_rows=most)
                self.assertLessEqual(done.rows.total(), most)
                self.assertKept(before)
                moved += done.rows.total()
                runs += 1
                if done.is_complete:
                    break
                self.assertGreater(done.rows.total(), 0, most)
            self.assertEqual((3 * ROWS + 3, ["live"]), (moved, self.names()))
            self.assertGreaterEqual(runs, moved / most)

    def test_no_row_at_all(self) -> None:
        self.assertEqual((Counter(), Counter(), True), archive(self.tool, max_rows=0)[:3])
        self.instances("a")
        before = self.dump()
        self.assertEqual((Counter(), Counter(), False), archive(self.tool, max_rows=0)[:3])
        self.assertEqual(before, self.dump())

    def test_transactions_of_any_size(self) -> None:
        for rows in (1, 2, 5, ROWS, 3 * ROWS, 1000):
            with self.subTest(rows=rows):
                self.empty()
                self.instances("a", "b", "c", "d")
                before = self.dump()
                told: list[Counter[str]] = []
                done = self.archive(batch_rows=rows, listener=told.append)
                self.assertKept(before, gone=before)
                self.assertEqual((4 * ROWS, Counter()), (done.rows.total(), done.kept))
                self.assertEqual(done.rows, sum(told, Counter()))
                self.assertLessEqual(max(each.total() for each in told), rows)
                if rows >= ROWS:
                    self.assertLessEqual(len(told), 4 * ROWS // rows + 1)

    def test_a_row_with_more_dependents_than_a_transaction_takes(self) -> None:
        self.insert("instances", {"uuid": "a", "deleted": 9}, {"uuid": "b"})
        self.insert("instance_system_metadata", *[{"instance_uuid": "a", "key": str(key)} for key in range(230)])
        [action] = self.insert("instance_actions", {"instance_uuid": "a"})
        self.insert("instance_actions_events", *[{"action_id": action["id"]} for _ in range(120)])
        self.insert("fixed_ips", {"instance_uuid": "a", "deleted": 5}, {"instance_uuid": "b"})
        before = self.dump()
        told: list[int] = []
        done = self.archive(batch_rows=50, listener=lambda moved: told.append(moved.total()))
        self.assertEqual((353, Counter(), True), (done.rows.total(), done.kept, done.is_complete))
        self.assertKept(before)
        self.assertEqual(["b"], self.names())
        self.assertLessEqual(max(told), 50)

    def test_too_few_rows_left_for_any_part_of_it(self) -> None:
        self.insert("volumes", {"id": "v", "deleted": "v"})
        self.insert("instances", {"uuid": "a", "deleted": 9})
        for action in self.insert("instance_actions", *[{"instance_uuid": "a"} for _ in range(10)]):
            self.insert("instance_actions_events", *[{"action_id": action["id"]} for _ in range(5)])
        before = self.dump()
        self.assertEqual((Counter(volumes=1), Counter(), False), archive(self.tool, batch_rows=50, max_rows=4)[:3])
        runs = [archive(self.tool, batch_rows=50, max_rows=4)]
        while not runs[-1].is_complete:
            self.assertLess(len(runs), 60)
            runs.append(archive(self.tool, batch_rows=50, max_rows=4))
        self.assertEqual((61, Counter()), (sum(run.rows.total() for run in runs), runs[-1].kept))
        self.assertKept(before, gone=before)

    def test_long_transactions_become_shorter_and_short_ones_longer(self) -> None:
        for seconds, sizes in ((-1.0, [400, 200, 100, 100, 100, 100]), (1e9, [400, 400, 200])):
            with self.subTest(seconds=seconds, sizes=sizes):
                self.empty()
                self.insert("services", *[{"deleted": 9} for _ in range(1000)])
                told: list[int] = []
                patched = mock.patch("nova_db.upkeep.work.LONGEST_SECONDS", seconds)
                first = mock.patch("nova_db.upkeep.archive.FIRST_WINDOW", 400)
                with patched, first:
                    self.archive(batch_rows=400, listener=lambda moved, told=told: told.append(moved.total()))
                self.assertEqual(sizes, told)

    def test_it_sleeps_between_transactions(self) -> None:
        self.insert("services", *[{"deleted": 9} for _ in range(30)])
        with mock.patch("time.sleep") as sleep:
            self.archive(batch_rows=10, sleep=7.5)
        self.assertEqual([mock.call(7.5)] * 2, sleep.mock_calls)

    def test_the_work_is_done_in_sets(self) -> None:
        counts = []
        for names in ("ab", "abcdefghijklmnopqrst"):
            self.empty()
            self.instances(*names)
            with self.statements() as sent:
                self.archive()
            counts.append(len(sent))
        self.assertEqual(counts[0], counts[1])

    def test_bad_numbers_are_refused(self) -> None:
        self.instances("a")
        for name, least in (("max_rows", 0), ("batch_rows", 1), ("sleep", 0)):
            with (
                self.subTest(name=name, least=least),
                self.assertRaisesRegex(ValueError, f"{name} must be at least {least}, not {least - 1}"),
            ):
                self.archive(**{name: least - 1})
        self.assertEqual(["a"], self.names())

    def test_the_number_of_rows_is_known_before(self) -> None:
        self.assertEqual(0, archivable(self.tool))
        self.instances("gone", "other", "held")
        self.instances("live", deleted=False)
        self.insert("services", {"deleted": 9, "deleted_at": NOON + HOUR}, {})
        self.insert("fixed_ips", {"instance_uuid": "held"})
        self.assertEqual(2 * ROWS + 3 + 1, archivable(self.tool))
        self.assertEqual(2 * ROWS + 3, archivable(self.tool, NOON + HOUR))


def _without(name: str) -> dict[str, tuple[object, ...]]:
    """The dependents of each table, but for those in one."""
    from nova_db.upkeep.families import DEPENDENTS

    return {owner: tuple(link for link in links if link.table != name) for owner, links in DEPENDENTS.items()}
