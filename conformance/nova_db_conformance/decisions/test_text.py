"""Text that no database stores: halves of surrogate pairs and NUL characters, wherever text comes in.

Where it is stored the suite says so in the tests of values and of the engine; patterns are among the filters' tests.
"""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from nova_db import exceptions
from nova_db.constraints import constraint, equal_any, not_equal
from nova_db.driver import FUNCTIONS, Driver
from nova_db_conformance import decision
from nova_db_conformance.harness import values as f
from nova_db_conformance.harness.base import ConformanceTestCase

NOON = dt.datetime(2013, 3, 1, 12)
NO_TEXTS = ("\ud800", "a\udfffb", "\udc80\ud800", "a\0b")
NOBODYS = "nothing is called so"
"""Sound text that no row has."""
FILLERS: dict[str, Any] = {
    "int": 1,
    "float": 1,
    "Id": 1,
    "bool": False,
    "datetime": NOON,
    "Text": NOBODYS,
    "Uuid": NOBODYS,
    "Moment": NOON,
    "Seconds": 1,
    "str": NOBODYS,
    "Values": {},
    "Mapping[str, Any]": {},
    "Iterable[Uuid]": (),
    "Sequence[Uuid]": (),
    "Iterable[Values]": (),
}
NAMES = {
    **dict.fromkeys(("Text", "Id", "Uuid", "str"), "one"),
    **dict.fromkeys(("Iterable[Uuid]", "Sequence[Uuid]", "Iterable[str]", "Sequence[str]"), "several"),
}
"""The annotations of what rows are looked up by, and whether that is one text or several."""
WORDS = frozenset({"sort_key", "sort_dir", "read_deleted", "tablename", "columns_to_join"})
"""What is none of that: these choose from a few words."""


def foreign(project_id: str, **fields: Any) -> Any:
    """A context that nobody has checked when it was made."""
    return SimpleNamespace(**{"user_id": "u1", "is_admin": True, "read_deleted": "no", **fields}, project_id=project_id)


