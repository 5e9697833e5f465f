"""``updated_at`` that callers give: the stored value counts as none; shown on every function that stamps it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from nova_db_conformance import decision
from nova_db_conformance.decisions.cases import BERLIN, NOON, WritersTestCase

STORED: Final = dt.datetime(2013, 2, 1, 3, 4, 5, 678901)
ALWAYS: Final = {"block_device_mapping_update", "cell_update", "compute_node_update"}
"""Functions that stamp whether or not anything changes."""


class TestUpdateTimes(WritersTestCase):
    """A record that is written back whole, and times that somebody sets."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.writes = {name: write for name, write in self.updaters().items() if name != "quota_usage_update"}
        table, _ = self.updaters()["block_device_mapping_update"]
        upsert = self.db.block_device_mapping_update_or_create
        self.writes["block_device_mapping_update_or_create"] = (
            table,
            lambda values: upsert(self.admin, {**self.device, **values}),
        )
        self.minutes = 0

    def change(self) -> dict[str, Any]:
        """A column that every table has, with a value that is new."""
        self.minutes += 1
        return {"created_at": NOON - dt.timedelta(minutes=self.minutes)}

    def time(self, table: str) -> Any:
        """When the only row was updated, as it is stored."""
        (row,) = self.dump()[table]
        return row["updated_at"]

    @decision(31)
    def test_the_stored_time_counts_as_none(self) -> None:
        for name, (table, write) in self.writes.items():
            for stored in (STORED, STORED + dt.timedelta(microseconds=1), None):
                with self.subTest(f"{name}, {stored}"):
                    write({"updated_at": stored})
                    self.assertEqual(stored, self.time(table))
                    now = self.advance(60)
                    write({**self.change(), "updated_at": stored})
                    self.assertEqual(now, self.time(table))

    def test_a_time_in_another_form_is_the_same_time(self) -> None:
        aware = (STORED + dt.timedelta(hours=1)).replace(tzinfo=BERLIN)
        forms: dict[str, list[Any]] = {"compute_node_update": [STORED.isoformat(), aware]}
        for name, (table, write) in self.writes.items():
            for form in forms.get(name, [aware]):
                with self.subTest(f"{name}, {form!r}"):
                    write({"updated_at": STORED})
                    now = self.advance(60)
                    write({**self.change(), "updated_at": form})
                    self.assertEqual(now, self.time(table))

    def test_where_nothing_changes_the_stored_time_stays_but_where_it_always_moves(self) -> None:
        for name, (table, write) in self.writes.items():
            with self.subTest(name):
                same = self.change()
                write({**same, "updated_at": STORED})
                now = self.advance(60)
                write({**same, "updated_at": STORED})
                is_always = name in ALWAYS or name.endswith("_or_create")
                self.assertEqual(now if is_always else STORED, self.time(table))

    @decision(31)
    def test_a_new_time_wins_none_included(self) -> None:
        for name, (table, write) in self.writes.items():
            for change in ({}, self.change()):
                with self.subTest(f"{name}, {change}"):
                    write({"updated_at": STORED})
                    later = STORED + dt.timedelta(microseconds=1)
                    for new in (later, None, STORED):  # one story
                        self.advance(60)
                        write({**change, "updated_at": new})
                        self.assertEqual(new, self.time(table))

    @decision(31)
    def test_a_record_that_is_written_back_whole(self) -> None:
        """It is as if the changed column alone had been given."""
        db, admin = self.db, self.admin
        for name, table in (("service_update", "services"), ("migration_update", "migrations")):
            with self.subTest(name):
                key = self.ids[table]
                getattr(db, name)(admin, key, {"updated_at": STORED})
                (record,) = self.dump()[table]
                now = self.advance(60)
                getattr(db, name)(admin, key, record)
                self.assertEqual([record], self.dump()[table])
                changed = {**record, "deleted_at": now}
                getattr(db, name)(admin, key, changed)
                self.assertEqual([{**changed, "updated_at": now}], self.dump()[table])

    def test_a_state_that_is_tested_and_set_stamps(self) -> None:
        db, admin = self.db, self.admin
        db.instance_update(admin, self.uuid, {"updated_at": STORED})
        now = self.advance(60)
        db.instance_test_and_set(admin, self.uuid, "updated_at", [STORED], STORED)
        self.assertEqual(now, self.time("instances"))
        db.instance_test_and_set(admin, self.uuid, "updated_at", [now], STORED)
        self.assertEqual(STORED, self.time("instances"))

    def test_of_several_rows_each_is_decided_on_its_own(self) -> None:
        db, admin = self.db, self.admin
        first = self.dump()["cells"][0]
        db.cell_update(admin, self.cell, {"updated_at": STORED})
        second = self.make.cell(name=self.cell)
        now = self.advance(60)
        db.cell_update(admin, self.cell, {"username": "x", "updated_at": STORED})
        times = {row["id"]: row["updated_at"] for row in self.dump()["cells"]}
        self.assertEqual({first["id"]: now, second["id"]: STORED}, times)
