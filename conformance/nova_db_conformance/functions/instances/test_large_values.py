"""Texts of many megabytes: an update takes what a creation takes, and what is too long leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import instance_values

MEGABYTE: Final = 1 << 20
LONGEST: Final = "x" * (16 * MEGABYTE - 1)
"""All that the column holds; a server may take statements of less only, and then says so."""


class TestLongTexts(ConformanceTestCase):
    """User data and network information."""

    def setUp(self) -> None:
        super().setUp()
        self.instance = self.make.instance(user_data="short", metadata={"a": "b"})
        self.uuid: str = self.instance["uuid"]

    def assertUserData(self, text: str, **columns: Any) -> None:
        """Check what is stored of the instance, without showing it."""
        found = self.db.instance_get(self.admin, self.instance["id"])
        self.assertTrue(found.pop("user_data") == text, f"not the text of {len(text)} characters")
        self.assertRecord(found, **columns)

    def test_an_update_takes_what_a_creation_takes(self) -> None:
        for number, letter in enumerate("ab"):
            text = letter * (9 + 6 * number) * MEGABYTE
            with self.subTest(letter):
                made = self.db.instance_create(self.admin, instance_values(user_data=text))
                self.assertTrue(made["user_data"] == text)
                self.db.instance_update(self.admin, self.uuid, {"user_data": text, "host": letter})
                self.assertUserData(text, host=letter)
                self.db.instance_update_and_get_original(self.admin, self.uuid, {"user_data": text[1:]})
                self.assertUserData(text[1:], host=letter)

    def test_so_does_the_update_of_an_info_cache(self) -> None:
        text = "n" * 12 * MEGABYTE
        self.db.instance_info_cache_update(self.admin, self.uuid, {"network_info": text})
        found = self.db.instance_info_cache_get(self.admin, self.uuid)
        self.assertTrue(found["network_info"] == text)

    def test_a_time_moves_where_a_long_text_changes_and_nowhere_else(self) -> None:
        text = "u" * 9 * MEGABYTE
        self.set_time(NOON)
        self.db.instance_update(self.admin, self.uuid, {"user_data": text})
        now = self.advance(60)
        self.db.instance_update(self.admin, self.uuid, {"user_data": text, "host": "host1"})
        self.assertNotEqual(now, self.db.instance_get(self.admin, self.instance["id"])["updated_at"])
        self.db.instance_update(self.admin, self.uuid, {"user_data": text[1:]})
        self.assertUserData(text[1:], updated_at=now)

    def test_a_text_that_is_too_long_for_the_server_is_named_and_leaves_nothing(self) -> None:
        before = self.dump()
        changes, values = {"user_data": LONGEST, "metadata": {}}, instance_values(user_data=LONGEST)
        calls: dict[str, Callable[[], Any]] = {
            "update": lambda: self.db.instance_update(self.admin, self.uuid, changes),
            "create": lambda: self.db.instance_create(self.admin, values),
        }
        for name, write in calls.items():
            with self.subTest(name):
                try:
                    made = write()
                except exceptions.DBDataError as error:
                    self.assertEqual(("instances", ["user_data"]), (error.table, error.columns))
                    self.assertIs(LONGEST, error.value)
                    self.assertIn("instances.user_data", str(error))
                    self.assertSameRows(before, "although the text was refused")
                else:
                    self.assertTrue(made["user_data"] == LONGEST)
        self.db.instance_update(self.admin, self.uuid, {"user_data": "short again"})
        self.assertUserData("short again")
