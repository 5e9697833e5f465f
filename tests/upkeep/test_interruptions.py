"""Archiving that is interrupted, fails, or is not alone: no row is lost, doubled or moved without reason."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Self
from unittest import mock

import nova_db
from nova_db.engine import Eq
from nova_db.exceptions import DBCommitUnknown, DBDeadlock
from nova_db.upkeep import Archived, archivable, archive, purge
from nova_db.upkeep.work import MOST_UNCONFIRMED, Work
from nova_db_conformance.harness.failures import PlantedFailure, failing_at
from nova_db_conformance.harness.races import race
from tests.upkeep.cases import ROWS, UpkeepTestCase

NAMES = "abcde"


class Interrupted(Exception):
    """Stops the work."""


class TestInterruptions(UpkeepTestCase):
    """What was begun goes on, from wherever it ended."""

    def setUp(self) -> None:
        super().setUp()
        self.fill()

    def fill(self) -> None:
        """Rows to archive, and rows that stay."""
        self.empty()
        self.instances(*NAMES)
        self.instances("live", deleted=False)
        self.insert("services", {"deleted": 7}, {})
        self.expected = len(NAMES) * ROWS + 1
        self.before = self.dump()

    def archive(self, **options: Any) -> Archived:
        """Archive in transactions of three instances."""
        return archive(self.tool, batch_rows=3 * ROWS, **options)

    def assertGoesOn(self, *, done: int | None = None) -> None:
        """All is where it belongs, and a further run does the rest."""
        self.assertKept(self.before)
        rest = self.archive()
        if done is not None:
            self.assertEqual(self.expected, done + rest.rows.total())
        self.assertKept(self.before)
        self.assertEqual(["live"], self.names())
        self.assertEqual(1, len(self.dump()["services"]))

    def test_after_any_transaction(self) -> None:
        for most in itertools.count(1):
            self.fill()
            told: list[Counter[str]] = []

            def note(rows: Counter[str], told: list[Counter[str]] = told, most: int = most) -> None:
                told.append(rows)
                if len(told) == most:
                    raise Interrupted

            try:
                self.archive(listener=note)
            except Interrupted:
                self.assertGoesOn(done=sum(told, Counter()).total())
            else:
                break
        self.assertEqual(4, most)

    def test_after_a_failure_of_any_call(self) -> None:
        for number in itertools.count(1, 3):
            self.fill()
            with failing_at(self.driver, number) as plan:
                try:
                    self.archive()
                except PlantedFailure:
                    self.assertGoesOn()
            if not plan.happened:
                break
        self.assertGreater(number, 20)

    def test_a_conflict_in_any_call_is_no_failure(self) -> None:
        for number in itertools.count(2, 9):
            self.fill()
            with failing_at(self.driver, number, DBDeadlock) as plan:
                self.assertEqual(self.expected, self.archive().rows.total())
            self.assertKept(self.before)
            if not plan.happened:
                break
        self.assertGreater(number, 20)

    def test_a_commit_of_unknown_outcome_is_looked_after(self) -> None:
        for lost, is_done in itertools.product((1, 2, 3), (False, True)):
            with self.subTest(lost=lost, is_done=is_done):
                self.fill()
                with self.losing_commits(lambda number, lost=lost: number == lost, is_done=is_done) as unseen:  # type: ignore[misc]
                    done = self.archive()
                self.assertEqual(self.expected - (unseen.total() if is_done else 0), done.rows.total())
                self.assertTrue(done.is_complete)
                self.assertKept(self.before)
                self.assertEqual(["live"], self.names())

    def test_too_many_commits_of_unknown_outcome_end_it(self) -> None:
        with self.losing_commits(lambda number: True, is_done=False) as unseen, self.raises(DBCommitUnknown):
            self.archive()
        self.assertEqual(MOST_UNCONFIRMED + 1, unseen.calls)
        self.assertKept(self.before)

    def test_purging_after_a_commit_of_unknown_outcome(self) -> None:
        for is_done in (False, True):
            with self.subTest(is_done=is_done):
                self.fill()
                self.archive()
                with self.losing_commits(lambda number: number == 2, is_done=is_done):
                    purge(self.tool, everything=True, batch_rows=7)
                self.assertEqual([], [name for name in self.dump() if name.startswith("shadow_")])

    def losing_commits(self, which: Callable[[int], bool], *, is_done: bool) -> _Losing:
        """In the block commits with these numbers are of unknown outcome; in truth done, or not."""
        return _Losing(self.tool, which, is_done)


class _Losing:
    """A block in which ``run`` of a driver loses the answer to some commits."""

    def __init__(self, driver: Any, which: Callable[[int], bool], is_done: bool) -> None:
        self.calls = 0
        self.rows: Counter[str] = Counter()
        """What was moved without anybody knowing."""
        self._which = which
        self._is_done = is_done
        self._run = driver.run
        self._patch = mock.patch.object(driver, "run", self._losing)

    def total(self) -> int:
        return self.rows.total()

    def __enter__(self) -> Self:
        self._patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.stop()

    def _losing(self, context: Any, function: Any, **options: Any) -> Any:
        self.calls += 1
        if not self._which(self.calls):
            return self._run(context, function, **options)
        if self._is_done:
            self.rows.update(self._run(context, function, **options))
        raise DBCommitUnknown(message="the server has gone")


class TestOthers(UpkeepTestCase):
    """Others write at the same time."""

    def test_several_archivers_move_each_row_once(self) -> None:
        names = [f"u{number}" for number in range(40)]
        self.instances(*names)
        self.insert("services", *[{"deleted": 5} for _ in range(100)])
        before = self.dump()
        options = {"batch_rows": 2 * ROWS}
        [finished] = race(lambda number: archive(self.tool, **options), threads=4, rounds=1)  # type: ignore[arg-type]
        moved: Counter[str] = sum((done.rows for done in finished.results), Counter())
        self.assertEqual(Counter({name: len(rows) for name, rows in before.items()}), moved)
        self.assertKept(before, gone=before)

    def test_instances_that_are_deleted_meanwhile(self) -> None:
        made = self.make.instances(12, metadata={"a": "b"}, system_metadata={"c": "d"})

        def destroy() -> None:
            for each in made:
                self.make.action(instance_uuid=each["uuid"])
                self.db.instance_destroy(self.admin, each["uuid"])

        race([destroy, *[functools.partial(archive, self.tool) for _ in range(2)]], rounds=1)
        archive(self.tool)
        self.assertEqual([], [name for name in self.dump() if name.startswith("instance")])
        shadow = self.dump()
        self.assertEqual(12, len(shadow["shadow_instances"]))
        self.assertEqual(12, len(shadow["shadow_instance_system_metadata"]))

    def test_a_replica_is_never_asked(self) -> None:
        self.instances(*NAMES)
        self.insert("fixed_ips", {"instance_uuid": "a"})
        replica = mock.Mock()
        with mock.patch.object(self.tool, "replica", replica), nova_db.allow_stale_reads():
            archivable(self.tool)
            self.assertEqual(Counter(instances=1), archive(self.tool).kept)
            purge(self.tool, everything=True)
        self.assertEqual([], replica.mock_calls)

    def test_a_dependent_that_comes_meanwhile(self) -> None:
        self.instances(*NAMES)
        before = self.dump()

        def come() -> None:
            before["virtual_interfaces"] = self.insert(
                "virtual_interfaces", {"address": "fa:16:3e:00:00:01", "instance_uuid": "c"}
            )

        with self.after_the_first_look(come):
            done = archive(self.tool)
        self.assertEqual((len(NAMES) * ROWS + 1, Counter()), (done.rows.total(), done.kept))
        self.assertKept(before)
        self.assertEqual([], self.names())

    def test_what_is_in_use_again_meanwhile(self) -> None:
        self.instances(*NAMES)

        def revive() -> None:
            self.insert("fixed_ips", {"instance_uuid": "c"})
            with self.writer() as tx:
                tx.update("instances", Eq("uuid", "d"), {"deleted": 0})

        with self.after_the_first_look(revive):
            done = archive(self.tool)
        self.assertEqual(Counter(instances=1), done.kept)
        self.assertEqual((["c", "d"], ["a", "b", "e"]), (self.names(), self.names("shadow_instances")))
        self.assertEqual(2, len(self.dump()["instance_faults"]))

    @contextlib.contextmanager
    def after_the_first_look(self, happens: Callable[[], None]) -> Iterator[None]:
        """In the block something happens between the first look at rows and their transaction."""
        read = Work.read
        is_over = False

        def look(work: Work, call: Any) -> Any:
            nonlocal is_over
            found = read(work, call)
            if not is_over and found.rows:
                is_over = True
                happens()
            return found

        with mock.patch.object(Work, "read", look):
            yield
        self.assertTrue(is_over)
