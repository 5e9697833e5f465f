"""Copying: everything arrives, interrupted copies go on, and what is no copy is refused."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import nova_db
from nova_db.api import load_backend
from nova_db.cli.schemas import engine_driver
from nova_db.engine import Capability, Engine, Eq, Gt
from nova_db.engine.counters import COUNTED
from nova_db.exceptions import DBCommitUnknown, DBConnectionError, DBDeadlock, DBReferenceError
from nova_db.moving import SourceChanged, TableCopied, TargetInUse, copy
from nova_db_conformance import decision
from nova_db_conformance.engine.rows import a_row
from nova_db_conformance.harness.failures import PlantedFailure, dump, failing_at
from nova_db_conformance.recordings import replay, sequences
from nova_db_conformance.recordings.sequences import families
from tests.moving.cases import MovingTestCase, engine_of

_KILLED = """
import os, signal, sys
from nova_db.api import load_backend
from nova_db.moving import copy
backend, source, target, batches = sys.argv[1:]
calls = 0
def note(table, rows, total):
    global calls
    calls += bool(rows)
    if calls == int(batches):
        os.kill(os.getpid(), signal.SIGKILL)
copy(load_backend(backend, source).engine, load_backend(backend, target).engine, on_progress=note)
"""


class Interrupted(Exception):
    """Stops a copy."""


def stopping(batches: int) -> Callable[[str, int, int], None]:
    """A listener that stops a copy after some batches."""
    left = batches

    def note(_table: str, rows: int, _total: int) -> None:
        nonlocal left
        left -= bool(rows)
        if left < 0:
            raise Interrupted

    return note


class TestCopy(MovingTestCase):
    """A whole database, from one engine to another."""

    def test_rows_of_all_tables_arrive_as_they_are(self) -> None:
        self.fill()
        target = self.another_engine()
        copied = copy(self.engine, target)
        self.assertSame(self.engine, target)
        self.assertEqual(set(dump(target)), {table.table for table in copied})
        self.assertEqual({name: len(rows) for name, rows in dump(target).items()}, {t.table: t.copied for t in copied})

    def test_rows_survive_the_way_to_another_engine_and_back(self) -> None:
        self.fill()
        other, back = self.another_engine("tests.kv_engine.driver.KVDriver"), self.another_engine()
        copy(self.engine, other)
        copy(other, back)
        self.assertSame(self.engine, other)
        self.assertSame(self.engine, back)

    def test_what_the_recorded_calls_have_left(self) -> None:
        """Sequences of all families, played one after the other, so that some calls are refused."""
        source = engine_of(self.another("memory"))
        for family in families():
            for sequence in sequences(family):
                for _ in replay(nova_db, sequence):
                    pass
        self.assertGreater(len(dump(source)), 40)
        back = self.another_engine("memory")
        copy(source, self.engine)
        copy(self.engine, back)
        self.assertSame(source, self.engine)
        self.assertSame(source, back)

    def test_an_empty_database(self) -> None:
        target = self.another_engine()
        self.assertEqual([], copy(self.engine, target))
        self.assertEqual({}, dump(target))

    def test_more_rows_than_a_batch_and_text_keys(self) -> None:
        self.insert("services", *[{"host": f"h{number}"} for number in range(5000)])
        self.insert("dns_domains", *[{"domain": f"{chr(0x1F600 + number % 60)}{number:x}"} for number in range(400)])
        told: list[tuple[str, int, int]] = []
        target = self.another_engine()
        copied = copy(self.engine, target, on_progress=lambda *progress: told.append(progress))
        self.assertSame(self.engine, target)
        self.assertEqual(5400, sum(rows for _, rows, _ in told))
        self.assertEqual({5400}, {total for _, _, total in told})
        self.assertEqual([5000, 400], [table.copied for table in sorted(copied, key=lambda t: -t.rows)])

    @decision(20)
    def test_the_next_id_is_what_it_would_have_been(self) -> None:
        """Where there is a row of the highest id, and where not; the rows referred to are of either kind."""
        numbers = random.Random(20)
        for _ in range(2):
            self.empty()
            made = [(table, self.insert(table.name, *[a_row(self, table) for _ in range(2)])) for table in COUNTED]
            with self.writer() as tx:
                for table, rows in reversed(made):
                    for row in rows[numbers.randrange(3) :]:
                        with contextlib.suppress(DBReferenceError), tx.savepoint():
                            tx.delete(table.name, Eq("id", row["id"]))
            for backend in (None, "memory"):
                with self.subTest(backend=backend):
                    target = self.another_engine(backend)
                    before = self.engine.counters()
                    copy(self.engine, target)
                    found, after = target.counters(), self.engine.counters()  # the same ones where looking takes no ids
                    trios = {name: (before[name], found[name], after[name]) for name in before}
                    self.assertEqual({}, {name: trio for name, trio in trios.items() if sorted(trio) != list(trio)})

    @decision(20)
    def test_ids_of_tables_without_rows_are_not_handed_out_again(self) -> None:
        self.insert("services", {}, {})
        with self.writer() as tx:
            tx.delete("services", Gt("id", 0))
        target = self.another_engine()
        copy(self.engine, target)
        tx = target.write()
        [[row]] = tx.insert(("services", [self.complete("services")]))
        tx.commit()
        self.assertGreater(row["id"], 2)


class TestResuming(MovingTestCase):
    """A copy that was interrupted goes on where it stopped."""

    def setUp(self) -> None:
        super().setUp()
        self.insert("instances", *[{"uuid": f"u{number:04}"} for number in range(300)])
        self.insert("instance_metadata", *[{"instance_uuid": f"u{number:04}", "key": "k"} for number in range(300)])
        self.insert("services", {}, {})
        with self.writer() as tx:
            tx.move("instance_metadata", "shadow_instance_metadata", Gt("id", 200))
        self.before = self.dump()

    def test_after_any_batch(self) -> None:
        target = self.another_engine()
        batches = 0
        while True:
            target.clear()
            try:
                copy(self.engine, target, on_progress=stopping(batches))
            except Interrupted:
                pass
            else:
                break
            before = {name: len(rows) for name, rows in dump(target).items()}
            copied = copy(self.engine, target)
            self.assertEqual(self.before, dump(target))
            self.assertEqual(before, {t.table: t.rows - t.copied for t in copied if t.rows > t.copied})
            batches += 1
        self.assertGreater(batches, 5)

    def test_after_a_failure_of_any_call(self) -> None:
        other = self.another()
        target = engine_of(other)
        for error, goes_on, step in ((PlantedFailure, False, 7), (DBDeadlock, True, 23), (DBConnectionError, True, 29)):
            for number in range(1, 500, step):
                target.clear()
                with failing_at(other.driver, number, error) as plan:
                    try:
                        copy(self.engine, engine_of(other))
                    except error:
                        self.assertFalse(goes_on, (error, number))
                if not plan.happened:
                    break
                if not goes_on:
                    copy(self.engine, target)
                self.assertEqual(self.before, dump(target))
            else:
                self.fail("the copy never ran through")

    def test_after_a_commit_of_unknown_outcome(self) -> None:
        other = self.another()
        target = engine_of(other)
        with failing_at(other.driver, 4, lambda: DBCommitUnknown(message="lost")), self.raises(DBCommitUnknown):
            copy(self.engine, engine_of(other))
        copy(self.engine, target)
        self.assertSame(self.engine, target)

    def test_after_the_process_was_killed(self) -> None:
        self.require(Capability.PERSISTENT)
        # No fixture: it would empty what its own process has filled.
        kind: Any = type(self.driver)
        target = kind.provision(self.backend.connection)
        self.addCleanup(kind.discard, target)
        driver = load_backend(self.backend.name, target)
        self.addCleanup(driver.close)
        engine = engine_driver(driver).engine
        databases = [self.backend.name, str(self.connection), target]
        for batches in (1, 4):
            with self.subTest(batches=batches):
                killed = subprocess.run([sys.executable, "-c", _KILLED, *databases, str(batches)], check=False)
                self.assertEqual(-signal.SIGKILL, killed.returncode)
                self.assertNotEqual({}, dump(engine))
                self.assertNotEqual(dump(self.engine), dump(engine))
        copy(self.engine, engine)
        self.assertSame(self.engine, engine)

    def test_a_complete_copy_is_only_checked(self) -> None:
        target = self.another_engine()
        copy(self.engine, target)
        again = copy(self.engine, target)
        self.assertEqual({0}, {table.copied for table in again})
        self.assertIn(TableCopied("instances", 300, 0), again)


class TestRefusals(MovingTestCase):
    """A target that is no beginning of the source is left alone."""

    def assertRefused(self, target: Engine, *told: str) -> None:
        """Copying is refused with this text, and changes nothing."""
        before = dump(target)
        with self.raises(TargetInUse) as refused:
            copy(self.engine, target)
        for text in told:
            with self.subTest(text=text):
                self.assertIn(text, str(refused.exception))
        self.assertEqual(before, dump(target))

    def copied(self) -> Engine:
        """A complete copy."""
        target = self.another_engine()
        copy(self.engine, target)
        return target

    def change(self, engine: Engine, table: str, **values: object) -> None:
        """Change all rows of a table."""
        tx = engine.write()
        tx.update(table, Gt("id", 0), values)
        tx.commit()

    def add(self, engine: Engine, table: str, **values: object) -> None:
        """Insert a row."""
        tx = engine.write()
        tx.insert((table, [self.complete(table, **values)]))
        tx.commit()

    def test_rows_where_the_source_has_none(self) -> None:
        target = self.another_engine()
        self.add(target, "instance_types", memory_mb=1, vcpus=1, name="m1.tiny")
        self.assertRefused(target, "instance_types has 1 rows where the source has 0", "empty database")

    def test_rows_beyond_those_of_the_source(self) -> None:
        self.insert("services", {})
        target = self.copied()
        self.add(target, "services")
        self.assertRefused(target, "services has 2 rows where the source has 1")

    def test_other_values_at_either_end(self) -> None:
        self.insert("services", *[{"host": "a"} for _ in range(1000)])
        target = self.copied()
        for key in (1, 1000):
            with self.subTest(key=key):
                tx = target.write()
                tx.update("services", Eq("id", key), {"host": "secret"})
                tx.commit()
                self.assertRefused(target, f"in services the row with the id {key} has another host")
                tx = target.write()
                tx.update("services", Eq("id", key), {"host": "a"})
                tx.commit()

    def test_other_keys(self) -> None:
        self.insert("services", {"id": 1}, {"id": 2}, {"id": 9})
        target = self.copied()
        tx = target.write()
        tx.delete("services", Eq("id", 2))
        tx.commit()
        self.add(target, "services", id=3)
        self.assertRefused(target, "services has a row with the id 3, the source has none")

    def test_a_table_before_its_turn(self) -> None:
        self.insert("volumes", {"id": "v"})
        self.insert("services", {})
        target = self.copied()
        tx = target.write()
        tx.delete("volumes", Eq("id", "v"))
        tx.commit()
        self.assertRefused(target, "services has rows, although volumes is not complete")

    def test_a_target_that_somebody_else_writes_to(self) -> None:
        self.insert("services", *[{} for _ in range(100)])
        target = self.another_engine()

        def disturb(table: str, rows: int, _total: int) -> None:
            if rows == 64:
                self.add(target, table, id=90)

        with self.raises(TargetInUse) as refused:
            copy(self.engine, target, on_progress=disturb)
        self.assertIn("services is in the target already", str(refused.exception))

    def test_a_source_that_somebody_writes_to(self) -> None:
        disturbances: list[Callable[[], object]] = [
            lambda: self.insert("services", {}),
            lambda: self.change(self.engine, "services", deleted=5),
            lambda: self.insert("volumes", {"id": "v"}),
        ]
        for disturbance in disturbances:
            with self.subTest(disturbance=disturbance):
                self.empty()
                self.insert("services", {}, {})
                target = self.another_engine()

                def disturb(_table: str, rows: int, _total: int, what: Callable[[], object] = disturbance) -> None:
                    if rows:
                        what()

                with self.raises(SourceChanged) as refused:
                    copy(self.engine, target, on_progress=disturb)
                self.assertIn("written to meanwhile", str(refused.exception))

    def test_a_child_whose_parent_came_too_late(self) -> None:
        self.insert("instances", {"uuid": "a"})

        def disturb(table: str, rows: int, _total: int) -> None:
            if rows and table == "instances":
                self.insert("instances", {"uuid": "b"})
                self.insert("instance_metadata", {"instance_uuid": "b"})

        self.insert("instance_metadata", {"instance_uuid": "a"})
        with self.raises(SourceChanged) as refused:
            copy(self.engine, self.another_engine(), on_progress=disturb)
        self.assertIn("instance_metadata", str(refused.exception))
