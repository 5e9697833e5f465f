"""Services are updated, and destroyed together with their compute nodes, by many at once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race
from nova_db_conformance.harness.values import compute_node_values, service_values


class TestServiceUpdate(ConformanceTestCase):
    """Columns are written, and the time of the change unless nothing changes."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.service = self.make.service(id=1, host="h1")
        self.now = self.advance(60)

    def update(self, read_deleted: Any = "no", **values: Any) -> dict[str, Any]:
        return self.api.service_update(self.seeing(read_deleted), 1, values)

    def stored(self) -> dict[str, Any]:
        (service,) = self.api.service_get_all(self.seeing("yes"))
        return service

    def test_the_columns_that_are_given_are_written_and_no_others(self) -> None:
        updated = self.update(report_count=7, disabled=True)
        self.assertEqual({**self.service, "report_count": 7, "disabled": True, "updated_at": self.now}, updated)
        self.assertEqual(updated, self.stored())
        self.assertShape(updated, "services")

    def test_every_column_can_be_written(self) -> None:
        complete = {
            "host": "h2",
            "binary": "b",
            "topic": "t",
            "report_count": -1,
            "disabled": None,
            "created_at": NOON - dt.timedelta(days=3),
            "updated_at": NOON - dt.timedelta(days=2),
            "deleted_at": NOON - dt.timedelta(days=1),
            "deleted": 5,
        }
        self.assertRecord(self.update(**complete), id=1, **complete)
        self.assertRecord(self.stored(), id=1, **complete)

    def test_none_is_stored_as_null(self) -> None:
        nulls = dict.fromkeys(("host", "binary", "topic", "disabled", "created_at"))
        self.assertRecord(self.update(**nulls), **nulls)
        self.assertRecord(self.stored(), **nulls)
        for required in ("report_count", "id"):
            with (
                self.subTest(required=required),
                self.raises(exceptions.DBDataError, table="services", columns=[required], value=None),
            ):
                self.update(**{required: None})
        self.assertRecord(self.stored(), report_count=0)

    def test_values_are_stored_in_the_type_of_their_column(self) -> None:
        stored = {"host": "5", "report_count": 7, "disabled": True}
        self.assertRecord(self.update(host=5, report_count="7", disabled=1), **stored)
        self.assertRecord(self.stored(), **stored)

    def test_the_time_stays_where_nothing_changes(self) -> None:
        for values in ({}, {"host": "h1"}, {"report_count": "0", "disabled": 0}):
            with self.subTest(values=values):
                self.assertEqual(self.service, self.update(**values))
        self.assertRecord(self.update(report_count=1), updated_at=self.now)
        self.advance(60)
        self.assertRecord(self.update(report_count=1), updated_at=self.now)

    @decision(31)
    def test_a_time_that_is_given_is_written(self) -> None:
        for given in (NOON, None):
            with self.subTest(given=given):
                self.assertRecord(self.update(report_count=5, updated_at=given), updated_at=given)
                self.assertRecord(self.stored(), updated_at=given)

    def test_what_a_column_cannot_hold_is_refused(self) -> None:
        refused: list[tuple[str, Any]] = [
            ("host", "x" * 256),
            ("topic", b"compute"),
            ("report_count", 2**31),
            ("report_count", 1.5),
            ("disabled", "no"),
            ("updated_at", "2013-03-01T12:00:00.000000"),
        ]
        before = self.dump()
        for column, value in refused:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="services", columns=[column], value=value),
            ):
                self.update(binary="changed", **{column: value})
        self.assertSameRows(before, "although every call was refused")

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for key, nearest in (("hosts", "host"), ("disable", "disabled")):
            with (
                self.subTest(key=key, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="services", column=key, nearest=nearest),
            ):
                self.update(topic="changed", **{key: "x"})
        self.assertEqual(self.service, self.stored())

    def test_what_is_no_service_is_named_even_if_there_is_nothing_to_write(self) -> None:
        before = self.dump()
        for value in NO_IDS:
            for values in ({}, {"report_count": 5}):
                with (
                    self.subTest(value=value, values=values),
                    self.raises(exceptions.ServiceNotFound, service_id=value, code=404),
                ):
                    self.db.service_update(self.admin, value, values)
        self.assertSameRows(before, "although there is no such service")
        self.assertRecord(self.db.service_update(self.admin, "1", {"report_count": 5}), report_count=5)

    def test_read_deleted_decides_which_are_written(self) -> None:
        for values in ({}, {"host": "h2"}):
            with self.subTest(values=values), self.raises(exceptions.ServiceNotFound, service_id=1):
                self.update("only", **values)
        self.db.service_destroy(self.admin, 1)
        for values in ({}, {"host": "h2"}):
            with self.subTest(values=values), self.raises(exceptions.ServiceNotFound, service_id=1):
                self.update("no", **values)
        for number, read_deleted in enumerate(("yes", "only")):
            with self.subTest(number=number, read_deleted=read_deleted):
                self.assertRecord(
                    self.update(read_deleted, report_count=number + 5), report_count=number + 5, deleted=1
                )

    def test_it_is_written_or_not(self) -> None:
        self.assertAtomic(lambda: self.update(host="h2", report_count=5))
        self.assertRecord(self.stored(), host="h2", report_count=5)


