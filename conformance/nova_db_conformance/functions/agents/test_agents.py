"""Builds of guest agents."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import agent_build_values

TRIPLE = ("xen", "windows", "x86")
COLUMNS = ("hypervisor", "os", "architecture", "version", "url", "md5hash")


class TestAgentBuilds(ConformanceTestCase):
    """They are made, found, listed, updated and destroyed by administrators."""

    def all_rows(self) -> list[dict[str, Any]]:
        return self.dump().get("agent_builds", [])

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            **agent_build_values(),
            "id": 7,
            "created_at": NOON,
            "updated_at": NOON + dt.timedelta(days=1),
            "deleted_at": NOON + dt.timedelta(days=2),
            "deleted": 0,
        }
        created = self.db.agent_build_create(self.admin, values)
        self.assertShape(created, "agent_builds")
        self.assertEqual(values, created)
        self.assertEqual([values], self.db.agent_build_get_all(self.admin))

    def test_what_is_not_given_is_null(self) -> None:
        self.set_time(NOON)
        created = self.db.agent_build_create(self.admin, {})
        nulls = dict.fromkeys((*COLUMNS, "updated_at", "deleted_at"))
        self.assertEqual({"id": 1, "created_at": NOON, "deleted": 0, **nulls}, created)
        self.assertEqual(created, self.db.agent_build_get_by_triple(self.admin, None, None, None))

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.make.agent_build(hypervisor=1, os=2, architecture=3, version=1.5, id="4")
        self.assertRecord(created, hypervisor="1", os="2", architecture="3", version="1.5", id=4)
        self.assertEqual(created, self.db.agent_build_get_by_triple(self.admin, 1, 2, 3))
        self.assertEqual([created], self.db.agent_build_get_all(self.admin, 1))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [*[(name, "x" * 256) for name in COLUMNS], ("os", ["x"]), ("url", "a\0")]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="agent_builds", columns=[column], value=value),
            ):
                self.make.agent_build(**{column: value})
        with self.raises(exceptions.UnknownColumn, table="agent_builds", column="arch", nearest="architecture"):
            self.make.agent_build(arch="x86")
        self.assertEqual({}, self.dump())
        self.make.agent_build(id=3)
        with self.raises(exceptions.DBDuplicateEntry, table="agent_builds", columns=["id"]):
            self.make.agent_build(id=3)
        self.assertEqual(1, len(self.all_rows()))

    def test_of_several_for_one_triple_the_first_is_found(self) -> None:
        first, _ = self.make.agent_build(id=8), self.make.agent_build(id=9)
        self.assertEqual(first, self.db.agent_build_get_by_triple(self.admin, *TRIPLE))
        before = self.make.agent_build(id=3)
        self.assertEqual(before, self.db.agent_build_get_by_triple(self.admin, *TRIPLE))
        self.assertPrivate(lambda: self.db.agent_build_get_by_triple(self.admin, *TRIPLE))

    def test_all_three_must_match(self) -> None:
        self.make.agent_build()
        for position in range(3):
            for other in ("other", TRIPLE[position].upper(), None, "", ["x"]):
                with self.subTest(position=position, other=other):
                    asked = [*TRIPLE[:position], other, *TRIPLE[position + 1 :]]
                    self.assertIsNone(self.db.agent_build_get_by_triple(self.admin, *asked))

    def test_lists_are_in_order_of_all_or_of_one_hypervisor(self) -> None:
        self.assertEqual([], self.db.agent_build_get_all(self.admin))
        last, first, kvm = (self.make.agent_build(id=n, hypervisor=h) for n, h in ((9, "xen"), (2, "xen"), (5, "kvm")))
        for everything in (None, ""):
            with self.subTest(everything=everything):
                self.assertEqual([first, kvm, last], self.db.agent_build_get_all(self.admin, everything))
        self.assertEqual([first, kvm, last], self.db.agent_build_get_all(self.admin))
        self.assertEqual([first, last], self.db.agent_build_get_all(self.admin, "xen"))
        self.assertEqual([kvm], self.db.agent_build_get_all(self.admin, hypervisor="kvm"))
        self.assertEqual([], self.db.agent_build_get_all(self.admin, "Xen"))
        self.assertPrivate(lambda: self.db.agent_build_get_all(self.admin))

    def test_live_builds_are_read_whatever_is_seen(self) -> None:
        gone, live = self.make.agent_build(), self.make.agent_build()
        self.db.agent_build_destroy(self.admin, gone["id"])
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                context = self.seeing(mode)
                self.assertEqual(live, self.db.agent_build_get_by_triple(context, *TRIPLE))
                self.assertEqual([live], self.db.agent_build_get_all(context))
                self.assertEqual([live], self.db.agent_build_get_all(context, "xen"))

    def test_destroying_marks_one_and_is_renewed_whatever_is_seen(self) -> None:
        self.set_time(NOON)
        gone, _ = self.make.agent_build(), self.make.agent_build()
        before = self.dump()
        for mode in ("no", "yes", "only", "no"):
            with self.subTest(mode=mode):
                now = self.advance(60)
                self.assertIsNone(self.db.agent_build_destroy(self.seeing(mode), str(gone["id"])))
                before["agent_builds"][0].update(deleted=gone["id"], deleted_at=now)
                self.assertSameRows(before, "where only one build should be marked")

    def test_an_update_writes_what_is_given_and_returns_nothing(self) -> None:
        self.set_time(NOON)
        for _ in range(2):
            self.make.agent_build()
        before = self.dump()
        now = self.advance(60)
        self.assertIsNone(self.db.agent_build_update(self.admin, "1", {"version": 7, "url": None}))
        before["agent_builds"][0].update(version="7", url=None, updated_at=now)
        self.assertSameRows(before, "where two columns and the time should have changed")
        for nothing in ({}, {"version": "7"}):
            with self.subTest(nothing=nothing):
                self.advance(60)
                self.db.agent_build_update(self.admin, 1, nothing)
                self.assertSameRows(before, "although nothing was to change")

    def test_one_that_is_destroyed_can_be_updated_and_stays_so(self) -> None:
        self.set_time(NOON)
        self.make.agent_build()
        self.db.agent_build_destroy(self.admin, 1)
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.db.agent_build_update(self.seeing(mode), 1, {"version": mode})
                self.assertRecord(self.all_rows()[0], version=mode, deleted=1, deleted_at=NOON)

    def test_what_is_no_build_is_named(self) -> None:
        self.make.agent_build()
        before = self.dump()
        for value in NO_IDS:
            with self.subTest(value=value):
                with self.raises(exceptions.AgentBuildNotFound, id=value, code=404):
                    self.db.agent_build_destroy(self.admin, value)
                for values in ({"version": "x"}, {}):
                    with self.subTest(values=values), self.raises(exceptions.AgentBuildNotFound, id=value, code=404):
                        self.db.agent_build_update(self.admin, value, values)
        self.assertSameRows(before, "although there is no such build")

    def test_an_update_that_cannot_be_stored_is_refused(self) -> None:
        self.make.agent_build()
        before = self.dump()
        with self.raises(exceptions.DBDataError, table="agent_builds", columns=["url"], value="x" * 256):
            self.db.agent_build_update(self.admin, 1, {"version": "7", "url": "x" * 256})
        with self.raises(exceptions.UnknownColumn, table="agent_builds", column="verion", nearest="version"):
            self.db.agent_build_update(self.admin, 1, {"url": "x", "verion": "7"})
        self.assertSameRows(before, "although the update was refused")

    def test_every_call_is_for_administrators(self) -> None:
        self.make.agent_build()
        before = self.dump()
        self.assertAdminOnly(lambda context: self.db.agent_build_create(context, {"no column": 1}))
        self.assertAdminOnly(lambda context: self.db.agent_build_get_by_triple(context, *TRIPLE))
        self.assertAdminOnly(self.db.agent_build_get_all)
        self.assertAdminOnly(lambda context: self.db.agent_build_destroy(context, 1))
        self.assertAdminOnly(lambda context: self.db.agent_build_update(context, 99, {"no column": 1}))
        self.assertSameRows(before, "although every call was refused")

    def test_each_change_is_made_or_not(self) -> None:
        made = self.assertAtomic(lambda: self.db.agent_build_create(self.admin, agent_build_values()))
        self.assertAtomic(lambda: self.db.agent_build_update(self.admin, made["id"], {"version": "7"}))
        self.assertRecord(self.all_rows()[0], version="7")
        self.assertAtomic(lambda: self.db.agent_build_destroy(self.admin, made["id"]))
        self.assertEqual([], self.db.agent_build_get_all(self.admin))

    def test_changes_join_a_transaction(self) -> None:
        with self.db.transaction(self.admin):
            kept, gone = self.make.agent_build(), self.make.agent_build()
            with self.raises(exceptions.AgentBuildNotFound):
                self.db.agent_build_destroy(self.admin, 99)
            self.db.agent_build_destroy(self.admin, gone["id"])
            self.assertEqual([kept], self.db.agent_build_get_all(self.admin))
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.make.agent_build()
            self.db.agent_build_update(self.admin, kept["id"], {"version": "7"})
            self.db.agent_build_destroy(self.admin, kept["id"])
            raise LookupError
        self.assertEqual([kept], self.db.agent_build_get_all(self.admin))
