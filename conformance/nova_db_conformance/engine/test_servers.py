"""Where servers differ by themselves: a test for each difference, so that answers are the same on all of them."""

from __future__ import annotations

import datetime as dt

from nova_db.engine import Add, Col, Contains, Eq, EqFold, Gt, IfChanged, In, Lt, Ne, NotIn, Order, Query
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBError
from nova_db_conformance.engine.cases import PrimitivesTestCase

EMOJI = "\U0001f600"
PRIVATE = "\uffee"
"""Before the emoji by code point, after it by the halves of UTF-16."""
NOON = dt.datetime(2013, 4, 1, 12)
MICROSECOND = dt.timedelta(microseconds=1)
LOOKALIKES = ("a", "A", "a ", " a", "\u00e4", "a\u0308", "a\u200b", "a\t", "\uff41", "")
"""Texts that one collation or another holds to be equal."""


class TestText(PrimitivesTestCase):
    """Text is equal only to itself, and sorts by code point."""

    def test_texts_that_look_alike_are_different(self) -> None:
        self.insert("services", *({"host": text} for text in LOOKALIKES))
        for number, text in enumerate(LOOKALIKES, 1):
            with self.subTest(text=text):
                self.assertEqual([number], self.ids("services", Eq("host", text)))
                self.assertEqual([number], self.ids("services", In("host", [text])))
                others = [each for each in range(1, len(LOOKALIKES) + 1) if each != number]
                self.assertEqual(others, self.ids("services", Ne("host", text)))
                self.assertEqual(others, self.ids("services", NotIn("host", [text])))

    def test_texts_that_look_alike_are_unique_each(self) -> None:
        self.insert("dns_domains", *({"domain": text} for text in LOOKALIKES))
        found = self.select("dns_domains", Eq("domain", "a "))
        self.assertEqual(["a "], [row["domain"] for row in found])
        self.assertRaises(DBDuplicateEntry, self.insert, "dns_domains", {"domain": "a "})

    def test_texts_that_look_alike_are_groups_each(self) -> None:
        self.insert("services", *({"host": text} for text in (*LOOKALIKES, *LOOKALIKES)))
        with self.reader() as tx:
            groups = tx.aggregate("services", group_by=("host",))
        self.assertEqual([(text, 2) for text in sorted(LOOKALIKES)], [(row["host"], row["count"]) for row in groups])

    def test_a_change_of_case_or_of_trailing_blanks_is_a_change(self) -> None:
        for before, after in (("a", "A"), ("a", "a "), ("a ", "a"), ("", " "), (None, ""), ("", None)):
            with self.subTest(before=before, after=after):
                (row,) = self.insert("services", {"host": before, "updated_at": None})
                with self.writer() as tx:
                    values = {"host": after, "updated_at": IfChanged(NOON)}
                    (found,) = tx.update_returning(Query("services", Eq("id", row["id"])), values)
                self.assertEqual((after, NOON), (found["host"], found["updated_at"]))
                self.assertEqual([found], self.select("services", Eq("id", row["id"])))

    def test_order_is_by_code_point_emoji_included(self) -> None:
        texts = ["", " ", "A", "Z", "_", "a", "a ", "a!", "z", "\u00c4", "\u00e4", PRIVATE, EMOJI]
        self.insert("services", *({"host": text} for text in reversed(texts)))
        found = [row["host"] for row in self.select("services", order=(Order("host"),))]
        self.assertEqual(texts, found)
        self.assertEqual([EMOJI], [row["host"] for row in self.select("services", Gt("host", PRIVATE))])
        self.assertEqual(["", " ", "A", "Z", "_"], sorted(r["host"] for r in self.select("services", Lt("host", "a"))))

    def test_like_s_metacharacters_backslashes_and_quotes_are_ordinary(self) -> None:
        texts = ["%", "_", "\\", "\\%", "'", '"', "`", "[a]", "%s", "%(p0)s", "?", ":p0", "$1", ";--", "\\'"]
        self.insert("services", *({"host": f"<{text}>"} for text in texts), {"host": "<x>"})
        for number, text in enumerate(texts, 1):
            with self.subTest(text=text):
                self.assertEqual([number], self.ids("services", Eq("host", f"<{text}>")))
                self.assertEqual([number], self.ids("services", Contains("host", f"<{text}>")))
                self.assertEqual([number], self.ids("services", EqFold("host", f"<{text}>")))

    def test_only_ascii_letters_fold(self) -> None:
        texts = ["STRASSE", "Stra\u00dfe", "\u00c4", "\u00e4", "\u0130", "i", "I", "\u212a", "k", "\u3240", "\u00c9"]
        self.insert("services", *({"host": text} for text in texts))
        for text in texts:
            with self.subTest(text=text):
                folded = "".join(letter.lower() if letter.isascii() else letter for letter in text)
                expected = [
                    number
                    for number, each in enumerate(texts, 1)
                    if "".join(letter.lower() if letter.isascii() else letter for letter in each) == folded
                ]
                self.assertEqual(expected, self.ids("services", EqFold("host", text)))
                self.assertEqual(expected, self.ids("services", Contains("host", text)))


