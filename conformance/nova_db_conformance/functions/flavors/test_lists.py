"""Lists of flavors: their order, who sees which, and the filters."""

from __future__ import annotations

from typing import Any

from nova_db_conformance.harness.base import ConformanceTestCase


class FlavorListTestCase(ConformanceTestCase):
    """Lists flavors by name."""

    def names(self, context: Any = None, **arguments: Any) -> list[str]:
        """The names of the flavors listed, for ``u1`` unless said otherwise."""
        return [flavor["name"] for flavor in self.db.instance_type_get_all(context or self.user, **arguments)]

    def filtered(self, context: Any = None, **filters: Any) -> list[str]:
        """The names of the flavors that meet filters."""
        return self.names(context, filters=filters)


class TestFlavorList(FlavorListTestCase):
    """What is listed without filters."""

    def test_there_is_nothing_in_a_new_database(self) -> None:
        self.assertEqual([], self.db.instance_type_get_all(self.user))
        self.assertEqual([], self.db.instance_type_get_all(self.seeing("yes"), True, {}))

    def test_flavors_come_whole_and_private(self) -> None:
        two = self.make.flavor(name="b", extra_specs={"a": "1", "b": None})
        one = self.make.flavor(name="a", extra_specs={"a": "2"}, disabled=True)
        three = self.make.flavor(name="c")
        self.db.instance_type_extra_specs_delete(self.admin, two["flavorid"], "b")
        two["extra_specs"] = {"a": "1"}
        found = self.db.instance_type_get_all(self.user)
        self.assertEqual([one, two, three], found)
        for flavor in found:
            with self.subTest(flavor=flavor):
                self.assertShape(flavor, "instance_types", "extra_specs")
        self.assertPrivate(lambda: self.db.instance_type_get_all(self.user))

    def test_they_come_by_name_in_the_order_of_code_points(self) -> None:
        names = ["b", "a", "Z", "ä", "A", "a1", "a-", "10", "9", "\U0001f600", "\uffee", "_", ""]
        for name in names:
            self.make.flavor(name=name)
        self.assertEqual(sorted(names), self.names())

    def test_flavors_of_one_name_come_by_id(self) -> None:
        ids = []
        for _ in range(3):
            self.make.flavor(name="b")
            self.db.instance_type_destroy(self.admin, "b")
            ids.append(self.make.flavor(name="a")["id"])
            self.db.instance_type_destroy(self.admin, "a")
        found = self.db.instance_type_get_all(self.user, inactive=True)
        self.assertEqual(["a"] * 3 + ["b"] * 3, [flavor["name"] for flavor in found])
        self.assertEqual(ids, [flavor["id"] for flavor in found[:3]])
        self.assertEqual(sorted(flavor["id"] for flavor in found[3:]), [flavor["id"] for flavor in found[3:]])

    def test_destroyed_ones_are_listed_only_if_asked_for_whatever_the_context_sees(self) -> None:
        self.make.flavor(name="live", extra_specs={"a": 1})
        gone = self.make.flavor(name="gone", extra_specs={"a": 1})
        self.db.instance_type_destroy(self.admin, "gone")
        for mode in ("no", "yes", "only"):
            for context in (self.seeing(mode), self.seeing(mode, self.user)):
                with self.subTest(mode=mode, context=context):
                    self.assertEqual(["live"], self.names(context))
                    self.assertEqual(["live"], self.names(context, inactive=False))
                    self.assertEqual(["gone", "live"], self.names(context, inactive=True))
                    [found, _] = self.db.instance_type_get_all(context, True)
                    self.assertRecord(found, id=gone["id"], deleted=gone["id"], extra_specs={})

    def test_users_see_public_flavors_and_those_that_their_project_was_given(self) -> None:
        for name, public in (("public", True), ("mine", False), ("hidden", False), ("taken", False), ("both", True)):
            self.make.flavor(name=name, flavorid=name, is_public=public)
        for flavorid in ("mine", "taken", "both"):
            self.db.instance_type_access_add(self.admin, flavorid, "p1")
        self.db.instance_type_access_add(self.admin, "hidden", "p3")
        self.db.instance_type_access_remove(self.admin, "taken", "p1")
        self.assertEqual(["both", "mine", "public"], self.names(self.user))
        self.assertEqual(["both", "public"], self.names(self.other))
        self.assertEqual(["both", "hidden", "mine", "public", "taken"], self.names(self.admin))
        self.db.instance_type_destroy(self.admin, "mine")
        self.assertEqual(["both", "mine", "public"], self.names(self.user, inactive=True))
        self.assertEqual(["both", "public"], self.names(self.other, inactive=True))

    def test_only_users_and_administrators_may_list(self) -> None:
        self.assertNotAuthorized(
            [self.nobody, self.context(project_id=None), self.context(user_id=None)], self.db.instance_type_get_all
        )


