"""The hosts of aggregates: put in, taken out, and what is looked up by them."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase


class TestAggregateHosts(ConformanceTestCase):
    """A host is a name, which may be in any number of aggregates, once in each."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.key: int = self.make.aggregate("a", x="y")["id"]

    def hosts(self, read_deleted: str = "no") -> list[str]:
        return self.api.aggregate_host_get_all(self.seeing(read_deleted), self.key)

    def add(self, host: Any) -> None:
        self.assertIsNone(self.db.aggregate_host_add(self.admin, self.key, host))

    def remove(self, host: Any, read_deleted: str = "no") -> None:
        self.assertIsNone(self.db.aggregate_host_delete(self.seeing(read_deleted), self.key, host))

    def test_hosts_are_listed_in_the_order_in_which_they_were_added(self) -> None:
        self.assertEqual([], self.hosts())
        for host in ("h2", "h10", "H2", ""):
            self.add(host)
        self.assertEqual(["h2", "h10", "H2", ""], self.hosts())
        self.assertEqual(["h2", "h10", "H2", ""], self.db.aggregate_get(self.admin, str(self.key))["hosts"])
        self.assertPrivate(self.hosts)

    def test_the_row_has_nothing_but_the_two(self) -> None:
        self.add("h1")
        row = {"id": 1, "host": "h1", "aggregate_id": self.key, "deleted": 0, "created_at": NOON}
        [found] = self.dump()["aggregate_hosts"]
        self.assertEqual({**row, "updated_at": None, "deleted_at": None}, found)
        self.assertRecord(self.db.aggregate_get(self.admin, self.key), updated_at=None)

    def test_a_host_is_in_an_aggregate_once(self) -> None:
        self.add("h1")
        self.add(5)
        before = self.dump()
        for host in ("h1", "5", 5):
            with (
                self.subTest(host=host),
                self.raises(exceptions.AggregateHostExists, aggregate_id=self.key, host=host, code=500),
            ):
                self.add(host)
        with self.raises(exceptions.AggregateHostExists, aggregate_id=str(self.key), host="h1"):
            self.db.aggregate_host_add(self.seeing("yes"), str(self.key), "h1")
        self.assertSameRows(before, "although the host is in it")
        other = self.make.aggregate(hosts=["h1"])
        self.assertRecord(other, hosts=["h1"])

    def test_what_cannot_be_stored_is_refused(self) -> None:
        before = self.dump()
        for host in ("h" * 256, "h\0", b"h", ["h"]):
            with (
                self.subTest(host=host),
                self.raises(exceptions.DBDataError, table="aggregate_hosts", columns=["host"], value=host),
            ):
                self.add(host)
        self.assertSameRows(before, "although the host cannot be stored")

    def test_a_host_that_was_taken_out_may_come_back(self) -> None:
        self.add("h1")
        self.add("h2")
        for _ in range(2):
            self.remove("h1")
            self.assertEqual(["h2"], self.hosts())
            with self.raises(exceptions.AggregateHostNotFound, aggregate_id=self.key, host="h1", code=404):
                self.remove("h1")
            self.add("h1")
        self.assertEqual(["h2", "h1"], self.hosts())
        self.assertEqual(["h1", "h2", "h1", "h1"], self.hosts("yes"))
        with self.raises(exceptions.AggregateNotFound, aggregate_id=self.key):
            self.hosts("only")

    def test_taking_a_host_out_marks_one_row(self) -> None:
        self.add("h1")
        self.add("h2")
        self.make.aggregate(hosts=["h1"])
        before = self.dump()
        now = self.advance(60)
        self.remove("h1")
        before["aggregate_hosts"][0].update(deleted=1, deleted_at=now)
        self.assertSameRows(before, "where only one membership should be marked")

    def test_what_is_not_in_it_cannot_be_taken_out(self) -> None:
        self.add("h1")
        self.make.aggregate(hosts=["h2"])
        before = self.dump()
        for host in ("h2", "H1", "h1 ", "", None, "h" * 256, "h1\0", ["h1"], 1):
            with (
                self.subTest(host=host),
                self.raises(exceptions.AggregateHostNotFound, aggregate_id=self.key, host=host, code=404),
            ):
                self.remove(host)
        self.assertSameRows(before, "although the host is not in it")

    def test_read_deleted_decides_which_memberships_are_taken_out(self) -> None:
        self.add("h1")
        self.remove("h1")
        now = self.advance(60)
        self.remove("h1", "yes")
        self.assertRecord(self.dump()["aggregate_hosts"][0], deleted=1, deleted_at=now, updated_at=None)
        self.add("h1")
        self.db.aggregate_delete(self.admin, self.key)
        self.assertEqual(["h1"], self.hosts("only"))
        later = self.advance(60)
        self.remove("h1", "only")
        rows = self.dump()["aggregate_hosts"]
        self.assertEqual([later, None], [row["deleted_at"] for row in rows])
        self.remove("h1", "yes")
        self.assertEqual([1, 2], [row["deleted"] for row in self.dump()["aggregate_hosts"]])

    def test_a_host_comes_and_goes_or_does_not(self) -> None:
        self.assertAtomic(lambda: self.db.aggregate_host_add(self.admin, self.key, "h1"))
        self.assertEqual(["h1"], self.hosts())
        self.assertAtomic(lambda: self.db.aggregate_host_delete(self.admin, self.key, "h1"))
        self.assertEqual([], self.hosts())

    def test_changes_join_a_transaction(self) -> None:
        with self.db.transaction(self.admin):
            self.add("h1")
            with self.raises(exceptions.AggregateHostExists):
                self.add("h1")
            self.add("h2")
            self.remove("h1")
            self.assertEqual(["h2"], self.hosts())
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.add("h3")
            raise LookupError
        self.assertEqual(["h2"], self.hosts())