def arguments(name: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Arguments of a function, and which of them look rows up."""
    given, looked_up = {}, {}
    for each in list(inspect.signature(getattr(Driver, name)).parameters.values())[2:]:
        kind = str(each.annotation).removesuffix(" | None")
        if each.kind is each.VAR_KEYWORD or each.name in WORDS:
            continue
        if each.default is each.empty:
            given[each.name] = FILLERS.get(kind)
        if kind in NAMES:
            looked_up[each.name] = NAMES[kind]
    return given, looked_up


class TestLookUps(ConformanceTestCase):
    """What cannot be stored is found nowhere."""

    def outcome(self, name: str, given: dict[str, Any]) -> Any:
        """What a call returns, or the class of what it raises."""
        try:
            return getattr(self.db, name)(self.admin, **given)
        except Exception as error:  # noqa: BLE001 - which one it is, the caller compares
            return type(error)

    def look_ups(self) -> Iterator[tuple[str, str, Callable[[str], Any]]]:
        """Each function and argument that looks rows up by a text, as a call with that."""
        for name in FUNCTIONS:
            if "context" not in inspect.signature(getattr(Driver, name)).parameters:
                continue
            given, looked_up = arguments(name)
            for argument, kind in looked_up.items():
                yield name, argument, functools.partial(self.look_up, name, given, argument, kind)

    def look_up(self, name: str, given: dict[str, Any], argument: str, kind: str, text: str) -> Any:
        """The outcome of a look-up by a text."""
        return self.outcome(name, dict(given, **{argument: text if kind == "one" else [text]}))

    @decision(35)
    def test_it_is_answered_as_text_that_nobody_has_or_refused_as_what_cannot_be_stored(self) -> None:
        refused = (exceptions.DBDataError, exceptions.DBError, exceptions.Invalid)
        seen = 0
        for name, argument, call in self.look_ups():
            for text in NO_TEXTS:
                seen += 1
                with self.subTest(name=name, argument=argument, text=ascii(text)):
                    found = call(text)
                    if not (isinstance(found, type) and issubclass(found, refused)):
                        expected = ascii(call(NOBODYS)).replace(NOBODYS, ascii(text)[1:-1])
                        self.assertEqual(expected, ascii(found))
        self.assertGreater(seen, 1000)

    @decision(35)
    def test_filters_match_nothing(self) -> None:
        self.make.instance(metadata={"k": "v"}, system_metadata={"k": "v"})
        exact = ("project_id", "user_id", "image_ref", "vm_state", "instance_type_id", "uuid", "host", "task_state")
        for text in NO_TEXTS:
            filters: list[dict[str, Any]] = [{name: value} for name in exact for value in (text, [text], [text, "x"])]
            filters += [{"metadata": {text: "v"}}, {"metadata": {"k": text}}, {"system_metadata": [{"k": text}]}]
            for each in filters:
                with self.subTest(filters=ascii(each)):
                    self.assertEqual([], self.db.instance_get_all_by_filters(self.admin, each))
            with self.subTest(text=ascii(text)):
                self.assertEqual([], self.db.instance_type_get_all(self.admin, filters={"min_memory_mb": text}))
                with self.raises(exceptions.MarkerNotFound, marker=text):
                    self.db.instance_get_all_by_filters(self.admin, {}, marker=text)

    def test_a_constraint_holds_as_of_a_value_that_nothing_equals(self) -> None:
        for text in NO_TEXTS:
            uuid = self.make.instance(host="h")["uuid"]
            for condition in (equal_any(text), not_equal("h", text)):
                with self.subTest(text=ascii(text), condition=condition), self.raises(exceptions.ConstraintNotMet):
                    self.db.instance_destroy(self.admin, uuid, constraint(host=condition))
            with self.subTest(text=ascii(text)):
                self.db.instance_destroy(self.admin, uuid, constraint(host=equal_any(text, "h"), node=not_equal(text)))

    def test_what_it_is_called_in_an_error_can_be_written_down(self) -> None:
        for text in NO_TEXTS:
            with self.subTest(text=ascii(text)):
                error = self.assertRaises(exceptions.InstanceNotFound, self.db.instance_get_by_uuid, self.admin, text)
                self.assertEqual(text, error.kwargs["instance_id"])
                str(error).encode()


class TestProjects(ConformanceTestCase):
    """A project's name is part of the names under which writers wait for one another."""

    @decision(35)
    def test_what_is_written_for_it_is_refused(self) -> None:
        db, admin, expire = self.db, self.admin, NOON + dt.timedelta(days=1)
        self.make.network()
        self.set_option("osapi_compute_unique_server_name_scope", "project")
        calls: dict[tuple[str, str], Callable[[str], object]] = {
            ("quota_usages", "project_id"): lambda text: db.quota_reserve(
                admin, f.resources("cores"), {"cores": 1}, {"cores": 1}, expire, 0, 0, text
            ),
            ("quota_usages", "resource"): lambda text: db.quota_reserve(
                admin, f.resources(text), {text: 1}, {text: 1}, expire, 0, 0
            ),
            ("networks", "project_id"): lambda text: db.network_associate(admin, text),
            ("security_groups", "project_id"): lambda text: db.security_group_ensure_default(foreign(text)),
            ("instances", "hostname"): lambda text: db.instance_create(admin, f.instance_values(hostname=text)),
            ("block_device_mapping", "instance_uuid"): lambda text: db.block_device_mapping_update_or_create(
                admin, {"instance_uuid": text, "device_name": "vda", "virtual_name": "ami"}
            ),
            ("floating_ips", "address"): lambda text: db.floating_ip_create(admin, {"address": text}),
        }
        before = self.dump()
        for (table, column), call in calls.items():
            for text in NO_TEXTS:
                with self.subTest(table=table, column=column, text=ascii(text)):
                    with self.raises(exceptions.DBDataError, table=table, columns=[column], value=text):
                        call(text)
                    self.assertSameRows(before, "although nothing can be called so")

    @decision(35)
    def test_what_is_looked_up_for_it_is_not_there(self) -> None:
        self.make.instance()
        before = self.dump()
        for text in NO_TEXTS:
            context = foreign(text, is_admin=False)
            with self.subTest(text=ascii(text)):
                self.assertEqual([], self.db.instance_get_all(context))
                self.db.quota_destroy_all_by_project(self.admin, text)
                with self.raises(exceptions.QuotaUsageNotFound, project_id=text):
                    self.db.quota_usage_update(self.admin, text, "cores", in_use=1)
                with self.raises(ValueError):  # an administrator's context is made for what counts
                    self.db.quota_reserve(
                        context, {"cores": f.CountedResource("cores")}, {"cores": 1}, {"cores": 1}, NOON, 0, 0
                    )
                self.assertSameRows(before, "although there is nothing to change")
