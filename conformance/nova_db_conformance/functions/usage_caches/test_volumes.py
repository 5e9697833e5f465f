"""The cache of what volumes have read and written."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import a_uuid

HOUR = dt.timedelta(hours=1)
MICROSECOND = dt.timedelta(microseconds=1)
TABLE = "volume_usage_cache"
LARGEST = 2**63 - 1
COUNTERS = ("reads", "read_bytes", "writes", "write_bytes")


def counters(kind: str, *numbers: int) -> dict[str, int]:
    """The four columns of a kind, ``curr`` or ``tot``."""
    return {f"{kind}_{name}": number for name, number in zip(COUNTERS, numbers, strict=True)}


class VolumeTestCase(ConformanceTestCase):
    """There is a volume's uuid, and the clock stands still."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.volume = a_uuid()

    def update(self, *numbers: Any, volume: Any = None, instance: Any = 5, **more: Any) -> None:
        """Record the four counters of the volume."""
        context = more.pop("context", self.user)
        self.assertIsNone(self.db.vol_usage_update(context, volume or self.volume, *numbers, instance, **more))

    def usage(self, volume: Any = None) -> dict[str, Any]:
        """The only record of the volume."""
        key = str(volume or self.volume)
        found = self.db.vol_get_usage_by_time(self.user, dt.datetime(1970, 1, 1))
        [row] = [row for row in found if row["volume_id"] == key]
        return dict(row)


