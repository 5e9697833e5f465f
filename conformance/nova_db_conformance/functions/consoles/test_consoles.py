"""Consoles and the pools of proxies that they are in; anyone may do anything with them."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.functions.consoles.cases import BASE, POOL_KEY
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import a_uuid, console_pool_values


class TestConsoles(ConformanceTestCase):
    """Consoles are made, found whether deleted or not, and removed for good."""

    def setUp(self) -> None:
        super().setUp()
        self.pool = self.make.console_pool()
        self.uuid: str = self.make.instance()["uuid"]

    def console(self, **values: Any) -> dict[str, Any]:
        return self.make.console(self.pool, **{"instance_uuid": self.uuid, **values})

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "instance_name": "instance-ü",
            "instance_uuid": self.uuid,
            "password": "secret",
            "port": 5900,
            "pool_id": self.pool["id"],
            **BASE,
        }
        created = self.db.console_create(self.admin, values)
        self.assertShape(created, "consoles")
        self.assertEqual(values, created)
        found = self.db.console_get(self.admin, 7)
        self.assertShape(found, "consoles", "pool")
        self.assertShape(found["pool"], "console_pools")
        self.assertEqual({**values, "pool": self.pool}, found)
        self.assertEqual(found, self.db.console_get_by_pool_instance(self.admin, self.pool["id"], self.uuid))
        self.assertEqual([values], self.db.console_get_all_by_instance(self.admin, self.uuid))

    def test_what_is_not_given_is_null(self) -> None:
        self.set_time(NOON)
        created = self.db.console_create(self.admin, {})
        columns = ("instance_name", "instance_uuid", "password", "port", "pool_id", "updated_at", "deleted_at")
        self.assertEqual({"id": 1, "created_at": NOON, "deleted": 0, **dict.fromkeys(columns)}, created)
        found = self.db.console_get(self.admin, 1)
        self.assertEqual({**created, "pool": None}, found)
        self.assertEqual(found, self.db.console_get_by_pool_instance(self.admin, None, None))
        self.assertEqual([created], self.db.console_get_all_by_instance(self.admin, None))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        before = self.dump()
        cases: list[tuple[str, Any]] = [
            ("instance_name", "x" * 256),
            ("instance_uuid", "x" * 37),
            ("password", ["x"]),
            ("port", 2**31),
            ("port", "http"),
            ("pool_id", "x"),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="consoles", columns=[column], value=value),
            ):
                self.console(**{column: value})
        for key, nearest in (("pool", "pool_id"), ("instance_id", "instance_uuid")):
            with (
                self.subTest(key=key, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="consoles", column=key, nearest=nearest),
            ):
                self.console(**{key: 1})
        self.assertSameRows(before, "although every console was refused")

    def test_the_instance_and_the_pool_must_be_there(self) -> None:
        before = self.dump()
        for column, value in (("instance_uuid", a_uuid()), ("pool_id", 99)):
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBReferenceError, table="consoles", columns=[column], value=value),
            ):
                self.console(**{column: value})
        self.assertSameRows(before, "although they are not there")
        self.db.instance_destroy(self.admin, self.uuid)
        self.assertRecord(self.console(), instance_uuid=self.uuid)

    def test_a_console_is_found_by_id_and_by_instance_if_one_is_named(self) -> None:
        console = self.console()
        self.console()
        expected = {**console, "pool": self.pool}
        for key in (console["id"], str(console["id"])):
            with self.subTest(key=key):
                self.assertEqual(expected, self.db.console_get(self.admin, key))
                self.assertEqual(expected, self.db.console_get(self.admin, key, None))
                self.assertEqual(expected, self.db.console_get(self.admin, key, instance_uuid=self.uuid))
        self.assertPrivate(lambda: self.db.console_get(self.admin, console["id"]))

    def test_an_unknown_console_is_named_with_its_instance(self) -> None:
        console = self.console(id=1)
        for value in NO_IDS:
            with self.subTest(value=value):
                with self.raises(exceptions.ConsoleNotFound, console_id=value, code=404):
                    self.db.console_get(self.admin, value)
                with self.raises(
                    exceptions.ConsoleNotFoundForInstance, console_id=value, instance_uuid=self.uuid, code=404
                ):
                    self.db.console_get(self.admin, value, self.uuid)
        for uuid in (a_uuid(), self.make.instance()["uuid"], self.uuid.upper(), ["x"]):
            with (
                self.subTest(uuid=uuid),
                self.raises(exceptions.ConsoleNotFoundForInstance, console_id=1, instance_uuid=uuid),
            ):
                self.db.console_get(self.admin, console["id"], uuid)
        with self.raises(exceptions.ConsoleNotFound, console_id=1):
            self.db.console_get(self.admin, console["id"], "")
        self.assertTrue(issubclass(exceptions.ConsoleNotFoundForInstance, exceptions.ConsoleNotFound))

    def test_the_first_console_of_an_instance_in_a_pool(self) -> None:
        self.console(id=9)
        first = self.console(id=4)
        theirs = self.console(id=2, instance_uuid=self.make.instance()["uuid"])
        elsewhere = self.console(id=3, pool_id=self.make.console_pool()["id"])
        key = self.pool["id"]
        for pool in (key, str(key)):
            with self.subTest(pool=pool):
                found = self.db.console_get_by_pool_instance(self.admin, pool, self.uuid)
                self.assertEqual({**first, "pool": self.pool}, found)
        for console in (theirs, elsewhere):
            with self.subTest(console=console):
                found = self.db.console_get_by_pool_instance(self.admin, console["pool_id"], console["instance_uuid"])
                self.assertIds([found], [console])
        self.assertPrivate(lambda: self.db.console_get_by_pool_instance(self.admin, key, self.uuid))

    def test_an_instance_without_a_console_in_the_pool_is_named(self) -> None:
        self.console()
        key = self.pool["id"]
        cases: list[tuple[Any, Any]] = [*[(value, self.uuid) for value in NO_IDS if value != key], (key, a_uuid())]
        for pool, uuid in (*cases, (key, None), (key, ""), (key, self.uuid.upper())):
            with (
                self.subTest(pool=pool, uuid=uuid),
                self.raises(exceptions.ConsoleNotFoundInPoolForInstance, pool_id=pool, instance_uuid=uuid, code=404),
            ):
                self.db.console_get_by_pool_instance(self.admin, pool, uuid)
        self.assertTrue(issubclass(exceptions.ConsoleNotFoundInPoolForInstance, exceptions.ConsoleNotFound))

    def test_the_consoles_of_an_instance_are_listed_in_order(self) -> None:
        last, first = self.console(id=9), self.console(id=4, pool_id=None)
        self.console(id=5, instance_uuid=self.make.instance()["uuid"])
        self.assertEqual([first, last], self.db.console_get_all_by_instance(self.admin, self.uuid))
        for uuid in (a_uuid(), "", None, ["x"], 5):
            with self.subTest(uuid=uuid):
                self.assertEqual([], self.db.console_get_all_by_instance(self.admin, uuid))
        self.assertPrivate(lambda: self.db.console_get_all_by_instance(self.admin, self.uuid))

    def test_deleted_ones_are_found_whatever_is_seen(self) -> None:
        gone = self.console(deleted=1, deleted_at=NOON)
        live = self.console()
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                context = self.seeing(mode, self.user)
                for console in (gone, live):
                    with self.subTest(console=console):
                        self.assertEqual({**console, "pool": self.pool}, self.db.console_get(context, console["id"]))
                found = self.db.console_get_by_pool_instance(context, self.pool["id"], self.uuid)
                self.assertIds([found], [gone])
                self.assertEqual([gone, live], self.db.console_get_all_by_instance(context, self.uuid))

    def test_a_console_carries_its_pool_even_if_that_is_deleted(self) -> None:
        pool = self.make.console_pool(deleted=5, deleted_at=NOON)
        console = self.make.console(pool, instance_uuid=self.uuid)
        self.assertEqual({**console, "pool": pool}, self.db.console_get(self.admin, console["id"]))

    def test_one_that_is_deleted_is_gone_for_good(self) -> None:
        gone, kept = self.console(), self.console()
        self.assertIsNone(self.db.console_delete(self.admin, str(gone["id"])))
        self.assertEqual([kept], self.dump()["consoles"])
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode), self.raises(exceptions.ConsoleNotFound, console_id=gone["id"]):
                self.db.console_get(self.seeing(mode), gone["id"])
        self.assertIsNone(self.db.console_delete(self.admin, gone["id"]))
        self.assertGreater(self.console()["id"], kept["id"])

    def test_one_that_is_marked_deleted_can_be_removed_whatever_is_seen(self) -> None:
        for mode in ("no", "yes", "only"):
            console = self.console(deleted=1, deleted_at=NOON)
            self.db.console_delete(self.seeing(mode), console["id"])
        self.assertNotIn("consoles", self.dump())

    def test_deleting_what_is_not_there_does_nothing(self) -> None:
        self.console(id=1)
        before = self.dump()
        for value in NO_IDS:
            with self.subTest(value=value):
                self.assertIsNone(self.db.console_delete(self.admin, value))
        self.assertSameRows(before, "although there is no such console")

    def test_anyone_may_call(self) -> None:
        for context in (self.user, self.other, self.nobody):
            with self.subTest(context=context):
                pool = self.db.console_pool_create(context, console_pool_values(host=context.user_id))
                values = {"pool_id": pool["id"], "instance_uuid": self.uuid}
                console = self.db.console_create(context, values)
                self.assertIds([self.db.console_get(context, console["id"])], [console])
                self.assertIds([self.db.console_get_by_pool_instance(context, pool["id"], self.uuid)], [console])
                self.assertIds(self.db.console_get_all_by_instance(context, self.uuid), [console])
                key = ("host1", context.user_id, "xvpvnc")
                self.assertIds([self.db.console_pool_get_by_host_type(context, *key)], [pool])
                self.assertIds(self.db.console_pool_get_all_by_host_type(context, *key[1:]), [pool])
                self.db.console_delete(context, console["id"])

    def test_each_change_is_made_or_not(self) -> None:
        made = self.assertAtomic(lambda: self.db.console_create(self.admin, {"pool_id": self.pool["id"]}))
        self.assertAtomic(lambda: self.db.console_delete(self.admin, made["id"]))
        self.assertNotIn("consoles", self.dump())

    def test_calls_join_a_transaction(self) -> None:
        with self.db.transaction(self.admin):
            kept, gone = self.console(), self.console()
            with self.raises(exceptions.DBReferenceError):
                self.console(pool_id=99)
            self.db.console_delete(self.admin, gone["id"])
            self.assertEqual([kept], self.db.console_get_all_by_instance(self.admin, self.uuid))
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.console_delete(self.admin, kept["id"])
            self.make.console(self.make.console_pool(), instance_uuid=self.uuid)
            raise LookupError
        self.assertEqual([kept], self.db.console_get_all_by_instance(self.admin, self.uuid))
        self.assertIds(self.db.console_pool_get_all_by_host_type(self.admin, "proxy1", "xvpvnc"), [self.pool])


class TestConsoleRaces(ConformanceTestCase):
    """Many fill and empty one pool at once."""

    def setUp(self) -> None:
        super().setUp()
        self.uuid: str = self.make.instance()["uuid"]

    def pool(self) -> dict[str, Any]:
        return self.api.console_pool_get_by_host_type(self.admin, *POOL_KEY)

    def test_consoles_that_are_made_and_removed_at_once_leave_what_is_left(self) -> None:
        """Each makes two and removes one, and removes one that all others remove as well."""
        pool = self.make.console_pool()
        shared: list[dict[str, Any]] = []

        def some(thread: int) -> dict[str, Any]:
            kept, gone = (self.make.console(pool, instance_uuid=self.uuid, port=thread) for _ in range(2))
            self.db.console_delete(self.admin, gone["id"])
            self.db.console_delete(self.admin, shared[-1]["id"])
            return kept

        def finish(done: Round) -> None:
            kept = sorted(done.results, key=lambda console: console["id"])
            self.assertEqual(THREADS, len({console["id"] for console in kept}))
            self.assertEqual(kept, self.pool()["consoles"])
            self.assertEqual(kept, self.db.console_get_all_by_instance(self.admin, self.uuid))
            for console in kept:
                self.db.console_delete(self.admin, console["id"])

        race(some, rounds=20, prepare=lambda _: shared.append(self.make.console(pool)), finish=finish)
        self.assertEqual([], self.pool()["consoles"])
