"""Arguments that are too many, too few, or of names that a function does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nova_db.driver import EXTENSIONS, FUNCTIONS
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.hostile.right import parameters

TOO_MANY: tuple[tuple[Any, ...], dict[str, Any]] = ((None,) * 30, {})
UNKNOWN: tuple[tuple[Any, ...], dict[str, Any]] = ((), {"no_such_argument": 1})


class TestArgumentsThatDoNotFit(ConformanceTestCase):
    """As Python refuses them, whatever checks stand before a function."""

    def test_every_function_refuses_them(self) -> None:
        for name in sorted(set(FUNCTIONS) - set(EXTENSIONS)):
            for args, kwargs in (TOO_MANY, UNKNOWN):
                with self.subTest(function=name, args=len(args), names=list(kwargs)), self.assertRaises(TypeError):
                    getattr(self.db, name)(self.admin, *args, **kwargs)
        self.assertEqual({}, self.dump())

    def test_the_first_that_is_missing_is_named(self) -> None:
        for name, number, missing in _lacking():
            with self.subTest(function=name, given=number):
                with self.assertRaises(TypeError) as caught:
                    getattr(self.db, name)(self.admin, *[None] * number)
                self.assertIn(f"'{missing}'", str(caught.exception))


def _lacking() -> Iterator[tuple[str, int, str]]:
    """Each function with each number of arguments that is too small, and the argument that is missing first."""
    for name in sorted(set(FUNCTIONS) - set(EXTENSIONS)):
        for number, each in enumerate(parameters(name)):
            if each.default is each.empty and each.kind is not each.VAR_KEYWORD:
                yield name, number, each.name
