"""Cells: neighbours in a tree, whose names may repeat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import cell_values

NO_NAMES: tuple[Any, ...] = ("b", "A", "a ", "", None, 5, ["a"], "a\0", b"a", "x" * 256)
"""Names of no cell, where the only one is called a."""
NULLABLE = ("name", "api_url", "username", "password", "is_parent", "rpc_host", "rpc_port", "rpc_virtual_host")


class TestCellCreate(ConformanceTestCase):
    """New cells."""

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            **cell_values(name="ü", is_parent=True, rpc_port=-1, weight_offset=0.25, weight_scale=-2.5),
            "id": 7,
            "created_at": NOON,
            "updated_at": NOON + dt.timedelta(days=1),
            "deleted_at": NOON + dt.timedelta(days=2),
            "deleted": 0,
        }
        created = self.db.cell_create(self.admin, values)
        self.assertShape(created, "cells")
        self.assertEqual(values, created)
        self.assertEqual(values, self.db.cell_get(self.admin, "ü"))
        self.assertEqual([values], self.db.cell_get_all(self.admin))

    def test_what_is_not_given_has_its_default(self) -> None:
        self.set_time(NOON)
        defaults = {"weight_offset": 0.0, "weight_scale": 1.0, "created_at": NOON, "deleted": 0}
        nulls = dict.fromkeys((*NULLABLE, "updated_at", "deleted_at"))
        for number, values in enumerate(({}, {"weight_offset": None, "weight_scale": None}), 1):
            with self.subTest(number=number, values=values):
                self.assertEqual({"id": number, **defaults, **nulls}, self.db.cell_create(self.admin, values))
        self.assertRecord(self.db.cell_get(self.admin, None), id=1)

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.make.cell(name=5, weight_offset=2, weight_scale=True, is_parent=1, rpc_port="5671")
        stored = {"name": "5", "weight_offset": 2.0, "weight_scale": 1.0, "is_parent": True, "rpc_port": 5671}
        self.assertRecord(created, **stored)
        self.assertEqual(created, self.db.cell_get(self.admin, 5))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [
            *[(name, "x" * 256) for name in ("name", "api_url", "username", "password", "rpc_host")],
            ("weight_offset", "1.0"),
            ("weight_scale", float("inf")),
            ("is_parent", "yes"),
            ("is_parent", 2),
            ("rpc_port", 2**31),
            ("rpc_port", 1.0),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="cells", columns=[column], value=value),
            ):
                self.make.cell(**{column: value})
        with self.raises(exceptions.UnknownColumn, table="cells", column="rpc_hosts", nearest="rpc_host"):
            self.make.cell(rpc_hosts="x")
        self.assertEqual({}, self.dump())

    def test_it_is_made_or_not(self) -> None:
        created = self.assertAtomic(lambda: self.db.cell_create(self.admin, cell_values()))
        self.assertEqual([created], self.db.cell_get_all(self.admin))


class TestCells(ConformanceTestCase):
    """Reading, updating and deleting."""

    def rows(self) -> list[dict[str, Any]]:
        return self.dump().get("cells", [])

    def test_every_call_is_for_administrators(self) -> None:
        self.make.cell(name="a")
        before = self.dump()
        self.assertAdminOnly(lambda context: self.db.cell_create(context, {"no column": 1}))
        self.assertAdminOnly(lambda context: self.db.cell_get(context, "a"))
        self.assertAdminOnly(self.db.cell_get_all)
        self.assertAdminOnly(lambda context: self.db.cell_update(context, "b", {"no column": 1}))
        self.assertAdminOnly(lambda context: self.db.cell_delete(context, "a"))
        self.assertSameRows(before, "although every call was refused")

    def test_of_several_with_one_name_the_first_is_found(self) -> None:
        last, first = self.make.cell(name="a", id=9), self.make.cell(name="a", id=3)
        self.make.cell(name="b", id=1)
        self.assertEqual(first, self.db.cell_get(self.admin, "a"))
        self.assertIds(self.db.cell_get_all(self.admin)[1:], [first, last])
        self.assertPrivate(lambda: self.db.cell_get(self.admin, "a"))
        self.assertPrivate(lambda: self.db.cell_get_all(self.admin))

    def test_what_is_no_cell_is_named_and_deleting_it_counts_none(self) -> None:
        self.make.cell(name="a")
        before = self.dump()
        for name in NO_NAMES:
            with self.subTest(name=name):
                with self.raises(exceptions.CellNotFound, cell_name=name, code=404):
                    self.db.cell_get(self.admin, name)
                for values in ({"rpc_port": 1}, {}):
                    with self.subTest(values=values), self.raises(exceptions.CellNotFound, cell_name=name, code=404):
                        self.db.cell_update(self.admin, name, values)
                self.assertIs(0, self.db.cell_delete(self.admin, name))
        self.assertSameRows(before, "although there is no such cell")

    def test_read_deleted_decides_which_is_found_and_live_ones_are_listed(self) -> None:
        gone = self.make.cell(name="a")
        self.assertEqual(1, self.db.cell_delete(self.admin, "a"))
        live = self.make.cell(name="a")
        for mode, expected in (("no", live), ("yes", gone), ("only", gone)):
            with self.subTest(mode=mode, expected=expected):
                context = self.seeing(mode)
                self.assertIds([self.db.cell_get(context, "a")], [expected])
                self.assertEqual([live], self.db.cell_get_all(context))
        self.db.cell_delete(self.admin, "a")
        with self.raises(exceptions.CellNotFound, cell_name="a"):
            self.db.cell_get(self.admin, "a")
        self.assertEqual([], self.db.cell_get_all(self.seeing("yes")))

    def test_deleting_marks_all_of_the_name_and_counts_them(self) -> None:
        self.set_time(NOON)
        for name in ("a", "b", "a", "a"):
            self.make.cell(name=name)
        now = self.advance(60)
        before = self.dump()
        count = self.db.cell_delete(self.admin, "a")
        self.assertIs(int, type(count))
        self.assertEqual(3, count)
        for number in (0, 2, 3):
            before["cells"][number].update(deleted=number + 1, deleted_at=now)
        self.assertSameRows(before, "where three cells should be marked")
        self.assertEqual(0, self.db.cell_delete(self.admin, "a"))
        self.assertSameRows(before, "although there was nothing left to delete")

    def test_read_deleted_decides_which_are_deleted_and_counted(self) -> None:
        self.set_time(NOON)
        for _ in range(2):
            self.make.cell(name="a")
        self.db.cell_delete(self.admin, "a")
        self.make.cell(name="a")
        for mode, count, marked in (("only", 2, [1, 2, 0]), ("yes", 3, [1, 2, 3]), ("no", 0, [1, 2, 3])):
            with self.subTest(mode=mode, count=count, marked=marked):
                now = self.advance(60)
                self.assertEqual(count, self.db.cell_delete(self.seeing(mode), "a"))
                self.assertEqual(marked, [row["deleted"] for row in self.rows()])
                self.assertEqual(count, [row["deleted_at"] for row in self.rows()].count(now))

    def test_updating_writes_to_all_of_the_name_and_returns_the_first(self) -> None:
        self.set_time(NOON)
        for number, name in ((9, "a"), (3, "a"), (5, "b")):
            self.make.cell(name=name, id=number)
        before = self.dump()
        now = self.advance(60)
        updated = self.db.cell_update(self.admin, "a", {"rpc_port": "7", "weight_offset": 1, "is_parent": True})
        for row in (before["cells"][0], before["cells"][2]):
            row.update(rpc_port=7, weight_offset=1.0, is_parent=True, updated_at=now)
        self.assertShape(updated, "cells")
        self.assertEqual(before["cells"][0], updated)
        self.assertSameRows(before, "where two cells should have changed")

    def test_an_update_always_moves_the_time_unless_it_is_given(self) -> None:
        self.set_time(NOON)
        self.make.cell(name="a")
        for values in ({}, {"name": "a"}):
            with self.subTest(values=values):
                now = self.advance(60)
                self.assertRecord(self.db.cell_update(self.admin, "a", values), updated_at=now)
        for given in (NOON, None):
            with self.subTest(given=given):
                self.assertRecord(self.db.cell_update(self.admin, "a", {"updated_at": given}), updated_at=given)

    @decision(1)
    def test_a_cell_that_is_renamed_is_returned_under_its_new_name(self) -> None:
        self.make.cell(name="a")
        updated = self.db.cell_update(self.admin, "a", {"name": "b"})
        self.assertRecord(updated, name="b")
        self.assertEqual(updated, self.db.cell_get(self.admin, "b"))
        with self.raises(exceptions.CellNotFound, cell_name="a"):
            self.db.cell_get(self.admin, "a")

    def test_read_deleted_decides_which_are_updated(self) -> None:
        self.make.cell(name="a")
        self.db.cell_delete(self.admin, "a")
        self.make.cell(name="a")
        for port, (mode, expected) in enumerate((("no", [5672, 0]), ("only", [1, 0]), ("yes", [2, 2]))):
            with self.subTest(port=port, mode=mode, expected=expected):
                self.assertRecord(self.db.cell_update(self.seeing(mode), "a", {"rpc_port": port}), rpc_port=port)
                self.assertEqual(expected, [row["rpc_port"] for row in self.rows()])

    def test_an_update_that_cannot_be_stored_is_refused(self) -> None:
        first, second = self.make.cell(name="a"), self.make.cell(name="a")
        before = self.dump()
        cases: list[tuple[str, Any]] = [("rpc_port", "x"), ("weight_scale", "1"), ("name", "x" * 256), ("id", None)]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="cells", columns=[column], value=value),
            ):
                self.db.cell_update(self.admin, "a", {"username": "changed", column: value})
        with self.raises(exceptions.UnknownColumn, table="cells", column="user", nearest="username"):
            self.db.cell_update(self.admin, "a", {"rpc_host": "changed", "user": "x"})
        with self.raises(exceptions.DBDataError, table="cells", columns=["id"]):
            self.db.cell_update(self.admin, "a", {"id": second["id"]})
        self.assertSameRows(before, "although every update was refused")
        self.assertEqual(first, self.db.cell_get(self.admin, "a"))

    def test_each_change_is_made_or_not(self) -> None:
        for _ in range(2):
            self.make.cell(name="a")
        calls: list[Callable[[], Any]] = [
            lambda: self.db.cell_update(self.admin, "a", {"rpc_port": 7}),
            lambda: self.db.cell_delete(self.admin, "a"),
        ]
        for call in calls:
            with self.subTest(call=call):
                self.assertAtomic(call)
        self.assertEqual([7, 7], [row["rpc_port"] for row in self.rows()])
        self.assertEqual([], self.db.cell_get_all(self.admin))

    def test_changes_join_a_transaction(self) -> None:
        with self.db.transaction(self.admin):
            kept = self.make.cell(name="a")
            self.make.cell(name="b")
            with self.raises(exceptions.CellNotFound):
                self.db.cell_update(self.admin, "c", {})
            self.assertEqual(1, self.db.cell_delete(self.admin, "b"))
            self.assertEqual([kept], self.db.cell_get_all(self.admin))
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.cell_update(self.admin, "a", {"name": "b"})
            self.assertEqual(1, self.db.cell_delete(self.admin, "b"))
            raise LookupError
        self.assertEqual([kept], self.db.cell_get_all(self.admin))


class TestCellRaces(ConformanceTestCase):
    """Many delete or update the cells of one name at once."""

    name = ""
    ROUNDS = 30
    CELLS = 5

    def prepare(self, number: int) -> None:
        """Take a new name, which several cells have."""
        self.name = f"cell {number}"
        for _ in range(self.CELLS):
            self.make.cell(name=self.name)

    def test_each_cell_is_counted_by_one(self) -> None:
        race(
            lambda _: self.db.cell_delete(self.admin, self.name),
            rounds=self.ROUNDS,
            prepare=self.prepare,
            finish=lambda done: self.assertEqual(self.CELLS, sum(done.results)),
        )
        self.assertEqual([], self.db.cell_get_all(self.admin))

    def test_each_cell_is_counted_by_one_of_callers_on_several_hosts(self) -> None:
        hosts = (self.driver, self.another_driver())
        race(
            lambda thread: hosts[thread % 2].cell_delete(self.admin, self.name),
            rounds=self.ROUNDS // 2,
            prepare=self.prepare,
            finish=lambda done: self.assertEqual(self.CELLS, sum(done.results)),
        )

    def test_an_update_reaches_all_or_finds_none(self) -> None:
        def some(thread: int) -> int | None:
            if thread % 2:
                return self.api.cell_delete(self.admin, self.name)
            self.db.cell_update(self.admin, self.name, {"rpc_port": thread})
            return None

        def finish(done: Round) -> None:
            self.assertEqual(self.CELLS, sum(count for count in done.results if count))
            self.assertEqual(THREADS, len(done.results) + len(done.errors))
            rows = [row for row in self.dump()["cells"] if row["name"] == self.name]
            self.assertEqual(1, len({row["rpc_port"] for row in rows}))

        race(some, rounds=self.ROUNDS, prepare=self.prepare, finish=finish, allow=exceptions.CellNotFound)
