"""Purging: archived rows go for good, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from unittest import mock

from nova_db.schema import PARENTS_FIRST
from nova_db.upkeep import archive, purge, purgeable
from nova_db_conformance.engine.rows import a_row
from tests.upkeep.cases import NOON, UpkeepTestCase

HOUR = dt.timedelta(hours=1)


class TestPurge(UpkeepTestCase):
    """Rows of the shadow tables."""

    def archived(self, *moments: dt.datetime | None) -> None:
        """Archived services that were deleted at these times."""
        rows = self.insert("services", *[{"deleted": 5, "deleted_at": moment} for moment in moments])
        self.assertEqual(len(rows), archive(self.tool).rows["services"])

    def left(self) -> list[int]:
        """The ids of the archived services."""
        return [row["id"] for row in self.dump().get("shadow_services", ())]

    def test_everything_of_every_table(self) -> None:
        for table in PARENTS_FIRST:
            self.insert(table.name, a_row(self, table))  # type: ignore[arg-type]
        moved = archive(self.tool).rows
        self.instances("deleted")
        before = self.dump()
        self.assertEqual(moved.total(), purgeable(self.tool))
        done = purge(self.tool, everything=True)
        self.assertEqual({f"shadow_{name}": count for name, count in moved.items()}, done)
        main = {name: rows for name, rows in before.items() if not name.startswith("shadow_")}
        self.assertEqual(main, self.dump())
        self.assertEqual((Counter(), 0), (purge(self.tool, everything=True), purgeable(self.tool)))

    def test_what_was_deleted_before_a_time(self) -> None:
        self.archived(NOON - HOUR, NOON, NOON + HOUR, None)
        zone = dt.timezone(HOUR)
        for before, left in (
            (NOON - HOUR, [1, 2, 3, 4]),
            (NOON, [2, 3, 4]),
            ((NOON + dt.timedelta(microseconds=1)).replace(tzinfo=dt.UTC).astimezone(zone), [3, 4]),
            (dt.datetime.max, [4]),
        ):
            with self.subTest(before=before, left=left):
                count = len(self.left()) - len(left)
                self.assertEqual(count, purgeable(self.tool, before))
                self.assertEqual(count, purge(self.tool, before=before).total())
                self.assertEqual(left, self.left())

    def test_in_transactions_of_any_size(self) -> None:
        for rows in (1, 3, 10, 100):
            with self.subTest(rows=rows):
                self.empty()
                self.archived(*[NOON] * 10)
                told: list[Counter[str]] = []
                with mock.patch("time.sleep") as sleep:
                    done = purge(self.tool, before=NOON + HOUR, batch_rows=rows, sleep=2.0, listener=told.append)
                self.assertEqual([Counter(shadow_services=min(rows, 10))] * (10 // rows), told[: 10 // rows])
                self.assertEqual((Counter(shadow_services=10), done), (done, sum(told, Counter())))
                self.assertEqual([mock.call(2.0)] * (len(told) - 1), sleep.mock_calls)
                self.assertEqual([], self.left())

    def test_interrupted_it_goes_on(self) -> None:
        self.archived(*[NOON] * 10)
        with mock.patch("time.sleep", side_effect=KeyboardInterrupt), self.raises(KeyboardInterrupt):
            purge(self.tool, everything=True, batch_rows=4, sleep=1)
        self.assertEqual(6, len(self.left()))
        self.assertEqual(6, purge(self.tool, everything=True).total())

    def test_what_to_purge_has_to_be_said(self) -> None:
        self.archived(NOON)
        with self.assertRaisesRegex(ValueError, "nothing to purge: name a time"):
            purge(self.tool)
        with self.assertRaisesRegex(ValueError, "not for both"):
            purge(self.tool, before=NOON, everything=True)
        with self.assertRaisesRegex(ValueError, "batch_rows must be at least 1, not 0"):
            purge(self.tool, everything=True, batch_rows=0)
        self.assertEqual([1], self.left())