class TestServiceDestroy(ConformanceTestCase):
    """A service goes, and the compute nodes that point to it."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.service, self.kept = self.make.service(id=1), self.make.service()
        for service_id in (1, 1, self.kept["id"], 99):
            values = compute_node_values(service_id=service_id, stats={"a": "b"})
            self.db.compute_node_create(self.admin, values)
        self.advance(60)

    def destroy(self, read_deleted: str = "no", service_id: Any = 1) -> None:
        self.db.service_destroy(self.seeing(read_deleted), service_id)

    def test_it_is_marked_with_its_nodes_and_nothing_else_changes(self) -> None:
        before = self.dump()
        self.destroy(service_id="1")
        for row in (*before["services"][:1], *before["compute_nodes"][:2]):
            row.update(deleted=row["id"], deleted_at=self._now)
        self.assertSameRows(before, "where the service and its nodes should be marked")

    def test_the_second_time_it_is_missing_and_nodes_are_left_alone(self) -> None:
        self.destroy()
        self.db.compute_node_create(self.admin, compute_node_values(service_id=1))
        before = self.dump()
        for value in (1, *NO_IDS):
            with self.subTest(value=value):
                if value != 99:
                    with self.raises(exceptions.ServiceNotFound, service_id=value, code=404):
                        self.destroy(service_id=value)
        self.assertSameRows(before, "although there is no such service")

    def test_a_service_that_is_missing_keeps_its_nodes(self) -> None:
        before = self.dump()
        for service_id in (99, "99"):
            with self.subTest(service_id=service_id), self.raises(exceptions.ServiceNotFound, service_id=service_id):
                self.destroy(service_id=service_id)
        with self.raises(exceptions.ServiceNotFound, service_id=1):
            self.destroy("only")
        self.assertSameRows(before, "although there is no such service")

    def test_marks_are_renewed_where_deleted_rows_are_seen(self) -> None:
        self.destroy()
        self.db.compute_node_create(self.admin, compute_node_values(service_id=1))
        for read_deleted, renewed in (("only", 2), ("yes", 3)):
            with self.subTest(read_deleted=read_deleted, renewed=renewed):
                self.advance(60)
                before = self.dump()
                self.destroy(read_deleted)
                nodes = [row for row in before["compute_nodes"] if row["service_id"] == 1]
                for row in (before["services"][0], *nodes[:renewed]):
                    row.update(deleted=row["id"], deleted_at=self._now)
                self.assertSameRows(before, "where the marks of rows that are seen should be of now")

    def test_all_of_it_goes_or_nothing(self) -> None:
        self.assertAtomic(self.destroy)
        self.assertEqual(2, len(self.db.compute_node_get_all(self.admin)))

    def test_it_is_back_when_the_transaction_is_undone(self) -> None:
        before = self.dump()
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
            self.destroy()
            self.assertIds(self.db.service_get_all(self.admin), [self.kept])
            raise ZeroDivisionError("on purpose")
        self.assertSameRows(before, "although the transaction was undone")

    def test_a_call_that_fails_in_a_transaction_takes_nothing_else_with_it(self) -> None:
        with self.db.transaction(self.admin):
            self.destroy()
            with self.raises(exceptions.ServiceNotFound, service_id=1):
                self.destroy()
            with self.raises(exceptions.DBDataError, table="services", columns=["host"]):
                self.db.service_update(self.admin, self.kept["id"], {"report_count": 5, "host": "x" * 256})
            made = self.make.service()
        self.assertEqual([self.kept, made], self.db.service_get_all(self.admin))


class TestServiceRaces(ConformanceTestCase):
    """What many do to a service at once."""

    def test_one_of_all_callers_destroys_it(self) -> None:
        service: dict[str, Any] = {}

        def prepare(_: int) -> None:
            service.update(self.make.service())
            self.make.compute_node(service_id=service["id"])

        def check(done: Round) -> None:
            self.assertEqual([None], done.results)
            lost: list[Any] = done.errors
            self.assertEqual([{"service_id": service["id"], "code": 404}] * 7, [error.kwargs for error in lost])
            self.assertEqual([], self.db.compute_node_get_all(self.admin))

        race(
            lambda _: self.db.service_destroy(self.admin, service["id"]),
            rounds=80,
            prepare=prepare,
            finish=check,
            allow=exceptions.ServiceNotFound,
        )

    def test_it_is_seen_with_its_nodes_or_gone_with_them(self) -> None:
        service: dict[str, Any] = {}
        seen: Counter[str] = Counter()

        def prepare(_: int) -> None:
            service.update(self.make.service())
            for _ in range(3):
                self.make.compute_node(service_id=service["id"])

        def look() -> list[tuple[bool, int]]:
            found = [self.db.service_get(self.seeing("yes"), service["id"]) for _ in range(3)]
            return [(bool(each["deleted"]), len(each["compute_node"])) for each in found]

        def check(done: Round) -> None:
            looks = [each for result in done.results if result for each in result]
            self.assertEqual([], [each for each in looks if each not in ((False, 3), (True, 0))])
            seen.update("gone" if deleted else "there" for deleted, _ in looks)
            self.assertEqual((True, 0), look()[0])

        def destroy() -> None:
            self.db.service_destroy(self.admin, service["id"])

        race([destroy] + [look] * 7, rounds=40, prepare=prepare, finish=check)
        self.assertEqual({"gone", "there"}, seen.keys())

    def test_updates_of_different_columns_do_not_undo_each_other(self) -> None:
        service_id = self.make.service()["id"]
        number = 0

        def changes() -> list[dict[str, Any]]:
            text = [{name: f"{name}{number}"} for name in ("host", "binary", "topic")]
            times = [{name: NOON + dt.timedelta(seconds=number)} for name in ("created_at", "deleted_at")]
            return [*text, *times, {"report_count": number}, {"disabled": number % 2 == 0}, {"updated_at": None}]

        def prepare(round_number: int) -> None:
            nonlocal number
            number = round_number

        def check(done: Round) -> None:
            for result, change in zip(done.results, changes(), strict=True):
                with self.subTest(result=result, change=change):
                    self.assertRecord(result, **change)
            (stored,) = self.db.service_get_all(self.admin)
            expected = {name: value for change in changes()[:-1] for name, value in change.items()}
            self.assertRecord(stored, **expected)

        race(
            lambda thread: self.db.service_update(self.admin, service_id, changes()[thread]),
            rounds=50,
            prepare=prepare,
            finish=check,
        )

    def test_services_that_are_made_at_once_have_ids_of_their_own(self) -> None:
        done = race(lambda _: self.db.service_create(self.admin, service_values())["id"], rounds=40)
        made = [number for each in done for number in each.results]
        self.assertEqual(sorted(set(made)), sorted(made))
        self.assertEqual(sorted(made), [service["id"] for service in self.db.service_get_all(self.admin)])
