"""Residue: what belongs to rows that are gone, whoever has moved them, goes too; what lives, or may come, stays."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from nova_db.engine import Eq, Row
from nova_db.schema import TABLES, Kind, Owner, Table
from nova_db.upkeep import Archived, archivable, archive, purge
from nova_db_conformance import decision
from nova_db_conformance.harness.values import a_number
from tests.upkeep.cases import NOON, Dump, UpkeepTestCase

GONE = {"deleted": 99, "deleted_at": NOON}
WAYS = ("deleted", "archived by the function", "archived by the command", "purged")
"""What has happened to an owner when its row comes."""
KINDS = [(table, owner) for table in TABLES.values() for owner in table.owners]


class ResidueTestCase(UpkeepTestCase):
    """Rows of any table, with what they belong to."""

    def row(self, table: Table, **values: Any) -> Row:
        """A new row of a table, with what it has to have; a required owner is made as well."""
        wanted = dict(values)
        for column in table.columns:
            if column.name in values or column.autoincrement:
                continue
            if column.references and not column.nullable:
                owner, remote = column.references
                wanted[column.name] = self.row(TABLES[owner])[remote]
            elif (not column.nullable and column.default is None) or column.name == "uuid":
                number = a_number()
                made_up = {Kind.INTEGER: number, Kind.DATETIME: NOON + dt.timedelta(number)}
                wanted[column.name] = made_up.get(column.kind, f"x{number}")
        (made,) = self.insert(table.name, wanted)
        return made

    def goes(self, way: str, table: Table, row: Row) -> None:
        """Let a row go in one of the ways."""
        is_text = table.column["deleted"].kind is Kind.STRING
        deleted = row["id"] if is_text else 99
        with self.writer() as tx:
            tx.update(table.name, Eq(table.primary_key, row["id"]), {"deleted": deleted, "deleted_at": NOON})
        if way == "archived by the function":
            self.assertEqual(1, self.db.archive_deleted_rows(self.admin))
        elif way != "deleted":
            self.assertEqual(1, self.archive().rows.total())
        if way == "purged":
            self.assertEqual(1, purge(self.tool, everything=True).total())

    def assertNothingLeft(self, **options: Any) -> None:
        """A further run finds nothing."""
        before = self.dump()
        self.assertEqual(0, archivable(self.tool))
        self.assertEqual((Counter(), True), self.archive(**options)[::2])
        self.assertEqual(before, self.dump())


class TestEveryOwner(ResidueTestCase):
    """Each kind of belonging that the schema knows."""

    @decision(36)
    def test_what_belongs_to_a_row_goes_with_it_however_that_has_gone(self) -> None:
        self.assertEqual(30, len(KINDS))
        for table, owner, way in self.cases():
            with self.subTest(table=table, owner=owner, way=way):
                self.empty()
                self.check(table, owner, way)

    def cases(self) -> Iterator[tuple[Table, Owner, str]]:
        """Every kind in every way that can be."""
        for table, owner in KINDS:
            parent = TABLES[owner.table]
            is_numbered = parent.autoincrement and owner.remote == parent.primary_key
            ways = WAYS[:1] if owner.enforced else WAYS if is_numbered else WAYS[:3]  # else nobody knows any more
            for way in ways:
                yield table, owner, way

    def check(self, table: Table, owner: Owner, way: str) -> None:
        """The row of a gone owner goes, those of a living and of an unknown one stay."""
        parent = TABLES[owner.table]
        gone, living = self.row(parent), self.row(parent)
        self.goes(way, parent, gone)
        kept = [self.row(table, **{owner.column: living[owner.remote]})]
        if not owner.enforced:
            unknown = 10**6 if isinstance(gone[owner.remote], int) else "unknown"
            kept.append(self.row(table, **{owner.column: unknown}))
        if table.column[owner.column].nullable:
            kept.append(self.row(table, **{owner.column: None}))
        late = [self.row(table, **{owner.column: gone[owner.remote]}) for _ in range(self.most(table, owner))]
        before = self.dump()
        self.assertEqual(len(late) + (way == "deleted"), archivable(self.tool))
        done = self.archive()
        self.assertEqual(Counter({table.name: len(late)}) + Counter({parent.name: way == "deleted"}), done.rows)
        self.assertKept(before, gone={table.name: late})
        self.assertLive(table.name, kept)
        self.assertLive(parent.name, [living])
        self.assertNothingLeft()

    def most(self, table: Table, owner: Owner) -> int:
        """How many rows an owner may have, up to three."""
        return 1 if (owner.column,) in {rule.columns for rule in table.uniques} else 3

    def assertLive(self, name: str, rows: list[Row]) -> None:
        """These rows are there, as they were."""
        found = {row["id"]: row for row in self.dump()[name]}
        self.assertEqual(rows, [found.get(row["id"]) for row in rows])


class TestLateComers(ResidueTestCase):
    """When rows go that have come after their owner had gone, and when not."""

    def residue(self, count: int = 1) -> list[Row]:
        """Late faults of an instance that the function has archived."""
        self.insert("instances", {"uuid": "gone", **GONE})
        self.assertEqual(1, self.db.archive_deleted_rows(self.admin))
        return self.insert("instance_faults", *[{"instance_uuid": "gone", "code": code} for code in range(count)])

    def test_an_owner_that_was_made_anew_under_the_name_keeps_all(self) -> None:
        self.residue(3)
        self.insert("instances", {"uuid": "gone"})
        before = self.dump()
        self.assertEqual(Counter(), self.archive().rows)
        self.assertEqual(before, self.dump())

    def test_an_owner_that_is_made_anew_meanwhile_keeps_all(self) -> None:
        faults = self.residue(3)

        def look(driver: Any, call: Any) -> Any:
            found = reading(driver, call)
            if getattr(found, "rows", ()) and not self.dump().get("instances"):
                self.insert("instances", {"uuid": "gone"})
            return found

        from nova_db.upkeep.work import reading

        with mock.patch("nova_db.upkeep.residue.reading", look):
            self.assertEqual(Counter(), archive(self.tool).rows)
        self.assertEqual(faults, self.dump()["instance_faults"])

    def test_only_of_what_was_deleted_before_a_time(self) -> None:
        self.residue()
        self.row(TABLES["compute_node_stats"], compute_node_id=self.row(TABLES["compute_nodes"])["id"])
        with self.writer() as tx:
            tx.delete("compute_nodes", Eq("id", 1))
        self.assertEqual((0, Counter()), (archivable(self.tool, NOON), self.archive(before=NOON).rows))
        later = NOON.replace(hour=13)
        self.assertEqual(1, archivable(self.tool, later))
        self.assertEqual(Counter(instance_faults=1), self.archive(before=later).rows)
        self.assertEqual(Counter(compute_node_stats=1), self.archive().rows)  # nobody knows when it has gone

    def test_purging_archives_first_what_nobody_could_tell_of_afterwards(self) -> None:
        for before in (NOON, NOON.replace(hour=13), None):
            with self.subTest(before=before):
                self.empty()
                self.residue(3)
                told: list[Counter[str]] = []
                done = purge(self.tool, before=before, everything=before is None, archived=told.append)
                self.assertEqual(Counter() if before == NOON else Counter(instance_faults=3), sum(told, Counter()))
                left = {name: len(rows) for name, rows in self.dump().items()}
                expected = {
                    NOON: {"instance_faults": 3, "shadow_instances": 1},
                    None: {},  # purged with the rest
                }.get(before, {"shadow_instance_faults": 3})  # which went only now
                self.assertEqual(expected, left)
                self.assertEqual(4 - sum(left.values()), done.total())

    def test_in_transactions_and_windows_of_any_size(self) -> None:
        for rows, window in itertools.product((1, 4, 100), (1, 3, 10_000)):
            with self.subTest(rows=rows, window=window), mock.patch("nova_db.upkeep.residue.WINDOW", window):
                self.empty()
                self.residue(10)
                self.insert("instance_faults", *[{"instance_uuid": "unknown", "code": 1}] * 5)
                before = self.dump()
                told: list[int] = []
                done = self.archive(batch_rows=rows, listener=lambda moved: told.append(moved.total()))  # noqa: B023
                self.assertEqual((Counter(instance_faults=10), Counter(), True), done[:3])
                self.assertLessEqual(max(told), rows)
                self.assertKept(before)
                self.assertEqual(["unknown"] * 5, [row["instance_uuid"] for row in self.dump()["instance_faults"]])

    def test_never_more_than_max_rows_and_all_in_the_end(self) -> None:
        for most in (1, 4, 9, 10, 11):
            with self.subTest(most=most):
                self.empty()
                self.residue(10)
                before = self.dump()
                runs: list[Archived] = []
                while not runs or not runs[-1].is_complete:
                    runs.append(archive(self.tool, max_rows=most))
                    self.assertLessEqual(runs[-1].rows.total(), most)
                    self.assertKept(before)
                self.assertEqual([most] * (10 // most), [run.rows.total() for run in runs][: 10 // most])
                self.assertEqual(10, sum(run.rows.total() for run in runs))

    def test_what_belongs_to_residue_goes_with_it(self) -> None:
        service = self.row(TABLES["services"])
        self.goes("archived by the function", TABLES["services"], service)
        node = self.row(TABLES["compute_nodes"], service_id=service["id"])
        self.row(TABLES["compute_node_stats"], compute_node_id=node["id"])
        self.residue()
        [action] = self.insert("instance_actions", {"instance_uuid": "gone"})
        self.insert("instance_actions_events", *[{"action_id": action["id"]}] * 2)
        before = self.dump()
        done = self.archive()
        self.assertEqual(
            Counter(
                compute_nodes=1, compute_node_stats=1, instance_faults=1, instance_actions=1, instance_actions_events=2
            ),
            done.rows,
        )
        self.assertKept(before)
        self.assertNothingLeft()


class TestKept(ResidueTestCase):
    """Rows of which one owner is gone, and another one lives."""

    def network(self, *, soft: bool) -> int:
        """The id of a network that is gone."""
        network = self.make.network()
        if soft:
            with self.writer() as tx:
                tx.update("networks", Eq("id", network["id"]), GONE)
        else:
            self.db.network_delete_safe(self.admin, network["id"])
        return int(network["id"])

    def test_an_address_of_a_network_that_is_gone(self) -> None:
        for soft in (False, True):
            with self.subTest(soft=soft):
                self.empty()
                self.insert("instances", {"uuid": "live"}, {"uuid": "gone", **GONE})
                common = {"network_id": self.network(soft=soft)}
                used, _, _ = self.insert(
                    "fixed_ips",
                    *[{"address": f"10.0.0.{n}", "instance_uuid": (n and "live") or None, **common} for n in (1, 0)],
                    {"address": "10.0.0.3", "instance_uuid": "gone", **common},
                )
                self.insert("virtual_interfaces", {"address": "a", "instance_uuid": "live", **common})
                self.insert("virtual_interfaces", {"address": "b", **common})
                before = self.dump()
                done = self.archive()
                moved = Counter(fixed_ips=2, virtual_interfaces=1, instances=1) + Counter(networks=int(soft))
                self.assertEqual((moved, Counter(), True), done[:3])
                self.assertKept(before)
                self.assertEqual([used], self.dump()["fixed_ips"])
                self.assertNothingLeft()

    def test_the_usage_of_a_volume_that_lives(self) -> None:
        [instance] = self.insert("instances", {"uuid": "gone", **GONE})
        self.insert("volumes", {"id": "live"})
        for volume in ("live", "elsewhere"):
            self.insert("volume_usage_cache", {"volume_id": volume, "instance_id": instance["id"]})
        self.assertEqual(Counter(instances=1, volume_usage_cache=1), self.archive().rows)
        self.assertEqual(["live"], [row["volume_id"] for row in self.dump()["volume_usage_cache"]])
        self.assertNothingLeft()


class TestADay(ResidueTestCase):
    """A cloud of which one half goes, by the API, and the other half stays."""

    def build(self, tag: str) -> dict[str, Any]:
        """All that can be made of one half: the records by which it is destroyed."""
        db, admin = self.db, self.admin
        mine = {"project_id": admin.project_id}
        group, other = (self.make.security_group(name=name, **mine) for name in (tag, f"{tag}-members"))
        self.make.security_group_rule(group, group_id=other["id"])
        instance = self.make.instance(metadata={"a": "b"}, system_metadata={"c": "d"}, security_groups=[tag])
        flavor = self.make.flavor(name=tag, flavorid=tag, is_public=False, extra_specs={"a": "b"})
        db.instance_type_access_add(admin, tag, "p1")
        service = self.make.service(host=tag)
        node = self.make.compute_node(service_id=service["id"], stats={"x": 1, "y": 2})
        network = self.make.network()
        self.make.fixed_ips(2, network_id=network["id"])
        self.make.virtual_interface(instance_uuid=instance["uuid"], network_id=network["id"])
        self.make.block_device(instance)
        db.quota_create(admin, tag, "cores", 5)
        self.insert("reservations", {"uuid": tag, "usage_id": self.usage(tag), "project_id": tag, "delta": 1})
        made = {
            "instance": instance,
            "flavor": flavor,
            "service": service,
            "node": node,
            "network": network,
            "groups": [group, other],
            "aggregate": self.make.aggregate(tag, hosts=[tag], zone=tag),
            "project": tag,
        }
        self.come(made)
        return made

    def usage(self, project: str) -> int:
        """The id of a usage of a project."""
        [usage] = self.insert("quota_usages", {"project_id": project, "resource": "cores", "in_use": 1, "reserved": 1})
        return int(usage["id"])

    def come(self, half: dict[str, Any]) -> None:
        """What can come at any time, also when the owners are gone: nothing keeps it from that."""
        db, admin, uuid = self.db, self.admin, half["instance"]["uuid"]
        db.instance_fault_create(admin, {"instance_uuid": uuid, "code": 500, "message": "m", "details": "d"})
        self.make.event(self.make.action(instance_uuid=uuid))
        self.make.migration(instance_uuid=uuid)
        self.insert("instance_id_mappings", {"uuid": uuid})
        db.bw_usage_update(admin, uuid, f"mac{a_number()}", NOON, 1, 2, 3, 4)
        db.vol_usage_update(admin, f"volume{a_number()}", 1, 2, 3, 4, half["instance"]["id"])
        self.insert("compute_node_stats", {"compute_node_id": half["node"]["id"], "key": "late", "value": "1"})
        self.make.compute_node(service_id=half["service"]["id"], stats={"late": 1})
        self.make.fixed_ip(network_id=half["network"]["id"])

    def destroy(self, half: dict[str, Any]) -> None:
        """All that the API destroys of a half."""
        db, admin = self.db, self.admin
        db.instance_destroy(admin, half["instance"]["uuid"])
        db.instance_type_destroy(admin, half["flavor"]["name"])
        db.compute_node_delete(admin, half["node"]["id"])
        db.service_destroy(admin, half["service"]["id"])
        db.network_delete_safe(admin, half["network"]["id"])
        for group in half["groups"]:
            db.security_group_destroy(admin, group["id"])
        db.aggregate_delete(admin, half["aggregate"]["id"])
        db.quota_destroy_all_by_project(admin, half["project"])

    @decision(36)
    def test_nothing_is_left_in_whatever_order_it_goes_and_comes(self) -> None:
        steps: dict[str, Callable[[Any], object]] = {
            "late": self.come,
            "function": lambda _: self.db.archive_deleted_rows(self.admin),
            "command": lambda _: self.archive(),
            "few": lambda _: archive(self.tool, max_rows=7, batch_rows=3),
        }
        for order in (*itertools.permutations(("late", "function", "command")), ("function", "late", "few")):
            with self.subTest(order=order):
                self.empty()
                stays = self.build("stays")
                living = self.dump()
                goes = self.build("goes")
                self.come(stays)
                mixed = self.dump()
                self.destroy(goes)
                for step in order:
                    steps[step](goes)
                before = self.dump()
                self.assertTrue(self.archive().is_complete)
                self.assertKept(before)
                self.assertOnlyOf(stays, living, mixed)
                self.assertNothingLeft()

    def assertOnlyOf(self, half: dict[str, Any], living: Dump, mixed: Dump) -> None:
        """What there was of a half is there, unchanged, and nothing lives that belongs to what is gone."""
        found = self.dump()
        for name, rows in living.items():
            left = {row["id"]: row for row in found.get(name, ())}
            with self.subTest(name=name):
                self.assertEqual(rows, [left.get(row["id"]) for row in rows])
        for table, owner in KINDS:
            with self.subTest(table=table, owner=owner):
                if owner.table == "volumes":
                    continue  # they are elsewhere
                named = {row[owner.column] for row in found.get(table.name, ())} - {None}
                self.assertEqual(set(), named - {row[owner.remote] for row in found.get(owner.table, ())})
        faults = [row for row in mixed["instance_faults"] if row["instance_uuid"] == half["instance"]["uuid"]]
        self.assertEqual(faults, found["instance_faults"])
