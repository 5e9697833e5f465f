"""Pools of consoles: a proxy's access to the consoles of one hypervisor; anyone may do anything with them."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.consoles.cases import BASE, POOL_KEY
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race
from nova_db_conformance.harness.values import console_pool_values

POOL_COLUMNS = ("address", "username", "password", "console_type", "public_hostname", "host", "compute_host")


class TestConsolePools(ConformanceTestCase):
    """A pool belongs to a proxy, a hypervisor and a type of consoles."""

    def test_every_column_is_stored_as_given(self) -> None:
        values = {**console_pool_values(public_hostname="ü.example.org"), **BASE}
        created = self.db.console_pool_create(self.admin, values)
        self.assertShape(created, "console_pools")
        self.assertEqual(values, created)
        found = self.db.console_pool_get_by_host_type(self.admin, *POOL_KEY)
        self.assertShape(found, "console_pools", "consoles")
        self.assertEqual({**values, "consoles": []}, found)
        self.assertEqual([found], self.db.console_pool_get_all_by_host_type(self.admin, "proxy1", "xvpvnc"))

    def test_what_is_not_given_is_null(self) -> None:
        self.set_time(NOON)
        created = self.db.console_pool_create(self.admin, {})
        nulls = dict.fromkeys((*POOL_COLUMNS, "updated_at", "deleted_at"))
        self.assertEqual({"id": 1, "created_at": NOON, "deleted": 0, **nulls}, created)
        self.assertEqual({**created, "consoles": []}, self.db.console_pool_get_by_host_type(self.admin, *[None] * 3))

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.make.console_pool(host=1, compute_host=2, console_type=3, address="2001:0DB8::0001")
        self.assertRecord(created, host="1", compute_host="2", console_type="3", address="2001:db8::1")
        self.assertEqual({**created, "consoles": []}, self.db.console_pool_get_by_host_type(self.admin, 2, 1, 3))
        self.assertIds(self.db.console_pool_get_all_by_host_type(self.admin, 1, 3), [created])

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [(name, "x" * 256) for name in POOL_COLUMNS]
        for column, value in [*cases, ("address", "1" * 40), ("host", ["x"])]:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="console_pools", columns=[column], value=value),
            ):
                self.make.console_pool(**{column: value})
        for key, nearest in (("type", "console_type"), ("consoles", "console_type")):
            with (
                self.subTest(key=key, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="console_pools", column=key, nearest=nearest),
            ):
                self.make.console_pool(**{key: []})
        self.assertEqual({}, self.dump())

    def test_a_pool_is_found_by_all_three_and_the_first_of_several(self) -> None:
        self.make.console_pool(id=9)
        first = self.make.console_pool(id=4)
        others = [self.make.console_pool(**{name: "x"}) for name in ("host", "compute_host", "console_type")]
        self.assertIds([self.db.console_pool_get_by_host_type(self.admin, *POOL_KEY)], [first])
        keys = [("host1", "x", "xvpvnc"), ("x", "proxy1", "xvpvnc"), ("host1", "proxy1", "x")]
        for other, (compute_host, host, kind) in zip(others, keys, strict=True):
            with self.subTest(other=other, compute_host=compute_host, host=host, kind=kind):
                self.assertIds([self.db.console_pool_get_by_host_type(self.admin, compute_host, host, kind)], [other])
        self.assertPrivate(lambda: self.db.console_pool_get_by_host_type(self.admin, *POOL_KEY))

    def test_an_unknown_pool_is_named(self) -> None:
        self.make.console_pool()
        for position in range(3):
            for unknown in ("x", POOL_KEY[position].upper(), "", None, ["x"]):
                with self.subTest(position=position, unknown=unknown):
                    key: list[Any] = list(POOL_KEY)
                    key[position] = unknown
                    compute_host, host, kind = key
                    named = {"host": host, "console_type": kind, "compute_host": compute_host, "code": 404}
                    with self.raises(exceptions.ConsolePoolNotFoundForHostType, **named):
                        self.db.console_pool_get_by_host_type(self.admin, compute_host, host, kind)

    def test_pools_of_a_proxy_are_listed_in_order(self) -> None:
        last, first = self.make.console_pool(id=9), self.make.console_pool(id=4, compute_host="host2")
        self.make.console_pool(id=5, host="proxy2")
        self.make.console_pool(id=6, console_type="vmrc")
        listed = self.db.console_pool_get_all_by_host_type(self.admin, "proxy1", "xvpvnc")
        self.assertEqual([{**first, "consoles": []}, {**last, "consoles": []}], listed)
        for host, kind in (("proxy3", "xvpvnc"), ("host1", "xvpvnc"), ("proxy1", "spice"), ("proxy1", None)):
            with self.subTest(host=host, kind=kind):
                self.assertEqual([], self.db.console_pool_get_all_by_host_type(self.admin, host, kind))
        self.assertPrivate(lambda: self.db.console_pool_get_all_by_host_type(self.admin, "proxy1", "xvpvnc"))

    def test_a_pool_carries_all_its_consoles_in_order(self) -> None:
        pool, other = self.make.console_pool(), self.make.console_pool(compute_host="host2")
        last = self.make.console(pool, id=9)
        gone = self.make.console(pool, id=5, deleted=5, deleted_at=NOON)
        first = self.make.console(pool, id=3, instance_uuid=self.make.instance()["uuid"])
        theirs = self.make.console(other)
        found = self.db.console_pool_get_by_host_type(self.admin, *POOL_KEY)
        self.assertEqual({**pool, "consoles": [first, gone, last]}, found)
        for console in found["consoles"]:
            with self.subTest(console=console):
                self.assertShape(console, "consoles")
        listed = self.db.console_pool_get_all_by_host_type(self.admin, "proxy1", "xvpvnc")
        self.assertEqual([found, {**other, "consoles": [theirs]}], listed)

    def test_live_pools_are_found_whatever_is_seen(self) -> None:
        self.make.console_pool(deleted=1, deleted_at=NOON)
        live = self.make.console_pool()
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                context = self.seeing(mode, self.user)
                self.assertIds([self.db.console_pool_get_by_host_type(context, *POOL_KEY)], [live])
                self.assertIds(self.db.console_pool_get_all_by_host_type(context, "proxy1", "xvpvnc"), [live])

    def test_it_is_made_or_not(self) -> None:
        made = self.assertAtomic(lambda: self.db.console_pool_create(self.nobody, console_pool_values()))
        self.assertIds(self.db.console_pool_get_all_by_host_type(self.nobody, "proxy1", "xvpvnc"), [made])

    def test_listing_takes_as_many_statements_for_many_as_for_one(self) -> None:
        def count() -> int:
            with self.statements() as sent:
                self.db.console_pool_get_all_by_host_type(self.admin, "proxy1", "xvpvnc")
            return len(sent)

        self.make.console(self.make.console_pool())
        few = count()
        for _ in range(6):
            pool = self.make.console_pool()
            for _ in range(3):
                self.make.console(pool)
        self.assertEqual(few, count())
        self.assertLessEqual(few, 2)

    def test_pools_that_are_made_at_once_are_all_there_and_the_first_is_found(self) -> None:
        def finish(done: Round) -> None:
            made = sorted(done.results, key=lambda pool: pool["id"])
            self.assertEqual([{**pool, "consoles": []} for pool in made], self.listed(done.number))
            first = self.db.console_pool_get_by_host_type(self.admin, "host1", f"proxy {done.number}", "xvpvnc")
            self.assertIds([first], made[:1])

        names: list[str] = []
        race(
            lambda _: self.make.console_pool(host=names[-1]),
            rounds=15,
            prepare=lambda number: names.append(f"proxy {number}"),
            finish=finish,
        )

    def listed(self, number: int) -> list[dict[str, Any]]:
        return self.api.console_pool_get_all_by_host_type(self.admin, f"proxy {number}", "xvpvnc")
