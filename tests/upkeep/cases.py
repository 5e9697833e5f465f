"""What the tests of upkeep share: deleted instances with all that belongs to them, and where each row is."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db.cli.schemas import engine_driver
from nova_db.engine import Row
from nova_db.operations import EngineDriver
from nova_db.schema import TABLES
from nova_db.upkeep import Archived, archive, foresee
from nova_db_conformance.harness.base import ConformanceTestCase

Dump = dict[str, list[Row]]

NOON = dt.datetime(2013, 3, 1, 12, 0, 0, 250)
BELONGINGS: tuple[tuple[str, str, list[Row], bool], ...] = (
    ("instance_metadata", "instance_uuid", [{"key": "a"}, {"key": "b"}], True),
    ("instance_info_caches", "instance_uuid", [{}], True),
    ("instance_system_metadata", "instance_uuid", [{"key": "a"}, {"key": "b"}, {"key": "c"}], False),
    ("block_device_mapping", "instance_uuid", [{"device_name": "vda"}], False),
    ("instance_faults", "instance_uuid", [{"code": 500}], False),
    ("instance_id_mappings", "uuid", [{}], False),
    ("migrations", "instance_uuid", [{}], False),
)
"""Table, column, what rows of it an instance has, and whether they are deleted with it."""
ROWS = 1 + sum(len(rows) for _, _, rows, _ in BELONGINGS) + 1 + 2
"""How many rows an instance is, with an action and its two events."""


class UpkeepTestCase(ConformanceTestCase):
    """A test of archiving or purging."""

    @property
    def tool(self) -> EngineDriver:
        """The driver, as one that is made of an engine."""
        return engine_driver(self.driver)

    def instances(self, *names: str, deleted: bool = True) -> None:
        """Instances with all that belongs to them, as ``instance_destroy`` leaves it."""
        gone = {"deleted": 99, "deleted_at": NOON} if deleted else {}
        self.insert("instances", *[{"uuid": name, **gone} for name in names])
        for table, column, rows, goes_too in BELONGINGS:
            common = gone if goes_too else {}
            self.insert(table, *[{column: name, **row, **common} for name in names for row in rows])
        actions = self.insert("instance_actions", *[{"instance_uuid": name} for name in names])
        events = [{"action_id": action["id"], "event": event} for action in actions for event in "ab"]
        self.insert("instance_actions_events", *events)

    def archive(self, **options: Any) -> Archived:
        """Archive all there is: what was foreseen, by looking alone, is what happens."""
        found = self.dump()
        foreseen = foresee(self.tool, options.get("before"))
        self.assertEqual(found, self.dump())
        done = archive(self.tool, **options)
        self.assertEqual((foreseen.rows, foreseen.kept, foreseen.holders, True), (*done[:2], done.holders, done[2]))
        return done

    def names(self, table: str = "instances") -> list[str]:
        """The uuids of the instances in a table."""
        return [row["uuid"] for row in self.dump().get(table, ())]

    def assertKept(self, before: Dump, gone: Dump | None = None) -> None:
        """Every row is in its table as it was, or, deleted by now, in the shadow table; rows ``gone`` are in that."""
        found = self.dump()
        for name, table in TABLES.items():
            with self.subTest(name=name, table=table):
                shadow = f"shadow_{name}"
                main, archived = (self.by_key(name, found.get(each, ())) for each in (name, shadow))
                self.assertEqual(set(), main.keys() & archived.keys(), f"{name}: in both tables")
                rows = self.by_key(name, before.get(name, ()))
                had = self.by_key(name, before.get(shadow, ()))
                self.assertEqual(rows.keys() | had.keys(), main.keys() | archived.keys(), name)
                for key, row in {**rows, **had}.items():
                    with self.subTest(key=key, row=row):
                        if key in main:
                            self.assertEqual(row, main[key])
                        elif row["deleted"] in (table.live_value, None):
                            self.assertEqual(archived[key]["id"], archived[key]["deleted"])
                            self.assertIsNotNone(archived[key]["deleted_at"])
                            self.assertEqual(
                                row, {**archived[key], "deleted": row["deleted"], "deleted_at": row["deleted_at"]}
                            )
                        else:
                            self.assertEqual(row, archived[key])
        for name, those in (gone or {}).items():
            with self.subTest(name=name, those=those):
                self.assertEqual(set(), self.by_key(name, those).keys() & self.by_key(name, found.get(name, ())).keys())

    def by_key(self, name: str, rows: Any) -> dict[Any, Row]:
        """Rows by primary key."""
        return {row[TABLES[name].primary_key]: row for row in rows}