class TestVolumeUsage(VolumeTestCase):
    """Counters and totals."""

    def test_the_first_counters_make_a_record(self) -> None:
        for totals, current, total in ((False, (1, 2, 3, 4), (0,) * 4), (True, (0,) * 4, (1, 2, 3, 4))):
            with self.subTest(totals=totals, current=current, total=total):
                self.volume = a_uuid()
                self.update(1, 2, 3, 4, update_totals=totals)
                created = self.usage()
                self.assertShape(created, TABLE)
                self.assertEqual(
                    {
                        "id": created["id"],
                        "volume_id": self.volume,
                        "instance_id": 5,
                        **counters("curr", *current),
                        **counters("tot", *total),
                        "curr_last_refreshed": NOON,
                        "tot_last_refreshed": NOON,
                        "created_at": NOON,
                        "updated_at": None,
                        "deleted_at": None,
                        "deleted": 0,
                    },
                    created,
                )

    def test_both_times_of_the_first_are_set(self) -> None:
        self.update(1, 2, 3, 4, last_refreshed=NOON - HOUR)
        created = self.usage()
        self.assertIn(created["curr_last_refreshed"], (NOON, NOON - HOUR))
        self.assertEqual(created["curr_last_refreshed"], created["tot_last_refreshed"])

    def test_counters_that_grow_or_stay_are_kept(self) -> None:
        self.update(10, 20, 30, 40)
        created = self.usage()
        for numbers in ((11, 21, 31, 41), (11, 21, 31, 41), (11, 21, 31, 50)):
            with self.subTest(numbers=numbers):
                now = self.advance(60)
                self.update(*numbers, instance=6)
                expected = {**created, **counters("curr", *numbers), "instance_id": 6}
                self.assertEqual({**expected, "curr_last_refreshed": now, "updated_at": now}, self.usage())

    def test_any_counter_that_falls_ends_a_period_of_all(self) -> None:
        for fallen in range(4):
            with self.subTest(fallen=fallen):
                self.volume = a_uuid()
                self.update(10, 20, 30, 40)
                self.update(100, 200, 300, 400, update_totals=True)
                self.update(10, 20, 30, 40)
                before = self.usage()
                now = self.advance(60)
                numbers = [50, 50, 50, 50]
                numbers[fallen] = 9
                self.update(*numbers)
                expected = {**before, **counters("curr", *numbers), **counters("tot", 110, 220, 330, 440)}
                times = {"curr_last_refreshed": now, "tot_last_refreshed": now, "updated_at": now}
                self.assertEqual({**expected, **times}, self.usage())

    def test_totals_are_added_up_and_the_counters_begin_anew(self) -> None:
        self.update(10, 20, 30, 40)
        created = self.usage()
        now = self.advance(60)
        self.update(11, 21, 31, 41, update_totals=True, instance=None)
        expected = {**created, **counters("curr", 0, 0, 0, 0), **counters("tot", 11, 21, 31, 41)}
        expected |= {"tot_last_refreshed": now, "updated_at": now, "instance_id": None}
        self.assertEqual(expected, self.usage(), "the current ones were refreshed at the start")
        later = self.advance(60)
        self.update(1, 2, 3, 4, update_totals=True, instance=7)
        expected |= {**counters("tot", 12, 23, 34, 45), "tot_last_refreshed": later, "updated_at": later}
        self.assertEqual({**expected, "instance_id": 7}, self.usage())

    def test_totals_of_counters_that_fell_take_both(self) -> None:
        self.update(10, 20, 30, 40)
        created = self.usage()
        now = self.advance(60)
        self.update(50, 50, 50, 39, update_totals=True)
        expected = {**created, **counters("curr", 0, 0, 0, 0), **counters("tot", 60, 70, 80, 79)}
        self.assertEqual({**expected, "tot_last_refreshed": now, "updated_at": now}, self.usage())

    def test_it_was_refreshed_when_the_caller_says(self) -> None:
        self.update(10, 10, 10, 10)
        for number, (totals, curr, tot) in enumerate(
            ((False, True, False), (True, False, True), (False, True, False)), 1
        ):
            with self.subTest(number=number, totals=totals, curr=curr, tot=tot):
                before = self.usage()
                moment = NOON + number * HOUR
                self.update(10, 10, 10, 10, update_totals=totals, last_refreshed=moment)
                self.assertRecord(
                    self.usage(),
                    curr_last_refreshed=moment if curr else before["curr_last_refreshed"],
                    tot_last_refreshed=moment if tot else before["tot_last_refreshed"],
                )
        self.update(1, 1, 1, 1, last_refreshed=NOON - HOUR)
        self.assertRecord(self.usage(), curr_last_refreshed=NOON - HOUR, tot_last_refreshed=NOON - HOUR)
        self.update(2, 2, 2, 2, last_refreshed=NOON.replace(tzinfo=dt.timezone(HOUR)))
        self.assertRecord(self.usage(), curr_last_refreshed=NOON - HOUR)

    def test_volumes_have_a_record_each(self) -> None:
        other = a_uuid()
        self.update(1, 1, 1, 1)
        self.update(2, 2, 2, 2, volume=other)
        self.update(3, 3, 3, 3, volume=self.volume.upper())
        self.update(4, 4, 4, 4)
        self.assertEqual([4, 2, 3], [row["curr_reads"] for row in self.dump()[TABLE]])

    def test_a_volume_that_is_a_number_is_its_text(self) -> None:
        self.update(1, 1, 1, 1, volume=1)
        self.update("2", True, 2, 2, volume="1", instance="6")
        [row] = self.dump()[TABLE]
        self.assertRecord(row, volume_id="1", instance_id=6, **counters("curr", 2, 1, 2, 2))

    def test_counters_may_be_large(self) -> None:
        self.update(LARGEST, LARGEST, 0, 0)
        self.update(0, LARGEST, 0, 0)
        self.assertRecord(self.usage(), **counters("tot", LARGEST, LARGEST, 0, 0))
        self.assertUnchanged(partial(self.update, 0, 0, 0, 0), exceptions.DBDataError)
        with self.raises(exceptions.DBDataError, table=TABLE, columns=["tot_read_bytes"], value=2 * LARGEST):
            self.update(0, 0, 0, 0)

    def test_what_cannot_be_stored_is_refused(self) -> None:
        self.update(1, 1, 1, 1, volume="known")
        before = self.dump()
        for volume in ("known", "unknown"):
            with self.subTest(volume=volume):
                for number, name in enumerate(COUNTERS):
                    for totals, kind in ((False, "curr"), (True, "tot")):
                        for value in ("x", 2**63, [1]):
                            with self.subTest(number=number, name=name, totals=totals, kind=kind, value=value):
                                numbers: list[Any] = [5, 5, 5, 5]
                                numbers[number] = value
                                with self.raises(
                                    exceptions.DBDataError, table=TABLE, columns=[f"{kind}_{name}"], value=value
                                ):
                                    self.update(*numbers, volume=volume, update_totals=totals)
                with self.raises(exceptions.DBDataError, table=TABLE, columns=["instance_id"], value="x"):
                    self.update(5, 5, 5, 5, volume=volume, instance="x")
                with self.raises(exceptions.DBDataError, table=TABLE, columns=["curr_last_refreshed"], value="noon"):
                    self.update(5, 5, 5, 5, volume=volume, last_refreshed="noon")
        for key in (None, "v" * 37, ["v"]):
            with (
                self.subTest(key=key),
                self.raises(exceptions.DBDataError, table=TABLE, columns=["volume_id"], value=key),
            ):
                self.db.vol_usage_update(self.user, key, 1, 1, 1, 1, 5)
        self.assertSameRows(before, "although nothing could be stored")

    def test_deleted_records_count(self) -> None:
        [row] = self.insert(TABLE, {"volume_id": self.volume, "deleted": 99, **counters("curr", 5, 5, 5, 5)})
        for mode in ("no", "yes", "only"):
            self.update(5, 5, 5, 5, context=self.seeing(mode, self.user))
        changes = {"instance_id": 5, "curr_last_refreshed": NOON, "updated_at": NOON}
        self.assertEqual([{**row, **changes}], self.dump()[TABLE])

    def test_of_several_records_the_first_counts(self) -> None:
        first, second = self.insert(TABLE, {"volume_id": self.volume}, {"volume_id": self.volume})
        self.update(1, 2, 3, 4)
        changes = {**counters("curr", 1, 2, 3, 4), "instance_id": 5, "curr_last_refreshed": NOON, "updated_at": NOON}
        self.assertEqual([{**first, **changes}, second], self.dump()[TABLE])

    def test_anyone_with_a_user_and_a_project_may(self) -> None:
        for number, context in enumerate((self.user, self.other, self.admin)):
            with self.subTest(number=number, context=context):
                self.update(number, 0, 0, 0, context=context)
                found = self.db.vol_get_usage_by_time(context, NOON - HOUR)
                self.assertEqual([number], [row["curr_reads"] for row in found])
        before = self.dump()
        strangers = [self.nobody, self.context(project_id=None), self.context(user_id=None)]
        self.assertNotAuthorized(strangers, lambda context: self.update("x", 9, 9, 9, context=context))
        self.assertNotAuthorized(strangers, lambda context: self.db.vol_get_usage_by_time(context, None))
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_a_failure_leaves_everything(self) -> None:
        self.assertAtomic(partial(self.update, 5, 5, 5, 5))
        self.assertAtomic(partial(self.update, 4, 4, 4, 4))
        self.assertAtomic(partial(self.update, 3, 3, 3, 3, update_totals=True))
        self.assertRecord(self.usage(), **counters("tot", 12, 12, 12, 12), **counters("curr", 0, 0, 0, 0))

    def test_calls_join_a_transaction(self) -> None:
        with self.db.transaction(self.user):
            self.update(5, 5, 5, 5)
            self.update(4, 4, 4, 4)
            self.assertRecord(self.usage(), tot_reads=5, curr_reads=4)
        with self.raises(LookupError), self.db.transaction(self.user):
            self.update(3, 3, 3, 3)
            raise LookupError
        self.assertRecord(self.usage(), tot_reads=5, curr_reads=4)


