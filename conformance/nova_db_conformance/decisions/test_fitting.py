"""Arguments that are too many, or of names that a function does not have."""

from __future__ import annotations

from typing import Any

from nova_db.driver import EXTENSIONS, FUNCTIONS
from nova_db_conformance.harness.base import ConformanceTestCase

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
