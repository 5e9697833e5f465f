"""The cache of what instances have sent and received."""

from __future__ import annotations

import contextlib
import datetime as dt
from functools import partial
from typing import Any
from unittest import mock

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.failures import failing_at
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import a_uuid

HOUR = dt.timedelta(hours=1)
MICROSECOND = dt.timedelta(microseconds=1)
PERIOD = dt.datetime(2013, 3, 1, 0, 0, 0, 7)
MAC = "fa:16:3e:00:00:01"
TABLE = "bw_usage_cache"
LARGEST = 2**63 - 1


class BandwidthTestCase(ConformanceTestCase):
    """There is an instance's uuid, and the clock stands still."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.uuid = a_uuid()

    def update(self, *numbers: Any, mac: Any = MAC, period: Any = PERIOD, uuid: Any = None, **more: Any) -> None:
        """Record four numbers, 1 to 4 unless given."""
        context = more.pop("context", self.user)
        result = self.db.bw_usage_update(context, uuid or self.uuid, mac, period, *(numbers or (1, 2, 3, 4)), **more)
        self.assertIsNone(result)

    def usage(self, mac: Any = MAC, period: Any = PERIOD, uuid: Any = None, context: Any = None) -> Any:
        """The record of an instance, an interface and a period."""
        return self.db.bw_usage_get(context or self.user, uuid or self.uuid, period, mac)


class TestBandwidth(BandwidthTestCase):
    """Bandwidth usage of instances."""

    def test_the_first_usage_makes_a_record(self) -> None:
        self.update(10, 20, 30, 40, last_refreshed=NOON - HOUR)
        created = self.usage()
        self.assertShape(created, TABLE)
        self.assertEqual(
            {
                "id": 1,
                "uuid": self.uuid,
                "mac": MAC,
                "start_period": PERIOD,
                "last_refreshed": NOON - HOUR,
                "bw_in": 10,
                "bw_out": 20,
                "last_ctr_in": 30,
                "last_ctr_out": 40,
                "created_at": NOON,
                "updated_at": None,
                "deleted_at": None,
                "deleted": 0,
            },
            created,
        )

    def test_later_ones_replace_it_be_they_lower(self) -> None:
        self.update(10, 20, 30, 40)
        created = self.usage()
        for numbers in ((5, 6, 7, 8), (50, 60, 70, 80), (0, 0, 0, 0)):
            with self.subTest(numbers=numbers):
                now = self.advance(60)
                self.update(*numbers)
                changes = dict(zip(("bw_in", "bw_out", "last_ctr_in", "last_ctr_out"), numbers, strict=True))
                expected = {**created, **changes, "last_refreshed": now, "updated_at": now}
                self.assertEqual(expected, self.usage())
        self.assertEqual(1, len(self.dump()[TABLE]))

    def test_it_was_refreshed_when_the_caller_says_or_now(self) -> None:
        self.update()
        self.assertRecord(self.usage(), last_refreshed=NOON)
        self.advance(60)
        self.update(last_refreshed=NOON - HOUR)
        self.assertRecord(self.usage(), last_refreshed=NOON - HOUR)
        self.update(last_refreshed=None)
        self.assertRecord(self.usage(), last_refreshed=NOON + dt.timedelta(seconds=60))
        self.update(last_refreshed=(NOON + HOUR).replace(tzinfo=dt.timezone(HOUR)))
        self.assertRecord(self.usage(), last_refreshed=NOON)

    def test_an_update_that_changes_nothing_stamps_the_record(self) -> None:
        self.update(last_refreshed=NOON)
        created = self.usage()
        now = self.advance(60)
        self.update(last_refreshed=NOON)
        self.assertEqual({**created, "updated_at": now}, self.usage())

    def test_instance_interface_and_period_have_a_record_each(self) -> None:
        other = a_uuid()
        keys: list[dict[str, Any]] = [
            {},
            {"mac": MAC.upper()},
            {"mac": None},
            {"period": PERIOD + MICROSECOND},
            {"uuid": other},
        ]
        for number, key in enumerate(keys):
            self.update(number, 0, 0, 0, **key)
        for number, key in enumerate(keys):
            with self.subTest(number=number, key=key):
                self.assertRecord(self.usage(**key), bw_in=number)
                self.update(number + 10, 0, 0, 0, **key)
        for number, key in enumerate(keys):
            with self.subTest(number=number, key=key):
                self.assertRecord(self.usage(**key), bw_in=number + 10)
        self.assertEqual(len(keys), len(self.dump()[TABLE]))

    def test_an_unknown_usage_is_none(self) -> None:
        self.update()
        for key in (
            {"mac": "fa:16:3e:00:00:02"},
            {"mac": f"{MAC} "},
            {"mac": None},
            {"period": PERIOD - MICROSECOND},
            {"period": PERIOD.replace(microsecond=0)},
            {"period": None},
            {"uuid": a_uuid()},
            {"uuid": self.uuid.upper()},
            {"mac": ["x"]},
        ):
            with self.subTest(key=key):
                self.assertIsNone(self.usage(**key))

    def test_values_are_kept_in_stored_form(self) -> None:
        self.update("10", True, LARGEST, -1, mac=5, uuid=7)
        for key in ({"mac": 5, "uuid": 7}, {"mac": "5", "uuid": "7"}):
            with self.subTest(key=key):
                self.assertRecord(self.usage(**key), bw_in=10, bw_out=1, last_ctr_in=LARGEST, last_ctr_out=-1)
        self.update("11", False, 0, LARGEST, mac="5", uuid="7")
        self.assertRecord(self.usage(mac=5, uuid=7), bw_in=11, bw_out=0, last_ctr_in=0, last_ctr_out=LARGEST)
        self.update(None, None, None, None, mac=5, uuid=7)
        self.assertRecord(self.usage(mac=5, uuid=7), bw_in=None, bw_out=None, last_ctr_in=None, last_ctr_out=None)

    def test_periods_are_compared_in_utc(self) -> None:
        east = (PERIOD + HOUR).replace(tzinfo=dt.timezone(HOUR))
        self.update(period=east)
        created = self.usage()
        self.assertRecord(created, start_period=PERIOD)
        self.assertEqual(created, self.usage(period=east))
        self.assertEqual([created], self.db.bw_usage_get_by_uuids(self.user, [self.uuid], east))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        self.update(uuid="known")
        before = self.dump()
        for uuid in ("known", "unknown"):
            with self.subTest(uuid=uuid):
                for column, numbers in (("bw_in", ("x", 0, 0, 0)), ("last_ctr_out", (0, 0, 0, 2**63))):
                    with (
                        self.subTest(column=column, numbers=numbers),
                        self.raises(exceptions.DBDataError, table=TABLE, columns=[column]),
                    ):
                        self.update(*numbers, uuid=uuid)
                for column, name, value in (
                    ("last_refreshed", "last_refreshed", "2013-03-01T12:00:00.000250"),
                    ("start_period", "period", None),
                    ("start_period", "period", "2013-03-01"),
                    ("mac", "mac", "m" * 256),
                    ("mac", "mac", ["m"]),
                ):
                    with (
                        self.subTest(column=column, name=name, value=value),
                        self.raises(exceptions.DBDataError, table=TABLE, columns=[column], value=value),
                    ):
                        self.update(uuid=uuid, **{name: value})
        with self.raises(exceptions.DBDataError, table=TABLE, columns=["uuid"]):
            self.update(uuid="u" * 37)
        self.assertSameRows(before, "although nothing could be stored")

    def test_usages_of_instances_are_listed(self) -> None:
        others = [a_uuid() for _ in range(3)]
        for uuid in (others[0], self.uuid, others[1]):
            self.update(uuid=uuid)
        self.update(mac="fa:16:3e:00:00:02")
        self.update(period=PERIOD + HOUR)
        rows = self.dump()[TABLE]
        listed = partial(self.db.bw_usage_get_by_uuids, self.user)
        self.assertEqual([rows[0], rows[1], rows[3]], listed([self.uuid, others[0], others[2]], PERIOD))
        self.assertEqual([rows[1], rows[3]], listed((self.uuid, self.uuid), PERIOD))
        self.assertEqual([rows[0], rows[2]], listed(iter({others[0], others[1]}), PERIOD))
        self.assertEqual([rows[4]], listed([self.uuid, others[0]], PERIOD + HOUR))
        self.assertShape(rows[4], TABLE)
        for uuids, period in (([], PERIOD), ([others[2]], PERIOD), ([None], PERIOD), ([self.uuid], NOON)):
            with self.subTest(uuids=uuids, period=period):
                self.assertEqual([], listed(uuids, period))
        self.assertEqual([], listed([self.uuid.upper(), ["x"]], PERIOD))
        self.assertEqual([], listed([self.uuid], None))
        self.assertPrivate(lambda: listed([self.uuid], PERIOD))
        self.assertPrivate(self.usage)
        with self.statements() as sent:
            listed([self.uuid, *others], PERIOD)
        self.assertEqual(1, len(sent), str(sent))

    def test_deleted_records_are_found_and_changed_whatever_a_context_sees(self) -> None:
        key = {"uuid": self.uuid, "mac": MAC, "start_period": PERIOD}
        rows = self.insert(TABLE, {**key, "deleted": 99, "deleted_at": NOON}, key)
        for number, mode in enumerate(("no", "yes", "only")):  # one story
            context = self.seeing(mode, self.user)
            self.assertEqual(rows[0], self.usage(context=context))
            self.assertEqual(rows, self.db.bw_usage_get_by_uuids(context, [self.uuid], PERIOD))
            self.update(number, 2, 3, 4, context=context)
            changes = {"bw_in": number, "bw_out": 2, "last_ctr_in": 3, "last_ctr_out": 4}
            stamps = {"last_refreshed": NOON, "updated_at": NOON}
            rows = [{**row, **changes, **stamps} for row in rows]
            self.assertEqual(rows, self.dump()[TABLE], "all of them take the values")

    def test_anyone_with_a_user_and_a_project_may(self) -> None:
        for context in (self.user, self.other, self.admin):
            with self.subTest(context=context):
                self.update(context=context)
                self.assertRecord(self.usage(context=context), bw_in=1)
        before = self.dump()
        strangers = [self.nobody, self.context(project_id=None), self.context(user_id=None)]
        self.assertNotAuthorized(strangers, lambda context: self.update("x", 0, 0, 0, context=context))
        self.assertNotAuthorized(strangers, lambda context: self.usage(context=context))
        for uuids in ([self.uuid], None):
            with self.subTest(uuids=uuids):
                get = partial(self.db.bw_usage_get_by_uuids, uuids=uuids, start_period=PERIOD)
                self.assertNotAuthorized(strangers, get)
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_a_failure_leaves_everything(self) -> None:
        for _ in range(2):
            self.assertAtomic(self.update)
            self.assertRecord(self.usage(), bw_in=1)

    def test_calls_join_a_transaction(self) -> None:
        with self.db.transaction(self.user):
            self.update(1, 0, 0, 0)
            self.update(2, 0, 0, 0)
            self.assertRecord(self.usage(), bw_in=2)
        with self.raises(LookupError), self.db.transaction(self.user):
            self.update(3, 0, 0, 0)
            raise LookupError
        self.assertRecord(self.usage(), bw_in=2)

    def test_conflicts_are_never_reported(self) -> None:
        with contextlib.ExitStack() as stack:
            pauses = stack.enter_context(mock.patch("time.sleep"))
            plans = [stack.enter_context(failing_at(self.driver, 1, exceptions.DBDeadlock)) for _ in range(60)]
            self.update(7, 8, 9, 10)
        self.assertTrue(all(plan.happened for plan in plans))
        self.assertTrue(pauses.called)
        self.assertRecord(self.usage(), bw_in=7)

    def test_within_a_transaction_they_are_for_it_cannot_go_on(self) -> None:
        with (
            self.raises(exceptions.DBDeadlock),
            failing_at(self.driver, 2, exceptions.DBDeadlock),
            self.db.transaction(self.user),
        ):
            self.update()
        self.assertIsNone(self.usage())


class TestBandwidthRaces(BandwidthTestCase):
    """Eight pollers."""

    def prepare(self, number: int) -> None:
        """Take another instance for every other round, so that records are made in one and changed in the next."""
        if number % 2 == 0:
            self.uuid = a_uuid()

    def test_there_is_one_record_and_it_is_of_one_writer(self) -> None:
        def finish(done: Round) -> None:
            [row] = self.db.bw_usage_get_by_uuids(self.user, [self.uuid], PERIOD)
            number = row["bw_in"]
            self.assertIn(number, range(THREADS))
            self.assertRecord(row, bw_out=number, last_ctr_in=number, last_ctr_out=number)

        race(lambda thread: self.update(*[thread] * 4), rounds=30, prepare=self.prepare, finish=finish)

    def test_so_it_is_with_callers_on_several_hosts(self) -> None:
        hosts = (self.driver, self.another_driver())
        race(
            lambda thread: hosts[thread % 2].bw_usage_update(self.user, self.uuid, MAC, PERIOD, 1, 2, 3, 4),
            rounds=16,
            prepare=self.prepare,
            finish=lambda _: self.assertEqual(1, len(self.db.bw_usage_get_by_uuids(self.user, [self.uuid], PERIOD))),
        )

    def test_interfaces_and_periods_do_not_hinder_each_other(self) -> None:
        def update(thread: int) -> None:
            self.update(*[thread] * 4, mac=f"mac {thread % 2}", period=PERIOD + thread // 2 * HOUR)

        def finish(done: Round) -> None:
            for thread in range(THREADS):
                found = self.usage(f"mac {thread % 2}", PERIOD + thread // 2 * HOUR)
                self.assertRecord(found, bw_in=thread)

        race(update, rounds=16, prepare=self.prepare, finish=finish)
        self.assertEqual(8 * THREADS, len(self.dump()[TABLE]))
