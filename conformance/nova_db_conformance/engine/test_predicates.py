"""Conditions: every predicate, nulls, text."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db.engine import (
    FALSE,
    TRUE,
    And,
    Col,
    Contains,
    Eq,
    EqFold,
    Ge,
    Gt,
    In,
    Le,
    Lt,
    Ne,
    NotIn,
    Or,
    Order,
    Predicate,
    Query,
    Regexp,
    all_of,
    any_of,
)
from nova_db.engine.regexp import compile_pattern
from nova_db_conformance.engine.cases import PrimitivesTestCase

NOON = dt.datetime(2013, 4, 1, 12)
TICK = dt.timedelta(microseconds=1)


class PredicatesTestCase(PrimitivesTestCase):
    """A test that fills one column of instances with values, null first, and looks which rows a predicate finds."""

    def fill(self, column: str, *values: Any) -> None:
        """Insert an instance for null (id 1) and one for each value (ids from 2)."""
        self.insert("instances", *({"id": key, column: value} for key, value in enumerate((None, *values), start=1)))
        self.values = (None, *values)

    def assertMatches(self, predicate: Predicate, *expected: Any) -> None:
        """Check which of the values are found, in every place where a condition may stand."""
        found = [self.values[key - 1] for key in self.ids("instances", predicate)]
        self.assertEqual(list(expected), found, f"{predicate} over {self.values}")
        self.assertCounted("instances", predicate, len(expected))


class TestComparison(PredicatesTestCase):
    """Comparing a column with a value, or with several."""

    def test_equal(self) -> None:
        self.fill("vcpus", 1, 2, 2)
        self.assertMatches(Eq("vcpus", 2), 2, 2)
        self.assertMatches(Eq("vcpus", 3))

    def test_null(self) -> None:
        self.fill("vcpus", 0, 1)
        self.assertMatches(Eq("vcpus", None), None)
        self.assertMatches(Ne("vcpus", None), 0, 1)

    def test_unequal_leaves_nulls_out(self) -> None:
        self.fill("vcpus", 0, 1)
        self.assertMatches(Ne("vcpus", 1), 0)
        self.assertMatches(Ne("vcpus", 5), 0, 1)

    def test_equal_to_another_column(self) -> None:
        self.insert(
            "instances", *({"host": a, "node": b} for a, b in (("x", "x"), ("x", "y"), (None, None), ("x", None)))
        )
        self.assertEqual([1], self.ids("instances", Eq("host", Col("node"))))
        self.assertEqual([], self.ids("instances", Eq("deleted", Col("id"))))

    def test_among(self) -> None:
        self.fill("vcpus", 0, 1, 2)
        self.assertMatches(In("vcpus", [2, 0, 7]), 0, 2)
        self.assertMatches(In("vcpus", [1]), 1)
        self.assertMatches(In("vcpus", [1, 1]), 1)

    def test_among_nothing(self) -> None:
        self.fill("vcpus", 0)
        self.assertMatches(In("vcpus", []))
        self.assertMatches(all_of(In("vcpus", []), Eq("vcpus", 0)))
        self.assertMatches(any_of(In("vcpus", []), Eq("vcpus", 0)), 0)

    def test_null_is_never_among(self) -> None:
        self.fill("vcpus", 0)
        self.assertMatches(In("vcpus", [None, 0]), 0)
        self.assertMatches(In("vcpus", [None]))

    def test_not_among(self) -> None:
        self.fill("vcpus", 0, 1, 2)
        self.assertMatches(NotIn("vcpus", [1]), 0, 2)
        self.assertMatches(NotIn("vcpus", [5, 6]), 0, 1, 2)
        self.assertMatches(NotIn("vcpus", []), 0, 1, 2)

    def test_smaller_and_greater(self) -> None:
        self.fill("vcpus", -1, 0, 1)
        self.assertMatches(Lt("vcpus", 0), -1)
        self.assertMatches(Le("vcpus", 0), -1, 0)
        self.assertMatches(Gt("vcpus", 0), 1)
        self.assertMatches(Ge("vcpus", 0), 0, 1)

    def test_moments_to_the_microsecond(self) -> None:
        self.fill("launched_at", NOON - TICK, NOON, NOON + TICK)
        self.assertMatches(Eq("launched_at", NOON), NOON)
        self.assertMatches(In("launched_at", [NOON + TICK]), NOON + TICK)
        self.assertMatches(Lt("launched_at", NOON), NOON - TICK)
        self.assertMatches(Le("launched_at", NOON), NOON - TICK, NOON)
        self.assertMatches(Gt("launched_at", NOON), NOON + TICK)
        self.assertMatches(Ne("launched_at", NOON), NOON - TICK, NOON + TICK)

    def test_truth_values(self) -> None:
        self.fill("locked", False, True)
        self.assertMatches(Eq("locked", False), False)
        self.assertMatches(Eq("locked", True), True)
        self.assertMatches(Ne("locked", True), False)
        self.assertMatches(In("locked", [True, False]), False, True)
        self.assertMatches(NotIn("locked", [True]), False)

    def test_floats(self) -> None:
        flavor = {"memory_mb": 1, "vcpus": 1}
        self.insert("instance_types", *(flavor | {"rxtx_factor": value} for value in (0.1, 0.25, 1.0)))
        self.assertEqual([1], self.ids("instance_types", Eq("rxtx_factor", 0.1)))
        self.assertEqual([2, 3], self.ids("instance_types", Gt("rxtx_factor", 0.1)))

    def test_the_bounds_of_64_bits(self) -> None:
        bounds = (-(2**63), 2**63 - 1)
        self.insert("bw_usage_cache", *({"mac": "m", "start_period": NOON, "bw_in": value} for value in bounds))
        for key, value in enumerate(bounds, start=1):
            with self.subTest(key=key, value=value):
                self.assertEqual([key], self.ids("bw_usage_cache", Eq("bw_in", value)))
                self.assertEqual([key], self.ids("bw_usage_cache", In("bw_in", [value, 0])))

    def test_thousands_of_values(self) -> None:
        count = 5000
        uuids = [f"{number:036d}" for number in range(count)]
        self.insert("instances", *({"uuid": uuid, "vcpus": number} for number, uuid in enumerate(uuids)))
        odd = list(range(1, count, 2))
        self.assertEqual([number + 1 for number in odd], self.ids("instances", In("vcpus", odd)))
        self.assertEqual([number + 1 for number in odd], self.ids("instances", In("uuid", [uuids[n] for n in odd])))
        self.assertEqual(count // 2, len(self.ids("instances", NotIn("uuid", [uuids[n] for n in odd]))))
        with self.writer() as tx:
            self.assertEqual(count // 2, tx.update("instances", In("id", odd), {"host": "h"}))

    def test_several_long_lists_at_once(self) -> None:
        self.insert("instances", *({"vcpus": number % 3, "memory_mb": number} for number in range(300)))
        where = all_of(In("memory_mb", range(0, 300, 2)), In("vcpus", [0, 2]), NotIn("id", range(1, 200)))
        expected = [n + 1 for n in range(300) if n % 2 == 0 and n % 3 != 1 and n + 1 >= 200]
        self.assertEqual(expected, self.ids("instances", where))


class TestText(PredicatesTestCase):
    """Text: exact unless folding is asked for, ordered by code point, without special characters."""

    def test_equality_is_exact(self) -> None:
        self.fill("display_name", "a", "A", "a ", " a", "\u00e4", "\u00c4", "a\u0308", "")
        for value in self.values[1:]:
            with self.subTest(value=value):
                self.assertMatches(Eq("display_name", value), value)
                self.assertMatches(In("display_name", [value]), value)
        self.assertMatches(Ne("display_name", "a"), *self.values[2:])

    def test_empty_text_is_not_null(self) -> None:
        self.fill("display_name", "", "x")
        self.assertMatches(Eq("display_name", ""), "")
        self.assertMatches(Ne("display_name", ""), "x")
        self.assertMatches(Eq("display_name", None), None)

    def test_comparison_is_by_code_point(self) -> None:
        self.fill("display_name", "", "Z", "a", "\u00e4", "\uffee", "\U0001f600")
        self.assertMatches(Lt("display_name", "a"), "", "Z")
        self.assertMatches(Gt("display_name", "a"), "\u00e4", "\uffee", "\U0001f600")
        self.assertMatches(Gt("display_name", "\uffee"), "\U0001f600")
        self.assertMatches(Le("display_name", "\uffee"), "", "Z", "a", "\u00e4", "\uffee")
        self.assertMatches(Ge("display_name", ""), "", "Z", "a", "\u00e4", "\uffee", "\U0001f600")

    def test_quotes_and_backslashes_are_ordinary(self) -> None:
        self.fill("display_name", "'", '"', "\\", "\\'", "%s", ":x", "?", "a\nb", "'; --")
        for value in self.values[1:]:
            with self.subTest(value=value):
                self.assertMatches(Eq("display_name", value), value)

    def test_folding_equality(self) -> None:
        self.fill("display_name", "Host", "hOST", "hosts", "")
        self.assertMatches(EqFold("display_name", "HOST"), "Host", "hOST")
        self.assertMatches(EqFold("display_name", ""), "")

    def test_only_ascii_letters_are_folded(self) -> None:
        self.fill("display_name", "\u00c4a", "\u00e4A", "K", "\u212a", "\u0130", "i", "\u00df", "\U0001f600Z")
        self.assertMatches(EqFold("display_name", "\u00c4A"), "\u00c4a")
        self.assertMatches(EqFold("display_name", "\u00e4a"), "\u00e4A")
        self.assertMatches(EqFold("display_name", "k"), "K")
        self.assertMatches(EqFold("display_name", "\u212a"), "\u212a")
        self.assertMatches(EqFold("display_name", "I"), "i")
        self.assertMatches(EqFold("display_name", "SS"))
        self.assertMatches(EqFold("display_name", "\U0001f600z"), "\U0001f600Z")

    def test_containing(self) -> None:
        self.fill("display_name", "web-1", "my WEB", "we b", "")
        self.assertMatches(Contains("display_name", "Web"), "web-1", "my WEB")
        self.assertMatches(Contains("display_name", "web-10"))

    def test_everything_but_null_contains_nothing(self) -> None:
        self.fill("display_name", "", "x")
        self.assertMatches(Contains("display_name", ""), "", "x")

    def test_containing_folds_only_ascii_letters(self) -> None:
        self.fill("display_name", "x\u00c4Y", "x\u00e4y", "\u212a", "k\U0001f600")
        self.assertMatches(Contains("display_name", "\u00c4y"), "x\u00c4Y")
        self.assertMatches(Contains("display_name", "X\u00e4"), "x\u00e4y")
        self.assertMatches(Contains("display_name", "K"), "k\U0001f600")
        self.assertMatches(Contains("display_name", "K\U0001f600"), "k\U0001f600")

    def test_containing_knows_no_wildcards(self) -> None:
        for special in ("%", "_", "\\", "*", "?", "[", "]", "^", "[a]", "\\%", "!", "|", "'"):
            with self.subTest(special):
                self.engine.clear()
                self.fill("display_name", f"x{special}y", "xay", "x")
                self.assertMatches(Contains("display_name", special), f"x{special}y")


class TestRegexp(PrimitivesTestCase):
    """Regular expressions, which only ``select`` has to understand."""

    def matching(self, column: str, pattern: str, where: Predicate = TRUE, **parts: Any) -> list[int]:
        return self.ids("instances", all_of(Regexp(column, compile_pattern(pattern)), where), **parts)

    def test_matches_anywhere_with_case(self) -> None:
        self.insert("instances", *({"display_name": name} for name in ("web-1", "WEB-2", "my web", "")))
        self.assertEqual([1, 3], self.matching("display_name", "web"))
        self.assertEqual([1], self.matching("display_name", "^web"))
        self.assertEqual([1, 2, 3], self.matching("display_name", "(?i)web"))
        self.assertEqual([4], self.matching("display_name", "^$"))
        self.assertEqual([1, 2], self.matching("display_name", r"-\d$"))

    def test_null_never_matches(self) -> None:
        self.insert("instances", {"display_name": None}, {"display_name": "None"}, {"display_name": ""})
        self.assertEqual([2, 3], self.matching("display_name", ".*"))
        self.assertEqual([2], self.matching("display_name", "None"))

    def test_characters_beyond_ascii(self) -> None:
        self.insert("instances", *({"display_name": name} for name in ("\u00e4b", "\U0001f600b", "b")))
        self.assertEqual([1, 2], self.matching("display_name", "^.b"))
        self.assertEqual([2], self.matching("display_name", "\U0001f600"))

    def test_a_meaning_that_servers_do_not_share(self) -> None:
        self.insert("instances", *({"display_name": name} for name in ("a\nb", "a.b", "\u0663", "3")))
        self.assertEqual([2], self.matching("display_name", "^a.b$"))
        self.assertEqual([4], self.matching("display_name", r"^\d$"))
        self.assertEqual([4], self.matching("display_name", r"\b3\b"))

    def test_other_columns_match_by_their_text(self) -> None:
        self.insert(
            "instances",
            {"vcpus": 12, "locked": True, "launched_at": NOON},
            {"vcpus": 21, "locked": False, "launched_at": NOON + TICK},
            {},
        )
        self.assertEqual([1], self.matching("vcpus", "^1"))
        self.assertEqual([1], self.matching("locked", "1"))
        self.assertEqual([2], self.matching("launched_at", r"^2013-04-01 12:00:00\.000001$"))
        self.assertEqual([1], self.matching("launched_at", r"\.000000$"))

    def test_rows_are_matched_before_they_are_limited(self) -> None:
        self.insert("instances", *({"display_name": f"{'ab'[n % 2]}{n}", "vcpus": 9 - n} for n in range(10)))
        self.assertEqual([2, 4], self.matching("display_name", "^b", limit=2))
        self.assertEqual([10, 8], self.matching("display_name", "^b", order=(Order("vcpus"),), limit=2))
        self.assertEqual([6, 8], self.matching("display_name", "^b", after=(4,), limit=2))

    def test_columns_left_out_can_be_matched(self) -> None:
        self.insert("instances", {"display_name": "a", "host": "h"}, {"display_name": "b"})
        where = Regexp("display_name", compile_pattern("a"))
        self.assertEqual([{"host": "h"}], self.select("instances", where, columns=("host",)))

    def test_with_other_conditions(self) -> None:
        self.insert("instances", *({"display_name": name, "vcpus": n} for n, name in enumerate(("a", "ab", "b", None))))
        self.assertEqual([2], self.matching("display_name", "a", Eq("vcpus", 1)))
        self.assertEqual([2], self.matching("display_name", "a", Regexp("display_name", compile_pattern("b"))))
        either = any_of(Regexp("display_name", compile_pattern("^b")), Eq("vcpus", 3))
        self.assertEqual([3, 4], self.ids("instances", either))
        self.assertEqual([3], self.ids("instances", all_of(either, Lt("vcpus", 3)), limit=1))


class TestCombination(PrimitivesTestCase):
    """And, or, and the truth values of nulls."""

    def test_constants(self) -> None:
        self.insert("instances", {}, {})
        self.assertEqual([1, 2], self.ids("instances", TRUE))
        self.assertEqual([], self.ids("instances", all_of(TRUE, FALSE)))
        self.assertEqual([1, 2], self.ids("instances", any_of(Eq("id", 1), TRUE)))
        self.assertEqual([1], self.ids("instances", Or((FALSE, Eq("id", 1)))))
        self.assertEqual([1], self.ids("instances", And((TRUE, Eq("id", 1)))))

    def test_nesting(self) -> None:
        self.insert("instances", *({"host": h, "vcpus": v} for h in ("a", "b", None) for v in (1, 2, None)))
        where = any_of(
            all_of(Eq("host", "a"), Gt("vcpus", 1)), all_of(Eq("host", None), any_of(Eq("vcpus", None), Lt("vcpus", 2)))
        )
        self.assertEqual([2, 7, 9], self.ids("instances", where))

    def test_the_same_shape_with_other_values(self) -> None:
        self.insert("instances", *({"host": host} for host in "abc"))
        calls: list[tuple[str | None, list[int]]] = [("a", [1, 2]), ("b", [2]), ("c", list(range(1, 12)))]
        calls += [("c", [1]), ("a", []), (None, [3])]
        with self.reader() as tx:
            found = [tx.select(Query("instances", all_of(Eq("host", h), In("id", ids)))) for h, ids in calls]
        self.assertEqual([["a"], ["b"], ["c"], [], [], []], [[row["host"] for row in rows] for rows in found])

    def test_arguments_stay_as_they_are(self) -> None:
        values = ["a", None, "b", "a"]
        where = all_of(In("host", values), any_of(Eq("vcpus", None), Contains("node", "x")))
        shape, parameters = where.shape(), where.parameters()
        self.insert("instances", {"host": "a"})
        self.assertEqual([1], self.ids("instances", where))
        self.assertEqual(["a", None, "b", "a"], values)
        self.assertEqual((shape, parameters), (where.shape(), where.parameters()))
