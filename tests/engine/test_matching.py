"""Predicates as Python functions, text folding, text forms, patterns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest

from nova_db import exceptions
from nova_db.engine import FALSE, TRUE, Contains, Eq, EqFold, Exists, In, Ne, NotIn, Regexp, all_of, any_of
from nova_db.engine.matching import fold, matcher, translate
from nova_db.engine.regexp import compile_pattern, text_form


class TestMatcher:
    def test_a_row_is_tested(self) -> None:
        test = matcher(all_of(Eq("a", 1), any_of(In("b", "xy"), Eq("c", None))))
        assert test({"a": 1, "b": "x", "c": 0})
        assert test({"a": 1, "b": None, "c": None})
        assert not test({"a": 1, "b": "z", "c": 0})
        assert not test({"a": None, "b": "x", "c": None})

    def test_constants(self) -> None:
        assert matcher(TRUE)({})
        assert not matcher(FALSE)({})
        assert not matcher(In("a", []))({"a": None})

    def test_long_lists(self, subtests: pytest.Subtests) -> None:
        for count in (1, 7, 8, 5000):
            with subtests.test(count=count):
                assert matcher(In("a", range(count)))({"a": count - 1})
                assert not matcher(In("a", range(count)))({"a": count})
                assert matcher(NotIn("a", range(count)))({"a": count})
                assert not matcher(NotIn("a", range(count)))({"a": None})

    def test_a_shape_is_translated_once(self, subtests: pytest.Subtests) -> None:
        before = translate.cache_info().misses
        for value in range(5):
            with subtests.test(value=value):
                assert matcher(all_of(Eq("only_here", value), Ne("only_there", value)))(
                    {"only_here": value, "only_there": -1}
                )
        assert translate.cache_info().misses == before + 1

    def test_semijoins_probe_with_the_value_of_the_row(self) -> None:
        asked: list[tuple[str, str, Any]] = []

        def probe(table: str, column: str, value: Any) -> Iterable[dict[str, Any]]:
            asked.append((table, column, value))
            return [{"k": 1, "v": "x"}, {"k": 2, "v": "y"}]

        test = matcher(Exists("t", (("a", "k"), ("b", "v"))), probe)
        assert test({"a": 5, "b": "y"})
        assert not test({"a": 5, "b": "z"})
        assert not test({"a": None, "b": "y"})
        assert asked == [("t", "k", 5)] * 2

    def test_names_of_columns_are_only_names(self) -> None:
        name = "x'] or row['y"
        assert not matcher(Eq(name, 1))({name: 2, "y": 1})


class TestText:
    @pytest.mark.parametrize(
        "text, folded",
        [("ABCxyz09", "abcxyz09"), ("\u00c4A", "\u00c4a"), ("\u212aK", "\u212ak"), ("\u0130I", "\u0130i"), ("", "")],
    )
    def test_only_ascii_letters_are_folded(self, text: str, folded: str) -> None:
        assert fold(text) == folded
        assert matcher(EqFold("a", text))({"a": folded})
        assert matcher(Contains("a", folded))({"a": f"<{text}>"})

    @pytest.mark.parametrize(
        "value, text",
        [
            ("x", "x"),
            (5, "5"),
            (True, "1"),
            (False, "0"),
            (1.5, "1.5"),
            (dt.datetime(2013, 4, 1, 12), "2013-04-01 12:00:00.000000"),
            (dt.datetime(2013, 4, 1, 12, 0, 0, 5), "2013-04-01 12:00:00.000005"),
        ],
    )
    def test_the_text_that_patterns_search(self, value: Any, text: str) -> None:
        assert text_form(value) == text
        assert matcher(Regexp("a", compile_pattern(f"^{text}$".replace(".", r"\."))))({"a": value})


class TestPatterns:
    @pytest.mark.parametrize("pattern", ["(", "*a", r"(a)\1", "(?=a)", "[", "a**"])
    def test_what_is_no_pattern_is_invalid(self, pattern: str) -> None:
        with pytest.raises(exceptions.Invalid) as caught:
            compile_pattern(pattern)
        assert repr(pattern) in str(caught.value)

    def test_matching_takes_linear_time(self) -> None:
        assert not compile_pattern("(a+)+$").search("a" * 50_000 + "b")
        assert not compile_pattern("(a|aa)*b").search("a" * 50_000)
