"""Floating ips made and destroyed, many at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.floating_ips.cases import NULLS, FloatingIpTestCase
from nova_db_conformance.harness.values import floating_ip_values


class TestFloatingIpBulkCreate(FloatingIpTestCase):
    """``floating_ip_bulk_create``."""

    def create(self, *ips: dict[str, Any]) -> None:
        """Create, and check that nothing is returned."""
        self.assertIsNone(self.db.floating_ip_bulk_create(self.user, list(ips)))

    def test_a_row_is_stored_for_each_of_the_values(self) -> None:
        self.set_time(NOON)
        ips: list[dict[str, Any]] = [
            {"address": "203.0.113.7", "pool": "public", "interface": "eth1"},
            {"address": "2001:DB8::1", "project_id": "p2", "auto_assigned": True},
            {"address": None, "fixed_ip_id": "3", "host": "host1", "auto_assigned": None},
        ]
        self.create(*ips)
        defaults = {**NULLS, "auto_assigned": False, "created_at": NOON, "deleted": 0}
        expected = [{**defaults, **ip, "id": number} for number, ip in enumerate(ips, 1)]
        expected[1]["address"] = "2001:db8::1"
        expected[2].update(fixed_ip_id=3, auto_assigned=False)
        self.assertEqual(expected, self.db.floating_ip_get_all(self.admin))

    def test_any_iterable_will_do(self) -> None:
        iterables: tuple[Callable[[Any], Iterable[Any]], ...] = (tuple, iter, lambda ips: (dict(ip) for ip in ips))
        for number, kind in enumerate(iterables, 1):
            with self.subTest(number=number, kind=kind):
                self.db.floating_ip_bulk_create(self.user, kind([floating_ip_values() for _ in range(4)]))
                self.assertEqual(4 * number, len(self.db.floating_ip_get_all(self.admin)))

    def test_ids_that_are_given_count_for_the_rows_after_them(self) -> None:
        self.create(floating_ip_values(id=3), floating_ip_values(), floating_ip_values(id=2), floating_ip_values())
        self.assertEqual([2, 3, 4, 5], sorted(row["id"] for row in self.db.floating_ip_get_all(self.admin)))

    def test_nothing_is_stored_for_no_values(self) -> None:
        self.create()
        self.assertEqual({}, self.dump())

    def test_an_address_that_is_there_is_refused_with_all_columns_of_the_row_that_has_it(self) -> None:
        made = self.floating(address="2001:db8::1", project_id="p2", host="host1", pool="other")
        before = self.dump()
        for context in (self.user, self.other, self.admin, self.seeing("only")):
            with self.subTest(context=context), self.raises(exceptions.FloatingIpExists, **made, code=500):
                self.db.floating_ip_bulk_create(context, [floating_ip_values(), {"address": "2001:0DB8::1"}])
        self.assertSameRows(before, "although an address was there")

    def test_an_address_of_none_is_an_address(self) -> None:
        self.create({"address": None, "pool": "a"})
        with self.raises(exceptions.FloatingIpExists, address=None, pool="a"):
            self.create({"address": None, "pool": "b"})
        with self.raises(exceptions.FloatingIpExists, address=None, pool="a"):
            self.create(floating_ip_values(), {"address": None})
        self.create({"address": ""})
        with self.raises(exceptions.FloatingIpExists, address=""):
            self.create({"address": ""})

    def test_an_address_that_is_there_is_refused_whatever_comes_with_it(self) -> None:
        addresses = ("203.0.113.7", None, "", "203.0.113.8")
        for taken, other in itertools.permutations(addresses, 2):
            for batch in ((taken, other), (other, taken)):
                with self.subTest(taken=taken, batch=batch):
                    self.empty()
                    self.create({"address": taken, "pool": "a"})
                    with self.raises(exceptions.FloatingIpExists, address=taken, pool="a"):
                        self.create(*({"address": address} for address in batch))

    def test_an_address_that_comes_twice_is_refused(self) -> None:
        for first, second in (("203.0.113.7", "203.0.113.7"), ("2001:db8::1", "2001:0DB8::1"), (None, None), ("5", 5)):
            with (
                self.subTest(first=first, second=second),
                self.raises(exceptions.FloatingIpExists, address=first, pool="a", id=None),
            ):
                self.create({"address": first, "pool": "a"}, floating_ip_values(), {"address": second, "pool": "b"})
        self.assertEqual({}, self.dump())

    def test_a_deleted_address_can_be_made_again(self) -> None:
        made = self.floating()
        for _ in range(3):
            self.db.floating_ip_bulk_destroy(self.admin, [made])
            self.db.floating_ip_bulk_create(self.seeing("yes"), [{"address": made["address"]}])
        self.assertEqual(1, len(self.db.floating_ip_get_all(self.admin)))
        self.assertEqual(4, len(self.dump()["floating_ips"]))

    def test_the_row_itself_is_not_in_its_own_way_but_its_id_is(self) -> None:
        made = self.floating(id=7)
        for number in (7, "7"):
            with (
                self.subTest(number=number),
                self.raises(exceptions.DBDuplicateEntry, table="floating_ips", columns=["id"], value=7),
            ):
                self.create(floating_ip_values(), {"id": number, "address": made["address"]})
        with self.raises(exceptions.FloatingIpExists, id=7):
            self.create({"id": 8, "address": made["address"]})
        self.assertEqual([made], self.db.floating_ip_get_all(self.admin))

    def test_an_address_is_required(self) -> None:
        with self.raises(exceptions.MissingKeys, missing=["address"]):
            self.create(floating_ip_values(), {"pool": "public"})
        self.assertEqual({}, self.dump())

    def test_all_are_stored_or_none(self) -> None:
        def ips() -> Iterable[dict[str, Any]]:
            yield floating_ip_values()
            raise LookupError

        self.assertUnchanged(lambda: self.db.floating_ip_bulk_create(self.user, ips()), LookupError)
        for bad in ({"host": "h" * 256}, {"fixed_ip_id": "x"}):
            with self.subTest(bad=bad), self.raises(exceptions.DBDataError, table="floating_ips", columns=list(bad)):
                self.create(floating_ip_values(), floating_ip_values(**bad))
        with self.raises(exceptions.UnknownColumn, table="floating_ips", column="pools", nearest="pool"):
            self.create(floating_ip_values(), floating_ip_values(pools="a"))
        self.assertEqual({}, self.dump())
        batch = [floating_ip_values() for _ in range(3)]
        self.assertAtomic(lambda: self.db.floating_ip_bulk_create(self.user, batch))
        self.assertEqual(3, len(self.db.floating_ip_get_all(self.admin)))

    def test_who_may_is_asked_before_anything_is_read(self) -> None:
        for context in (self.user, self.other, self.admin):
            self.db.floating_ip_bulk_create(context, [floating_ip_values(project_id="p1")])
        for ips in (5, None, (1 // 0 for _ in "x"), [{"adress": "203.0.113.7"}]):
            with self.subTest(ips=ips):
                self.assertNotAuthorized(self.nobodies, partial(self.db.floating_ip_bulk_create, ips=ips))
        self.assertEqual(3, len(self.db.floating_ip_get_all(self.admin)))

    def test_many_are_stored_with_few_statements(self) -> None:
        counts = []
        for number in (1, 200):
            with self.statements() as sent:
                self.make.floating_ips(number)
            counts.append(len(sent))
        self.assertLessEqual(counts[1], counts[0] + 2)


class TestFloatingIpBulkDestroy(FloatingIpTestCase):
    """``floating_ip_bulk_destroy``."""

    def destroy(self, *addresses: Any, **others: Any) -> None:
        """Destroy, and check that nothing is returned."""
        self.assertIsNone(
            self.db.floating_ip_bulk_destroy(self.user, [{"address": address, **others} for address in addresses])
        )

    def test_they_are_soft_deleted_in_whatever_state(self) -> None:
        self.set_time(NOON)
        kept = self.floating(address=None)
        rows = [
            self.floating(address="2001:db8::1", project_id="p2", fixed_ip_id=3, host="host1", auto_assigned=True),
            self.floating(updated_at=NOON),
        ]
        rows.append(self.twin(rows[1]["address"], project_id="p1"))
        now = self.advance(10)
        self.destroy("2001:0DB8::1", rows[1]["address"], rows[1]["address"], "203.9.9.9", id=kept["id"], pool="x")
        for row in rows:
            with self.subTest(row=row):
                self.assertChanged(row, deleted=row["id"], deleted_at=now)
        self.assertChanged(kept)

    def test_no_addresses_are_nothing_to_destroy(self) -> None:
        made = self.floating()
        self.destroy()
        self.destroy("203.9.9.9", 5, "1" * 50, "")
        self.assertChanged(made)

    def test_an_address_of_none_asks_for_null(self) -> None:
        empty, nameless = self.floating(address=""), self.floating(address=None)
        other = self.floating()
        self.destroy("")
        self.assertChanged(nameless)
        self.destroy(None)
        self.assertEqual([True, True, False], [bool(self.again(row)["deleted"]) for row in (empty, nameless, other)])

    def test_the_context_says_which_rows_are_meant(self) -> None:
        self.set_time(NOON)
        for mode, also_gone, also_live in (("no", False, True), ("yes", True, True), ("only", True, False)):
            with self.subTest(mode=mode, also_gone=also_gone, also_live=also_live):
                gone, before = self.floating(), self.advance(10)
                self.destroy(gone["address"])
                live, now = self.floating(address=gone["address"]), self.advance(10)
                self.db.floating_ip_bulk_destroy(self.seeing(mode), [gone])
                self.assertChanged(gone, deleted=gone["id"], deleted_at=now if also_gone else before)
                if also_live:
                    self.assertChanged(live, deleted=live["id"], deleted_at=now)
                else:
                    self.assertChanged(live)

    def test_an_address_is_required(self) -> None:
        made = self.floating()
        with self.raises(exceptions.MissingKeys, missing=["address"]):
            self.db.floating_ip_bulk_destroy(self.user, [{"address": made["address"]}, {"id": made["id"]}])
        self.assertChanged(made)

    def test_any_iterable_will_do(self) -> None:
        addresses = self.make.floating_ips(4)
        self.db.floating_ip_bulk_destroy(self.user, ({"address": address} for address in addresses))
        with self.raises(exceptions.NoFloatingIpsDefined):
            self.db.floating_ip_get_all(self.admin)

    def test_users_may_destroy_those_of_any_project(self) -> None:
        made = self.floating(project_id="p1")
        given: tuple[Any, ...] = ([made], [{}], 5, (1 // 0 for _ in "x"))
        for ips in given:
            with self.subTest(ips=ips):
                self.assertNotAuthorized(self.nobodies, partial(self.db.floating_ip_bulk_destroy, ips=ips))
        self.assertChanged(made)
        self.db.floating_ip_bulk_destroy(self.other, [made])
        self.assertRecord(self.again(made), deleted=made["id"])

    def test_a_failure_leaves_nothing_and_calls_join_a_transaction(self) -> None:
        rows = [self.floating() for _ in range(3)]
        with self.raises(LookupError), self.db.transaction(self.user):
            self.destroy(*[row["address"] for row in rows])
            with self.raises(exceptions.FloatingIpNotFoundForAddress):
                self.db.floating_ip_get_by_address(self.user, rows[0]["address"])
            raise LookupError
        for row in rows:
            with self.subTest(row=row):
                self.assertChanged(row)
        self.assertAtomic(lambda: self.db.floating_ip_bulk_destroy(self.user, rows))
        self.assertEqual([True] * 3, [bool(self.again(row)["deleted"]) for row in rows])

    def test_ten_thousand_are_made_and_destroyed_in_one_call_each(self) -> None:
        ips = [{"address": f"2001:db8::{number:x}"} for number in range(10_000)]
        self.db.floating_ip_bulk_create(self.admin, ips)
        with self.raises(exceptions.FloatingIpExists, address="2001:db8::"):
            self.db.floating_ip_bulk_create(self.admin, ips[::-1])
        self.assertEqual(10_000, len(self.db.floating_ip_get_all(self.admin)))
        self.db.floating_ip_bulk_destroy(self.admin, ips[1:])
        self.assertEqual(["2001:db8::"], [row["address"] for row in self.db.floating_ip_get_all(self.admin)])


class TestFloatingIpDestroy(FloatingIpTestCase):
    """``floating_ip_destroy``."""

    def test_all_with_the_address_are_gone_for_good_in_whatever_state(self) -> None:
        kept = self.floating()
        made = self.floating(address="2001:db8::1", project_id="p2", fixed_ip_id=3, host="host1")
        self.twin("2001:db8::1")
        self.assertIsNone(self.db.floating_ip_destroy(self.user, "2001:0DB8::1"))
        with self.raises(exceptions.FloatingIpNotFound, id=made["id"]):
            self.db.floating_ip_get(self.seeing("yes"), made["id"])
        self.assertEqual([kept["id"]], [row["id"] for row in self.dump()["floating_ips"]])

    def test_an_unknown_address_is_no_error(self) -> None:
        made = self.floating()
        for address in ("203.9.9.9", None, "", 5):
            with self.subTest(address=address):
                self.assertIsNone(self.db.floating_ip_destroy(self.user, address))
        self.assertChanged(made)

    def test_an_empty_address_asks_for_null(self) -> None:
        empty = self.floating(address="")
        for address in ("", None):
            with self.subTest(address=address):
                self.make.floating_ip(address=None)
                self.db.floating_ip_destroy(self.user, address)
                self.assertEqual([empty], self.db.floating_ip_get_all(self.admin))

    def test_the_context_says_which_rows_are_meant(self) -> None:
        for mode, left in (("no", [True]), ("yes", []), ("only", [False])):
            with self.subTest(mode=mode, left=left):
                gone = self.floating(address="203.0.113.7", deleted=5)
                self.floating(address="203.0.113.7")
                self.db.floating_ip_destroy(self.seeing(mode), gone["address"])
                rows = self.dump().get("floating_ips", [])
                self.assertEqual(left, [bool(row["deleted"]) for row in rows])
                self.db.floating_ip_destroy(self.seeing("yes"), gone["address"])

    def test_users_may_destroy_those_of_any_project(self) -> None:
        made = self.floating(project_id="p1")
        self.assertNotAuthorized(self.nobodies, lambda context: self.db.floating_ip_destroy(context, made["address"]))
        self.assertChanged(made)
        self.db.floating_ip_destroy(self.other, made["address"])
        self.assertEqual({}, self.dump())

    def test_a_failure_leaves_everything(self) -> None:
        made = self.floating()
        self.twin(made["address"])
        self.assertAtomic(lambda: self.db.floating_ip_destroy(self.user, made["address"]))
        self.assertEqual({}, self.dump())


class TestManyFloatingIps(FloatingIpTestCase):
    """More addresses than any server takes parameters."""

    def test_they_are_made_and_destroyed(self) -> None:
        addresses = [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(40_000)]
        self.db.floating_ip_bulk_create(self.user, [{"address": address, "pool": "many"} for address in addresses])
        with self.raises(exceptions.FloatingIpExists, address="10.0.0.7"):
            self.db.floating_ip_bulk_create(self.user, [{"address": each} for each in ("10.9.0.0", "10.0.0.7")])
        kept = {"10.0.0.0", "10.0.156.63"}
        gone = [{"address": address} for address in (*addresses, "192.0.2.1") if address not in kept]
        self.db.floating_ip_bulk_destroy(self.user, gone)
        self.assertEqual(kept, {row["address"] for row in self.db.floating_ip_get_all(self.admin)})