class TestVolumeUsageByTime(VolumeTestCase):
    """Usages of a time."""

    def volumes(self, begin: Any, context: Any = None) -> list[str]:
        """The volumes of which a refresh is after a time."""
        found = self.db.vol_get_usage_by_time(context or self.user, begin)
        return [row["volume_id"] for row in found]

    def test_either_refresh_after_the_time_will_do(self) -> None:
        times = (NOON, NOON + MICROSECOND, NOON - MICROSECOND, None)
        self.insert(
            TABLE,
            *[
                {"volume_id": f"{tot} {curr}", "tot_last_refreshed": times[tot], "curr_last_refreshed": times[curr]}
                for tot in range(4)
                for curr in range(4)
            ],
        )
        expected = [f"{tot} {curr}" for tot in range(4) for curr in range(4) if {tot, curr} & {1, 3}]
        self.assertEqual(expected, self.volumes(NOON))
        self.assertEqual(expected, self.volumes((NOON + HOUR).replace(tzinfo=dt.timezone(HOUR))))
        unrefreshed = [f"{tot} {curr}" for tot in range(4) for curr in range(4) if 3 in {tot, curr}]
        self.assertEqual(unrefreshed, self.volumes(NOON + HOUR))
        self.assertEqual(16, len(self.volumes(NOON - HOUR)))

    def test_there_may_be_none(self) -> None:
        self.assertEqual([], self.volumes(NOON - HOUR))
        self.update(1, 1, 1, 1)
        self.assertEqual([], self.volumes(NOON))

    def test_deleted_records_are_listed_whatever_a_context_sees(self) -> None:
        self.insert(TABLE, {"volume_id": "gone", "deleted": 99}, {"volume_id": "live"})
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertEqual(["gone", "live"], self.volumes(NOON, self.seeing(mode, self.user)))

    def test_what_is_no_time_is_refused(self) -> None:
        self.update(1, 1, 1, 1)
        for begin in (None, "2013-03-01T12:00:00.000250", 5):
            with self.subTest(begin=begin), self.raises(TypeError):
                self.volumes(begin)

    def test_records_are_whole_private_and_come_in_one_statement(self) -> None:
        for volume in ("b", "a", "c"):
            self.update(1, 2, 3, 4, volume=volume)
        with self.statements() as sent:
            found = self.db.vol_get_usage_by_time(self.user, NOON - HOUR)
        self.assertEqual(1, len(sent), str(sent))
        self.assertEqual(self.dump()[TABLE], found)
        self.assertShape(found[0], TABLE)

    def test_records_are_private(self) -> None:
        self.update(1, 2, 3, 4)
        self.assertPrivate(lambda: self.db.vol_get_usage_by_time(self.user, NOON - HOUR))


