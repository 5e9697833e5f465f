"""What is told of values that cannot be stored, and of names that are no columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase


class TestMistakenValues(ConformanceTestCase):
    def test_a_computed_value_is_told_from_a_misspelt_column(self) -> None:
        made = self.make.instance()
        writes: list[Callable[[], Any]] = [
            lambda: self.db.instance_update(self.admin, made["uuid"], {"name": "x"}),
            lambda: self.db.instance_create(self.admin, {"name": "x"}),
        ]
        for number, write in enumerate(writes):
            with self.subTest(number=number):
                with self.raises(exceptions.UnknownColumn, table="instances", column="name", computed=True) as caught:
                    write()
                self.assertIn("it is computed", str(caught.exception))
                self.assertNotIn("did you mean", str(caught.exception))

    def test_what_cannot_be_sorted_by(self) -> None:
        for key, told in (("name", "name, which is computed"), ("nome", "nome, which is no column")):
            with self.subTest(key=key):
                with self.raises(exceptions.InvalidSortKey, key=key) as caught:
                    self.db.instance_get_all_by_filters(self.admin, {}, sort_key=key)
                self.assertIn(told, str(caught.exception))

    def test_what_is_like_no_name_has_no_neighbour(self) -> None:
        with self.raises(exceptions.UnknownColumn, column="qqq", nearest=None) as caught:
            self.db.instance_create(self.admin, {"qqq": 1})
        self.assertNotIn("did you mean", str(caught.exception))

    def test_the_text_that_does_not_fit_is_shown(self) -> None:
        long = "lots" * 100
        wrong: list[tuple[str, Any, str]] = [
            ("memory_mb", "lots", "expected an integer or its decimal text, not 'lots'"),
            ("memory_mb", long, f"expected an integer or its decimal text, not '{long[:40]}...'"),
            ("locked", "perhaps", "expected True, False, 1 or 0, not 'perhaps'"),
            ("launched_at", "today", "expected a datetime, not 'today'"),
            ("memory_mb", [1], "expected an integer or its decimal text, not a value of type list"),
        ]
        for column, value, told in wrong:
            with self.subTest(column=column, told=told):
                with self.raises(exceptions.DBDataError, columns=[column], value=value) as caught:
                    self.db.instance_create(self.admin, {column: value})
                self.assertEqual(f"instances.{column}: {told}", str(caught.exception))

    def test_a_pattern_is_told_once(self) -> None:
        for pattern in ("a(bc", "(?P<x", "[z-a]"):
            with self.subTest(pattern=pattern):
                with self.raises(exceptions.Invalid) as caught:
                    self.db.instance_get_all_by_filters(self.admin, {"display_name": pattern})
                self.assertEqual(1, str(caught.exception).count(pattern), str(caught.exception))
