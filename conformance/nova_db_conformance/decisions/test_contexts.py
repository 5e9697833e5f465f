"""Decisions on contexts: those of other makes, which nobody has checked, give no rights by mistake."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from nova_db import exceptions
from nova_db.driver import FUNCTIONS, Driver
from nova_db_conformance import decision
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.hostile.objects import OwnErrors, untouchable

CHECKED = 223
"""The functions that ask who is there before they do anything else."""


def foreign(is_admin: Any, **fields: Any) -> Any:
    """A context of another make."""
    return SimpleNamespace(**{"user_id": None, "project_id": None, "read_deleted": "no", **fields}, is_admin=is_admin)


class TestForeignContexts(ConformanceTestCase):
    """Any object with the four attributes is a context."""

    def calls(self) -> dict[str, Callable[[Any], Any]]:
        """Each function that takes a context and refuses a nobody, as a call with one."""
        found: dict[str, Callable[[Any], Any]] = {}
        for name in FUNCTIONS:
            parameters = list(inspect.signature(getattr(Driver, name)).parameters.values())[2:]
            needed = [
                each.name for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD
            ]

            def call(context: Any, name: str = name, needed: list[str] = needed) -> Any:
                return getattr(self.db, name)(context, *[None] * len(needed))

            try:
                call(foreign(False))
            except exceptions.NotAuthorized:
                found[name] = call
            except Exception:  # noqa: BLE001 - whatever the arguments are refused with: nobody was
                continue
        return found

    @decision(35)
    def test_rights_are_a_bool_or_there_are_none(self) -> None:
        calls = self.calls()
        self.assertGreaterEqual(len(calls), CHECKED)
        before = self.dump()
        values: tuple[Any, ...] = ("false", "", "0", 2, 0.0, [], None)
        for name, call in calls.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    error = self.assertRaises(TypeError, call, foreign(value))
                    self.assertIn("is_admin", str(error))
        self.assertSameRows(before, "although nobody had the right to write")

    def test_what_is_no_text_is_nobody_s_project(self) -> None:
        self.make.instance()
        self.make.instance(project_id="p2")
        projects: tuple[Any, ...] = (["p1", "p2"], ("p1",), {"p1"}, {"p1": 1}, b"p1", object(), "\ud800")
        for project in projects:
            user = foreign(False, user_id="u1", project_id=project)
            with self.subTest(project=ascii(project)):
                self.assertEqual([], self.db.instance_get_all(user))
                self.assertEqual([], self.db.instance_get_all_by_filters(user, {}))
                self.assertEqual([], self.db.instance_get_all_by_filters(user, {"project_id": "p1"}))

    @decision(35)
    def test_what_is_seen_is_one_of_three(self) -> None:
        values: tuple[Any, ...] = ("", "all", "NO", None, True, 0, 1.5, ["no"], object())
        for name, call in self.calls().items():
            for value in values:
                with self.subTest(name=name, value=type(value)):
                    error = self.assertRaises(ValueError, call, foreign(True, read_deleted=value))
                    self.assertIn(f"{name}(): read_deleted of a context must be", str(error))

    @decision(35)
    def test_nothing_of_an_unknown_object_is_run(self) -> None:
        self.make.instance()
        errors = OwnErrors()
        unknown = untouchable(errors, with_class=True)
        db = self.driver  # what checks calls looks at their arguments
        self.assertEqual([], db.instance_get_all(foreign(False, user_id="u1", project_id=unknown)))
        self.assertEqual(1, len(db.instance_get_all(foreign(False, user_id=unknown, project_id="p1"))))
        for context in (unknown, foreign(unknown)):
            with self.subTest(context=type(context)), self.raises(TypeError):
                db.instance_get_all(context)
        with self.raises(ValueError):
            db.instance_get_all(foreign(True, read_deleted=unknown))
        with self.raises(exceptions.NotAuthorized):
            db.quota_class_get_all_by_name(foreign(False, user_id="u1", project_id="p1", quota_class=unknown), "c1")
        self.assertEqual([], errors.touched)

    @decision(35)
    def test_zero_and_one_are_bools(self) -> None:
        mine = self.make.instance()
        self.make.instance(project_id="p2")
        user = foreign(0, user_id="u1", project_id="p1")
        self.assertEqual([mine["id"]], [found["id"] for found in self.db.instance_get_all(user)])
        self.assertEqual(2, len(self.db.instance_get_all(foreign(1))))
        with self.raises(exceptions.AdminRequired):
            self.db.service_get_all(user)