class TestVolumeUsageRaces(VolumeTestCase):
    """Eight pollers."""

    def prepare(self, number: int) -> None:
        """Take another volume for every other round, so that records are made in one and changed in the next."""
        if number % 2 == 0:
            self.volume = a_uuid()

    def test_no_total_loses_anything(self) -> None:
        def finish(done: Round) -> None:
            times = done.number % 2 + 1
            sums = [times * sum(range(1, THREADS + 1)), times * 2 * THREADS, times * THREADS, 0]
            self.assertRecord(self.usage(), **counters("tot", *sums), **counters("curr", 0, 0, 0, 0))

        race(
            lambda thread: self.update(thread + 1, 2, 1, 0, update_totals=True),
            rounds=30,
            prepare=self.prepare,
            finish=finish,
        )
        self.assertEqual(15, len(self.dump()[TABLE]))

    def test_so_it_is_with_callers_on_several_hosts(self) -> None:
        hosts = (self.driver, self.another_driver())

        def update(thread: int) -> None:
            hosts[thread % 2].vol_usage_update(self.user, self.volume, 1, 2, 3, 4, 5, update_totals=True)

        def finish(done: Round) -> None:
            times = (done.number % 2 + 1) * THREADS
            self.assertRecord(self.usage(), **counters("tot", times, 2 * times, 3 * times, 4 * times))

        race(update, rounds=16, prepare=self.prepare, finish=finish)

    def test_counters_that_fall_again_and_again_are_all_added_up(self) -> None:
        def finish(done: Round) -> None:
            row = self.usage()
            self.assertIn(row["curr_reads"], range(1, THREADS + 1))
            for name in COUNTERS:
                self.assertEqual(row["curr_reads"], row[f"curr_{name}"])
                self.assertEqual(row["tot_reads"], row[f"tot_{name}"])
            # who comes after a higher one adds that; the highest of all is added by somebody, or is the current one
            self.assertIn(row["tot_reads"] + row["curr_reads"], range(THREADS, sum(range(1, THREADS + 1)) + 1))

        def prepare(_: int) -> None:
            self.volume = a_uuid()

        race(lambda thread: self.update(*[thread + 1] * 4), rounds=20, prepare=prepare, finish=finish)
        self.assertEqual(20, len(self.dump()[TABLE]))