class TestLookUpsByHost(ConformanceTestCase):
    """What the aggregates of a host have, and the hosts of what has a key."""

    def setUp(self) -> None:
        super().setUp()
        self.one = self.make.aggregate("one", ["h1", "h2"], availability_zone="az1", ssd="yes")
        self.two = self.make.aggregate("two", ["h1"], availability_zone="az2", ssd="yes")
        self.three = self.make.aggregate("three", ["h3"], availability_zone="az1")
        self.four = self.make.aggregate("four", ["h1"])
        self.hostless = self.make.aggregate("empty", availability_zone="az3", ssd="no")

    def test_aggregates_by_host_are_whole_and_in_order(self) -> None:
        found = self.db.aggregate_get_by_host(self.admin, "h1")
        self.assertEqual([self.one, self.two, self.four], found)
        self.assertRecord(found[0], hosts=["h1", "h2"], metadetails={"availability_zone": "az1", "ssd": "yes"})
        self.assertEqual([self.three], self.db.aggregate_get_by_host(self.admin, "h3"))
        self.assertPrivate(lambda: self.db.aggregate_get_by_host(self.admin, "h1"))

    def test_aggregates_by_host_and_key(self) -> None:
        self.assertEqual([self.one, self.two], self.db.aggregate_get_by_host(self.admin, "h1", "ssd"))
        self.assertEqual([self.one, self.two], self.db.aggregate_get_by_host(self.admin, "h1", key="availability_zone"))
        for anything in (None, ""):
            with self.subTest(anything=anything):
                self.assertIds(
                    self.db.aggregate_get_by_host(self.admin, "h1", anything), [self.one, self.two, self.four]
                )

    def test_what_matches_nothing_is_an_empty_list(self) -> None:
        for host in ("h4", "H1", "h1 ", "", None, ["h1"], "h1\0"):
            with self.subTest(host=host):
                self.assertEqual([], self.db.aggregate_get_by_host(self.admin, host))
                self.assertEqual({}, self.db.aggregate_metadata_get_by_host(self.admin, host))
        for key in ("SSD", "yes", "x", ["ssd"], 5):
            with self.subTest(key=key):
                self.assertEqual([], self.db.aggregate_get_by_host(self.admin, "h1", key))
                self.assertEqual({}, self.db.aggregate_metadata_get_by_host(self.admin, "h1", key))
                self.assertEqual({}, self.db.aggregate_host_get_by_metadata_key(self.admin, key))
        self.assertEqual({}, self.db.aggregate_host_get_by_metadata_key(self.admin, None))
        self.assertEqual({}, self.db.aggregate_host_get_by_metadata_key(self.admin, ""))

    def test_metadata_by_host_is_the_set_of_values_of_each_key(self) -> None:
        zones = {"az1", "az2"}
        found = self.db.aggregate_metadata_get_by_host(self.admin, "h1")
        self.assertIs(dict, type(found))
        self.assertEqual({"availability_zone": zones, "ssd": {"yes"}}, found)
        self.assertEqual(found, self.db.aggregate_metadata_get_by_host(self.admin, "h1", ""))
        only_zones = self.db.aggregate_metadata_get_by_host(self.admin, "h1", key="availability_zone")
        self.assertEqual({"availability_zone": zones}, only_zones)
        self.assertEqual({"availability_zone": {"az1"}}, self.db.aggregate_metadata_get_by_host(self.admin, "h3"))
        self.assertPrivate(lambda: self.db.aggregate_metadata_get_by_host(self.admin, "h1"))

    def test_hosts_by_key_have_the_set_of_values(self) -> None:
        found = self.db.aggregate_host_get_by_metadata_key(self.admin, "availability_zone")
        self.assertIs(dict, type(found))
        self.assertEqual({"h1": {"az1", "az2"}, "h2": {"az1"}, "h3": {"az1"}}, found)
        self.assertEqual(["h1", "h2", "h3"], list(found))
        ssd = self.db.aggregate_host_get_by_metadata_key(self.admin, key="ssd")
        self.assertEqual({"h1": {"yes"}, "h2": {"yes"}}, ssd)
        self.assertPrivate(lambda: self.db.aggregate_host_get_by_metadata_key(self.admin, "ssd"))

    def test_a_key_that_is_a_number_is_its_text(self) -> None:
        key = self.four["id"]
        self.db.aggregate_metadata_add(self.admin, key, {7: "seven", "8": "eight"})
        self.assertIds(self.db.aggregate_get_by_host(self.admin, "h1", 7), [self.four])
        self.assertEqual({"7": {"seven"}}, self.db.aggregate_metadata_get_by_host(self.admin, "h1", 7))
        self.assertEqual({"h1": {"eight"}}, self.db.aggregate_host_get_by_metadata_key(self.admin, 8))
        self.db.aggregate_host_add(self.admin, key, 9)
        self.assertIds(self.db.aggregate_get_by_host(self.admin, 9), [self.four])
        self.assertEqual({"8": {"eight"}}, self.db.aggregate_metadata_get_by_host(self.admin, 9, "8"))

    def test_deleted_rows_are_looked_up_in_no_context(self) -> None:
        self.db.aggregate_host_delete(self.admin, self.one["id"], "h1")
        self.db.aggregate_delete(self.admin, self.two["id"])
        self.db.aggregate_metadata_delete(self.admin, self.three["id"], "availability_zone")
        for mode, expected in (("no", [self.four]), ("yes", [self.four]), ("only", [])):
            with self.subTest(mode=mode, expected=expected):
                context = self.seeing(mode)
                self.assertIds(self.db.aggregate_get_by_host(context, "h1"), expected)
                self.assertEqual([], self.db.aggregate_get_by_host(context, "h3", "availability_zone"))
                self.assertEqual({}, self.db.aggregate_metadata_get_by_host(context, "h1"))
                self.assertEqual({}, self.db.aggregate_metadata_get_by_host(context, "h3"))
                zones = self.db.aggregate_host_get_by_metadata_key(context, "availability_zone")
                self.assertEqual({"h2": {"az1"}}, zones)

    def test_where_deleted_rows_alone_are_seen_no_host_has_metadata(self) -> None:
        self.assertEqual({}, self.db.aggregate_metadata_get_by_host(self.seeing("only"), "h1"))
        self.assertEqual([], self.db.aggregate_get_by_host(self.seeing("only"), "h1", "ssd"))
        yes = self.db.aggregate_metadata_get_by_host(self.seeing("yes"), "h2", "ssd")
        self.assertEqual({"ssd": {"yes"}}, yes)