class TestNumbersAndMoments(PrimitivesTestCase):
    """Numbers have their ranges, moments their microseconds, truth values two values, and nulls come first."""

    def test_moments_differ_by_a_microsecond(self) -> None:
        moments = [NOON - MICROSECOND, NOON, NOON + MICROSECOND]
        self.insert("instances", *({"launched_at": moment} for moment in reversed(moments)))
        self.assertEqual([2], self.ids("instances", Eq("launched_at", NOON)))
        self.assertEqual([1], self.ids("instances", Gt("launched_at", NOON)))
        self.assertEqual([3, 2, 1], self.ids("instances", order=(Order("launched_at"),)))

    def test_nulls_are_smaller_than_everything(self) -> None:
        self.insert("instances", {"host": ""}, {"host": None}, {"host": "a"}, {"host": None})
        self.assertEqual([2, 4, 1, 3], self.ids("instances", order=(Order("host"),)))
        self.assertEqual([3, 1, 2, 4], self.ids("instances", order=(Order("host", descending=True),)))

    def test_a_number_beyond_the_column_equals_nothing(self) -> None:
        self.insert("instances", {"vcpus": 2**31 - 1}, {"vcpus": -(2**31)}, {"vcpus": 0})
        for number in (2**31, 2**32, 2**40, 2**63 - 1, -(2**31) - 1, -(2**63)):
            with self.subTest(number=number):
                self.assertEqual([], self.ids("instances", Eq("vcpus", number)))
                self.assertEqual([], self.ids("instances", In("vcpus", [number])))
                self.assertEqual([3], self.ids("instances", In("vcpus", [number, 0])))
                self.assertEqual([1, 2, 3], self.ids("instances", Ne("vcpus", number)))
                self.assertEqual([1, 2, 3] if number > 0 else [], self.ids("instances", Lt("vcpus", number)))

    def test_a_sum_beyond_the_column_is_an_error_and_changes_nothing(self) -> None:
        for table, column, most in (("services", "report_count", 2**31 - 1), ("bw_usage_cache", "bw_in", 2**63 - 1)):
            given = {"mac": "m", "start_period": NOON} if table == "bw_usage_cache" else {}
            for start, number in ((most, 1), (-most - 1, -1), (most - 5, 6)):
                with self.subTest(table=table, start=start):
                    (row,) = self.insert(table, {column: start, **given})
                    with self.raises(DBDataError, table=table, columns=[column]), self.writer() as tx:
                        tx.update(table, Eq("id", row["id"]), {column: Add(number)})
                    self.assertEqual([row], self.select(table, Eq("id", row["id"])))

    def test_an_id_of_zero_is_zero(self) -> None:
        (row,) = self.insert("instance_id_mappings", {"id": 0, "uuid": "a"})
        self.assertEqual(0, row["id"])
        self.assertEqual([0], self.ids("instance_id_mappings"))
        self.assertGreater(self.insert("instance_id_mappings", {"uuid": "b"})[0]["id"], 0)

    def test_truth_values_are_not_numbers(self) -> None:
        self.insert("services", {"disabled": True}, {"disabled": False})
        for row, value in zip(self.select("services"), (True, False), strict=True):
            with self.subTest(row=row, value=value):
                self.assertIs(value, row["disabled"])
        with self.writer() as tx:
            (found,) = tx.update_returning(Query("services", Eq("disabled", True)), {"disabled": False})
        self.assertIs(False, found["disabled"])

    def test_addresses_are_stored_as_they_are_written(self) -> None:
        spellings = ["::1", "::ffff:10.0.0.1", "10.0.0.1", "010.0.0.1", "10.0.0.1/32", "10.0.0.1/24", "fe80::1%eth0"]
        self.insert("fixed_ips", *({"address": text} for text in spellings))
        for number, text in enumerate(spellings, 1):
            with self.subTest(number=number, text=text):
                self.assertEqual([number], self.ids("fixed_ips", Eq("address", text)))
        self.assertEqual(spellings, [row["address"] for row in self.select("fixed_ips")])


class TestStatements(PrimitivesTestCase):
    """What a statement does with rows that match."""

    def test_assignments_see_the_row_as_it_was(self) -> None:
        (row,) = self.insert("instances", {"host": "old", "node": "n", "vcpus": 1, "memory_mb": 5})
        with self.writer() as tx:
            values = {"host": "new", "node": Col("host"), "updated_at": IfChanged(NOON), "vcpus": Add(1)}
            self.assertEqual(1, tx.update("instances", Eq("id", row["id"]), values))
        expected = row | {"host": "new", "node": "old", "updated_at": NOON, "vcpus": 2}
        self.assertEqual([expected], self.select("instances"))

    def test_two_columns_swap(self) -> None:
        (row,) = self.insert("instances", {"host": "a", "node": "b"})
        with self.writer() as tx:
            query = Query("instances", Eq("id", row["id"]))
            (found,) = tx.update_returning(query, {"host": Col("node"), "node": Col("host")})
        self.assertEqual(row | {"host": "b", "node": "a"}, found)
        self.assertEqual([found], self.select("instances"))

    def test_rows_count_that_have_the_values_already(self) -> None:
        rows = self.insert("services", {"host": "a"}, {"host": "b"})
        with self.writer() as tx:
            self.assertEqual(2, tx.update("services", In("id", [1, 2]), {"topic": None}))
            self.assertEqual(2, tx.update_each("services", [(row["id"], {"host": row["host"]}) for row in rows]))

    def test_a_failed_statement_among_many_changes_nothing(self) -> None:
        self.insert("dns_domains", {"domain": "taken"})
        with self.assertRaises(DBError), self.writer() as tx:
            new = [self.complete("dns_domains", domain=name) for name in ("a", "taken", "b")]
            tx.insert(("services", [self.complete("services")]), ("dns_domains", new))
        self.assertEqual([], self.select("services"))
        self.assertEqual(["taken"], [row["domain"] for row in self.select("dns_domains")])
