"""Filters of columns that may hold a secret: no error shows what they ask for."""

from __future__ import annotations

import pickle
import traceback
from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase

SECRET = "S3CR3T"


class TestSecretFilters(ConformanceTestCase):
    def test_a_pattern_that_is_none_is_not_shown(self) -> None:
        patterns = [f"{SECRET}(", [f"{SECRET}(", "x"], SECRET * 10_000, f"{SECRET}\ud800"]
        for column in ("user_data", "key_data"):
            for pattern in patterns:
                with self.subTest(column=column, pattern=str(pattern)[:20]):
                    with self.assertRaises(exceptions.Invalid) as caught:
                        self.db.instance_get_all_by_filters(self.admin, {column: pattern})
                    error: Any = caught.exception
                    chain = [error, error.__cause__, error.__context__]
                    told = "".join(traceback.format_exception(error)) + repr(chain) + repr(error.args)
                    self.assertNotIn(SECRET.encode(), pickle.dumps(error))
                    self.assertNotIn(SECRET, told.replace(ascii(pattern), ""))
                    self.assertIn(f"*** for {column}", str(error))

    def test_a_value_that_is_no_text_is_in_no_error_of_the_chain(self) -> None:
        with self.assertRaises(exceptions.DBDataError) as caught:
            self.db.instance_create(self.admin, {"user_data": f"{SECRET}\ud800"})
        told = ""
        error: Any = caught.exception
        while error is not None:  # ends with the first error
            told += repr(error) + repr(error.args)
            error = error.__cause__ or error.__context__
        self.assertNotIn(SECRET, told)

    def test_one_for_another_column_is_named(self) -> None:
        with self.assertRaisesRegex(exceptions.Invalid, "node"):
            self.db.instance_get_all_by_filters(self.admin, {"hostname": "node("})
