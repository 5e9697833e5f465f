"""Lists longer than a server takes parameters, and more rows than it takes at once."""

from __future__ import annotations

import random

from nova_db.engine import Eq, In, NotIn, Order, Predicate, Query, all_of, any_of
from nova_db.schema import TABLES
from nova_db_conformance.engine.cases import PrimitivesTestCase

MANY = 100_000


class TestLongLists(PrimitivesTestCase):
    """Forty instances among a hundred thousand values, the last one without a host."""

    def setUp(self) -> None:
        super().setUp()
        self.insert("instances", *({"uuid": f"u{n}", "host": f"h{n}", "vcpus": n} for n in range(39)), {"vcpus": 39})
        self.others = [f"other{n}" for n in range(MANY)]
        self.numbers = range(1000, 1000 + MANY)

    def assertFound(self, where: Predicate, expected: list[int]) -> None:
        """Check which instances are found, and that every primitive that takes a condition agrees."""
        self.assertEqual(expected, self.ids("instances", where))
        with self.reader() as tx:
            self.assertEqual([{"count": len(expected)}], tx.aggregate("instances", where))
            query = Query("instances", where, columns=("id",), order=(Order("vcpus", descending=True),), limit=3)
            self.assertEqual([{"id": number} for number in expected[:-4:-1]], tx.select(query))
        tx = self.engine.write()
        self.assertEqual(len(expected), tx.update("instances", where, {"progress": 1}))
        self.assertEqual(expected, [row["id"] for row in tx.select(Query("instances", where, lock=True))])
        self.assertEqual(len(expected), tx.delete("instances", where))
        tx.rollback()

    def shuffled(self, *few: str) -> list[str]:
        values = [*self.others, *few]
        random.Random(5).shuffle(values)
        return values

    def test_one_of_many(self) -> None:
        self.assertFound(In("host", self.shuffled("h3", "h5")), [4, 6])
        self.assertFound(In("uuid", self.shuffled("u38", "u0")), [1, 39])
        self.assertFound(In("host", self.others), [])
        self.assertFound(In("vcpus", [*self.numbers, 7]), [8])

    def test_lists_of_all_lengths_in_turn(self) -> None:
        """A server may run a statement in another way once it knows it."""
        for length in [300, 3000] * 6:
            values = self.others[:length]
            with self.subTest(length=length):
                self.assertEqual([4], self.ids("instances", In("host", [*values, "h3"])))
                self.assertEqual([1], self.ids("instances", In("uuid", ["u0", *values])))
                self.assertEqual([40], self.ids("instances", NotIn("vcpus", range(-length, 39))))

    def test_none_of_many(self) -> None:
        self.assertFound(NotIn("host", self.shuffled("h3", "h5")), [n for n in range(1, 40) if n not in (4, 6)])
        self.assertFound(NotIn("host", self.others), list(range(1, 40)))
        self.assertFound(NotIn("vcpus", [*range(38), *self.numbers]), [39, 40])

    def test_among_other_conditions(self) -> None:
        some, none = In("host", self.shuffled("h3", "h5")), NotIn("uuid", self.shuffled("u3", "u7"))
        self.assertFound(all_of(any_of(Eq("vcpus", 3), none), any_of(some, Eq("vcpus", 8))), [4, 6, 9])

    def test_rows(self) -> None:
        sizes = (1, 2, 16, 17, 100, 1000, 4097)
        make = TABLES["instance_metadata"].insert_values
        for size in sizes:
            with self.subTest(size=size), self.writer() as tx:
                values = [make({"instance_uuid": "u0", "key": f"{size}/{n}", "value": str(n)}) for n in range(size)]
                [made] = tx.insert(("instance_metadata", values))
                self.assertEqual(values, [{name: row[name] for name in values[0]} for row in made])
        found = self.select("instance_metadata")
        self.assertEqual([f"{size}/{n}" for size in sizes for n in range(size)], [row["key"] for row in found])
        self.assertEqual(sorted(row["id"] for row in found), [row["id"] for row in found])

    def test_rows_with_keys_in_turn_with_rows_that_want_one(self) -> None:
        given = {n: {"id": 5000 + n} for n in range(0, 60, 2)}
        self.insert("agent_builds", *({"url": f"{n}", **given.get(n, {})} for n in range(60)))
        found = {row["url"]: row["id"] for row in self.select("agent_builds")}
        self.assertEqual({str(n): 5000 + n for n in given}, {url: found[url] for url in map(str, given)})
        self.assertEqual(60, len(set(found.values())))