class TestFlavorFilters(FlavorListTestCase):
    """What is listed with filters."""

    def test_least_sizes(self) -> None:
        for name, memory, root in (("a", 512, 0), ("b", 1024, 10), ("c", 2048, 20), ("d", 2048, None)):
            self.make.flavor(name=name, memory_mb=memory, root_gb=root)
        for least, expected in ((0, "abcd"), (512, "abcd"), (513, "bcd"), ("1024", "bcd"), (2048, "cd"), (2049, "")):
            with self.subTest(least=least, expected=expected):
                self.assertEqual(list(expected), self.filtered(min_memory_mb=least), f"min_memory_mb {least!r}")
        for least, expected in ((0, "abc"), (-1, "abc"), (1, "bc"), ("10", "bc"), (11, "c"), (21, "")):
            with self.subTest(least=least, expected=expected):
                self.assertEqual(list(expected), self.filtered(min_root_gb=least), f"min_root_gb {least!r}")
        for name in ("min_memory_mb", "min_root_gb"):
            with self.subTest(name=name):
                self.assertEqual(list("abcd"), self.filtered(**{name: None}))
                for bad in (2**31, "many", "", b"1"):
                    with self.subTest(bad=bad):
                        self.assertEqual([], self.filtered(**{name: bad}), f"{name} {bad!r}")

    def test_disabled(self) -> None:
        self.make.flavor(name="on", disabled=False)
        self.make.flavor(name="off", disabled=True)
        for wanted, expected in ((True, ["off"]), (False, ["on"]), (1, ["off"]), (0, ["on"]), (7, []), (None, [])):
            with self.subTest(wanted=wanted, expected=expected):
                self.assertEqual(expected, self.filtered(disabled=wanted), f"disabled {wanted!r}")

    def test_several_filters_must_all_be_met(self) -> None:
        for name, memory, root, disabled in (
            ("a", 512, 10, False),
            ("b", 1024, 10, True),
            ("c", 1024, 5, False),
            ("d", 1024, 10, False),
        ):
            self.make.flavor(name=name, memory_mb=memory, root_gb=root, disabled=disabled)
        self.assertEqual(["d"], self.filtered(min_memory_mb=1024, min_root_gb=10, disabled=False, is_public=True))
        self.assertEqual(["b", "d"], self.filtered(min_memory_mb=1024, min_root_gb=10))
        self.assertEqual([], self.filtered(min_memory_mb=1024, min_root_gb=10, is_public=False))

    def test_other_keys_are_ignored(self) -> None:
        self.make.flavor(name="a")
        self.assertEqual(["a"], self.filtered(project_id="p9", name="b", vcpus=99, memory_mb=1, sort="x", deleted=1))
        self.assertEqual(["a"], self.filtered())
        self.assertEqual(["a"], self.names(filters=None))

    def test_they_apply_to_destroyed_flavors_too(self) -> None:
        for name, memory in (("a", 512), ("b", 1024)):
            self.make.flavor(name=name, memory_mb=memory)
            self.db.instance_type_destroy(self.admin, name)
        self.assertEqual(["b"], self.names(inactive=True, filters={"min_memory_mb": 1024}))

    def test_public(self) -> None:
        for name in ("mine", "hidden", "adms", "left"):
            self.make.flavor(name=name, flavorid=name, is_public=False)
        self.make.flavor(name="public", flavorid="public")
        given = [("mine", "p1"), ("adms", "padm"), ("left", "p1"), ("left", "padm"), ("public", "p1"), ("hidden", None)]
        for name, project in given:
            self.db.instance_type_access_add(self.admin, name, project)
        for project in ("p1", "padm"):
            self.db.instance_type_access_remove(self.admin, "left", project)
        everything = ["adms", "hidden", "left", "mine", "public"]
        without_project = self.context(project_id=None, is_admin=True)
        cases: list[tuple[Any, Any, list[str]]] = [
            (self.user, True, ["mine", "public"]),
            (self.user, False, ["mine"]),
            (self.user, None, ["mine", "public"]),
            (self.user, 1, ["mine", "public"]),
            (self.user, 0, ["mine"]),
            (self.other, True, ["public"]),
            (self.other, False, []),
            (self.admin, True, ["adms", "public"]),
            (self.admin, False, ["adms", "hidden", "left", "mine"]),
            (self.admin, None, everything),
            (without_project, True, ["public"]),
            (without_project, False, ["adms", "hidden", "left", "mine"]),
            (without_project, None, everything),
        ]
        for context, public, expected in cases:
            with self.subTest(project=context.project_id, is_public=public):
                self.assertEqual(expected, self.filtered(context, is_public=public))
        self.assertEqual(everything, self.filtered(self.admin))
