"""Values of an update beside one another: what counts as a change of the row, and what is seen of what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from nova_db.engine import TRUE, Add, Col, Eq, IfChanged, IfNew, Ne, Query, Row, Transaction, Values
from nova_db_conformance.engine.cases import PrimitivesTestCase

NOON = dt.datetime(2013, 4, 1, 12)
LATER = NOON + dt.timedelta(microseconds=1)
WAYS: dict[str, Callable[[Transaction, Values], object]] = {
    "update": lambda tx, values: tx.update("instances", TRUE, values),
    "update_returning": lambda tx, values: tx.update_returning(Query("instances"), values),
    "update_each": lambda tx, values: tx.update_each("instances", [(1, values), (2, values)]),
    "claim": lambda tx, values: tx.claim("instances", TRUE, values, limit=2),
    "claim of one": lambda tx, values: [tx.claim("instances", Eq("id", key), values) for key in (1, 2)],
}
COMPUTED: dict[str, tuple[Values, tuple[Any, ...]]] = {
    "a sum": ({"vcpus": Add(1)}, (2, 2)),
    "a sum of nothing": ({"vcpus": Add(0)}, (1, 1)),
    "another column": ({"vcpus": Col("memory_mb")}, (5, 5)),
    "a new value": ({"launched_at": IfNew(NOON, LATER)}, (NOON, NOON)),
    "a value that is not new": ({"launched_at": IfNew(None, LATER)}, (LATER, LATER)),
    "a value where another changes": ({"launched_at": IfNew(None, IfChanged(LATER))}, (None, None)),
    "nothing": ({}, ()),
}
"""What an update may compute, and what it makes of two rows."""


class TestWhatIsAChange(PrimitivesTestCase):
    """Two instances, of which the second one's host is another one after the update, where that sets it."""

    promise = "IfChanged"

    def changed(self, way: str, values: Values) -> Iterator[list[Row]]:
        """The rows after an update that stamps them, too: before the other values, and after these."""
        stamp = {"updated_at": IfChanged(NOON)}
        for given in ({**stamp, **values}, {**values, **stamp}):
            self.empty()
            base = {"vcpus": 1, "memory_mb": 5}
            self.insert("instances", {**base, "host": "a"}, {**base, "host": "b"})
            with self.writer() as tx:
                WAYS[way](tx, given)
            yield self.select("instances")

    def test_what_is_computed_is_none(self) -> None:
        for way in WAYS:
            for name, (values, expected) in COMPUTED.items():
                with self.subTest(way=way, beside=name):
                    for rows in self.changed(way, values):  # one story
                        self.assertEqual([None, None], [row["updated_at"] for row in rows])
                        self.assertEqual([*expected], [row[column] for column in values for row in rows])

    def test_a_plain_value_beside_it_is_one(self) -> None:
        for way in WAYS:
            for name, (values, _) in COMPUTED.items():
                with self.subTest(way=way, beside=name):
                    for rows in self.changed(way, {**values, "host": "a"}):  # one story
                        self.assertEqual([None, NOON], [row["updated_at"] for row in rows])
                        self.assertEqual(["a", "a"], [row["host"] for row in rows])

    def test_a_new_time_is_none_for_another(self) -> None:
        for way in WAYS:
            for rows in self.changed(way, {"launched_at": IfNew(NOON, IfChanged(LATER))}):
                with self.subTest(way=way):
                    self.assertEqual([(NOON, None)] * 2, [(row["launched_at"], row["updated_at"]) for row in rows])


class TestAKeyTwice(PrimitivesTestCase):
    """Several changes of one row in one call."""

    promise = "Transaction.update_each"

    def test_the_later_one_builds_on_the_earlier_one(self) -> None:
        for values in ([("x", 1), ("y", 2), ("z", 3)], [("z", 1), ("x", 1), ("y", 1)]):
            with self.subTest(values=values):
                self.empty()
                self.insert("services", {"host": "a"}, {"host": "b"})
                changes = [
                    (key, {"host": host, "report_count": Add(n)})
                    for (host, n), key in zip(values, (1, 2, 1), strict=True)
                ]
                with self.writer() as tx:
                    self.assertEqual(3, tx.update_each("services", changes))
                found = [(row["host"], row["report_count"]) for row in self.select("services")]
                self.assertEqual([(values[2][0], values[0][1] + values[2][1]), values[1]], found)

    def test_so_does_its_condition(self) -> None:
        for where, count, host in ((Eq("host", "a"), 1, "b"), (Ne("host", "b"), 1, "b"), (Ne("host", "c"), 2, "c")):
            with self.subTest(where=where):
                self.empty()
                [made] = self.insert("services", {"host": "a"})
                changes = [(made["id"], {"host": "b"}), (made["id"], {"host": "c"})]
                with self.writer() as tx:
                    self.assertEqual(count, tx.update_each("services", changes, where))
                self.assertEqual([host], [row["host"] for row in self.select("services")])
