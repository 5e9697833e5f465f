"""Relations of instances and security groups: lists, single rows, several levels, whatever the query."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db.engine import TRUE, Col, Eq, In, Order, Query, Row
from nova_db.schema import TABLES
from nova_db_conformance.engine.cases import PrimitivesTestCase

MOMENT = dt.datetime(2013, 4, 1, 12, 0, 0, 7)


class TestLoad(PrimitivesTestCase):
    """Relations of instances and their groups."""

    def setUp(self) -> None:
        super().setUp()
        self.instances = self.insert("instances", *({"uuid": uuid, "host": "h"} for uuid in "abc"), {"uuid": None})
        self.items = self.insert(
            "instance_metadata",
            *(
                {"instance_uuid": uuid, "key": key, "value": "\U0001f600'\"\\"}
                for uuid, key in ("ax", "by", "ay", "az")
            ),
            {"instance_uuid": "a", "key": "gone", "deleted": 5},
            {"instance_uuid": None, "key": "stray"},
        )
        self.caches = self.insert(
            "instance_info_caches", {"instance_uuid": "b", "network_info": "[]", "updated_at": MOMENT}
        )
        self.groups = self.insert(
            "security_groups", *({"name": name} for name in ("front", "back")), {"name": "gone", "deleted": 3}
        )
        self.rules = self.insert(
            "security_group_rules",
            *(
                {"parent_group_id": group, "from_port": port, "cidr": "0.0.0.0/0"}
                for group, port in ((1, 80), (1, 443), (2, 22))
            ),
            {"parent_group_id": 2, "deleted": 4},
        )
        members = (("a", 2, 0), ("a", 1, 0), ("b", 1, 0), ("a", 1, 0), ("b", 2, 5), ("c", 3, 0))
        self.insert(
            "security_group_instance_association",
            *(
                {"instance_uuid": uuid, "security_group_id": group, "deleted": deleted}
                for uuid, group, deleted in members
            ),
        )

    def load(self, *load: str, table: str = "instances", where: Any = TRUE, **parts: Any) -> list[Row]:
        """Rows with relations."""
        return self.select(table, where, load=load, **parts)

    def test_a_list(self) -> None:
        found = self.load("metadata")
        x, y, ay, az, *_ = self.items
        self.assertEqual([[x, ay, az], [y], [], []], [row["metadata"] for row in found])
        self.assertEqual(set(TABLES["instances"].names) | {"metadata"}, set(found[0]))

    def test_one_row_or_none(self) -> None:
        self.assertEqual([None, self.caches[0], None, None], [row["info_cache"] for row in self.load("info_cache")])
        found = [row["instance"] for row in self.load("instance", table="instance_metadata")]
        a, b, *_ = self.instances
        self.assertEqual([a, b, a, a, None, None], found)

    def test_through_an_association(self) -> None:
        front, back, _ = self.groups
        self.assertEqual(
            [[front, back], [front], [], []], [row["security_groups"] for row in self.load("security_groups")]
        )

    def test_the_other_way_round(self) -> None:
        a, b, *_ = self.instances
        found = [row["instances"] for row in self.load("instances", table="security_groups")]
        self.assertEqual([[a, b], [a], []], found)

    def test_relations_of_relations(self) -> None:
        front, back = (
            {**row, "rules": rules} for row, rules in zip(self.groups, (self.rules[:2], [self.rules[2]]), strict=False)
        )
        found = [row["security_groups"] for row in self.load("security_groups.rules")]
        self.assertEqual([[front, back], [front], [], []], found)

    def test_several_relations_at_once(self) -> None:
        load = ("security_groups.rules", "metadata", "security_groups.instances", "info_cache", "metadata.instance")
        found = self.load(*load)
        for name in ("security_groups", "metadata", "info_cache"):
            with self.subTest(name=name):
                alone = self.load(*(path for path in load if path.startswith(name)))
                self.assertEqual([row[name] for row in alone], [row[name] for row in found])
        front = found[1]["security_groups"][0]
        self.assertEqual((self.rules[:2], self.instances[:2]), (front["rules"], front["instances"]))
        self.assertEqual(self.instances[0], found[0]["metadata"][2]["instance"])

    def test_one_row_that_a_key_names(self) -> None:
        """It has what it has in a list, by whichever key, and however it is read."""
        load = ("security_groups.rules", "metadata.instance.security_groups.rules", "info_cache")
        for row in self.load(*load):
            for key in ("id", "uuid") if row["uuid"] else ("id",):
                query = Query("instances", Eq(key, row[key]), load=load, limit=1)
                with self.subTest(row=row, key=key):
                    with self.reader() as tx:
                        self.assertEqual([row], tx.select(query))
                    with self.reader(snapshot=False) as tx:
                        self.assertEqual([row], tx.select(query))
                    with self.writer() as tx:
                        self.assertEqual([row], tx.select(query))
                        self.assertEqual([row], tx.select(query.replace(lock=True)))

    def test_three_levels(self) -> None:
        (item,) = self.load("instance.security_groups.rules", table="instance_metadata", where=Eq("key", "x"))
        self.assertEqual(
            [[80, 443], [22]],
            [[rule["from_port"] for rule in group["rules"]] for group in item["instance"]["security_groups"]],
        )

    def test_a_path_brings_what_it_passes(self) -> None:
        first = self.load("security_groups.rules")
        self.assertEqual(first, self.load("security_groups", "security_groups.rules"))
        self.assertEqual(first, self.load("security_groups.rules", "security_groups.rules"))

    def test_no_rows_no_relations(self) -> None:
        self.assertEqual([], self.load("metadata", "security_groups.rules", where=Eq("uuid", "none")))
        self.engine.clear()
        self.assertEqual([], self.load("metadata"))

    def test_a_deleted_source(self) -> None:
        with self.writer() as tx:
            tx.update("instances", Eq("uuid", "a"), {"deleted": Col("id")})
        (row,) = self.load("metadata", "security_groups.rules", where=Eq("uuid", "a"))
        self.assertEqual([], row["security_groups"])
        self.assertEqual(3, len(row["metadata"]))

    def test_with_limit_order_and_paging(self) -> None:
        full = {row["id"]: row for row in self.load("metadata", "security_groups.rules")}
        load = ("metadata", "security_groups.rules")
        self.assertEqual([full[1], full[2]], self.load(*load, limit=2))
        self.assertEqual([full[4], full[3]], self.load(*load, order=(Order("id", True),), limit=2))
        self.assertEqual([full[3], full[4]], self.load(*load, after=(2,)))

    def test_with_some_columns(self) -> None:
        found = self.load("metadata", "info_cache", columns=("id", "uuid", "deleted"), where=Eq("uuid", "b"))
        expected = {"id": 2, "uuid": "b", "deleted": 0, "metadata": [self.items[1]], "info_cache": self.caches[0]}
        self.assertEqual([expected], found)

    def test_shared_rows_are_private_copies(self) -> None:
        self.assertPrivate(lambda: self.load("security_groups.rules", "metadata.instance"))
        first, second = self.load("security_groups.rules")[:2]
        first["security_groups"][0]["rules"][0]["from_port"] = first["security_groups"][0]["name"] = "changed"
        first["security_groups"][0]["rules"].clear()
        self.assertEqual(
            ("front", 80), (second["security_groups"][0]["name"], second["security_groups"][0]["rules"][0]["from_port"])
        )
        one, _, other, *_ = self.load("instance.metadata", table="instance_metadata")
        self.assertIsNot(one["instance"], other["instance"])
        self.assertIsNot(one["instance"]["metadata"][0], other["instance"]["metadata"][0])

    def test_the_writes_of_the_transaction_are_seen(self) -> None:
        with self.writer() as tx:
            tx.update("instance_metadata", Eq("key", "x"), {"value": "new"})
            tx.delete("instance_metadata", Eq("key", "z"))
            tx.insert(("instance_metadata", [self.complete("instance_metadata", instance_uuid="c", key="k")]))
            found = tx.select(Query("instances", load=("metadata",)))
        self.assertEqual([["x", "y"], ["y"], ["k"], []], [[item["key"] for item in row["metadata"]] for row in found])
        self.assertEqual("new", found[0]["metadata"][0]["value"])

    def test_hundreds_of_rows(self) -> None:
        uuids = [f"u{number:03d}" for number in range(700)]
        self.insert("instances", *({"uuid": uuid} for uuid in uuids))
        self.insert(
            "instance_metadata", *({"instance_uuid": uuid, "key": key} for key in "kl" for uuid in reversed(uuids))
        )
        pairs = [{"instance_uuid": uuid, "security_group_id": 1 + n % 2} for n, uuid in enumerate(uuids)]
        self.insert("security_group_instance_association", *pairs)
        found = self.load("metadata", "security_groups.rules", where=In("uuid", uuids))
        self.assertEqual(uuids, [row["uuid"] for row in found])
        self.assertEqual({("k", "l")}, {tuple(item["key"] for item in row["metadata"]) for row in found})
        for number, row in enumerate(found):
            with self.subTest(number=number, row=row):
                self.assertEqual([row["uuid"]] * 2, [item["instance_uuid"] for item in row["metadata"]])
                (group,) = row["security_groups"]
                self.assertEqual((1 + number % 2, 2 - number % 2), (group["id"], len(group["rules"])))
