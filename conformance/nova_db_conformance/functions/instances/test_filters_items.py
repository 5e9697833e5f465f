"""The filters of ``instance_get_all_by_filters`` on metadata and system metadata."""

from __future__ import annotations

from typing import Any

from nova_db_conformance.harness.base import ConformanceTestCase


class ItemFilters:
    """What holds for both kinds; see the classes below."""

    class Tests(ConformanceTestCase):
        """The tests, in a class inside a class so that nobody collects them here."""

        kind: str

        def instance(self, **items: Any) -> int:
            """An instance with these items; its id."""
            return int(self.make.instance(**{self.kind: items})["id"])

        def find(self, wanted: Any, **filters: Any) -> list[int]:
            filters[self.kind] = wanted
            return sorted(found["id"] for found in self.db.instance_get_all_by_filters(self.user, filters))

        def test_a_key_and_its_value_must_be_there(self) -> None:
            made = self.instance(a="1", b="2")
            other = self.instance(a="2")
            self.instance()
            self.assertEqual([made], self.find({"a": "1"}))
            self.assertEqual([other], self.find({"a": "2"}))
            self.assertEqual([], self.find({"a": "3"}))
            self.assertEqual([], self.find({"c": "1"}))

        def test_one_item_must_hold_both_the_key_and_the_value(self) -> None:
            self.instance(a="1", b="2")
            self.assertEqual([], self.find({"a": "2"}))
            self.assertEqual([], self.find({"b": "1"}))

        def test_all_pairs_must_be_there(self) -> None:
            both = self.instance(a="1", b="2")
            self.instance(a="1")
            self.instance(b="2", a="3")
            pairs: tuple[Any, ...] = ({"a": "1", "b": "2"}, [{"a": "1"}, {"b": "2"}], ({"a": "1"}, {}, {"b": "2"}))
            for wanted in pairs:
                with self.subTest(wanted=wanted):
                    self.assertEqual([both], self.find(wanted))
            self.assertEqual([], self.find([{"a": "1"}, {"a": "3"}]))

        def test_nothing_wanted_is_no_restriction(self) -> None:
            made = [self.instance(a="1"), self.instance()]
            nothing: tuple[Any, ...] = ({}, [], (), [{}], [{}, {}], None)
            for wanted in nothing:
                with self.subTest(wanted=wanted):
                    self.assertEqual(made, self.find(wanted))

        def test_keys_and_values_are_compared_exactly(self) -> None:
            made = self.instance(Key="Value", percent="%")
            self.assertEqual([made], self.find({"Key": "Value"}))
            for wanted in ({"key": "Value"}, {"Key": "value"}, {"Key": "Val.*"}, {"Ke_": "Value"}, {"Key": "Value "}):
                with self.subTest(wanted=wanted):
                    self.assertEqual([], self.find(wanted))
            self.assertEqual([], self.find({"Key": "%"}))

        def test_values_are_compared_in_stored_form(self) -> None:
            number = self.instance(n="5")
            true = self.instance(n=True)
            null = self.instance(n=None)
            self.instance(n="")
            self.assertEqual([number], self.find({"n": 5}))
            self.assertEqual([true], self.find({"n": True}))
            self.assertEqual([true], self.find({"n": "1"}))
            self.assertEqual([null], self.find({"n": None}))
            self.assertEqual([], self.find({"n": ["5"]}))

        def test_an_item_that_was_removed_does_not_count(self) -> None:
            made = self.make.instance(**{self.kind: {"a": "1", "b": "2"}})
            self.db.instance_update(self.user, made["uuid"], {self.kind: {"a": "3"}})
            self.assertEqual([made["id"]], self.find({"a": "3"}))
            self.assertEqual([], self.find({"a": "1"}))
            self.assertEqual([], self.find({"b": "2"}))
            for read_deleted in ("yes", "only"):
                with self.subTest(read_deleted=read_deleted):
                    seeing = self.seeing(read_deleted, self.user)
                    self.assertEqual([], self.db.instance_get_all_by_filters(seeing, {self.kind: {"b": "2"}}))

        def test_it_adds_to_other_filters(self) -> None:
            made = self.make.instance(host="h", **{self.kind: {"a": "1"}})["id"]
            self.make.instance(host="i", **{self.kind: {"a": "1"}})
            self.make.instance(host="h", **{self.kind: {"a": "2"}})
            self.assertEqual([made], self.find({"a": "1"}, host="h", hostname="^vm"))

        def test_the_items_of_others_do_not_count(self) -> None:
            self.instance(a="1")
            other = self.instance(b="2")
            self.assertEqual([other], self.find({"b": "2"}))
            self.assertEqual([], self.find({"a": "1", "b": "2"}))

        def test_an_instance_is_found_once(self) -> None:
            made = self.instance(a="1", b="1", c="1")
            self.assertEqual([made], self.find([{"a": "1"}, {"b": "1"}, {"a": "1"}]))

        def test_any_number_of_pairs(self) -> None:
            items = {f"k{number}": f"v{number}" for number in range(5000)}
            made = self.instance(**items)
            self.instance(**{**items, "k0": "other"})
            self.instance(**dict(list(items.items())[1:120]))
            wrong, absent = {"k4321": "v1"}, {"there": "no"}
            for count in (1, 2, 3, 25, 128, 1000, 5000):
                with self.subTest(count=count):
                    pairs = dict(list(items.items())[:count])
                    self.assertEqual([made], self.find(pairs))
                    self.assertEqual([made], self.find([pairs, {"k4321": "v4321"}, pairs]))
                    self.assertEqual([made], self.find([{key: value} for key, value in pairs.items()], host="host1"))
                    self.assertEqual([], self.find([pairs, wrong]))
                    self.assertEqual([], self.find([absent, pairs]))

        def test_many_pairs_with_one_key_want_as_many_values(self) -> None:
            self.instance(a="1", b="2", c="3", d="4")
            several: list[dict[str, str]] = [{"a": "1", "b": "2", "c": "3", "d": "4"}, {"a": "1"}, {"d": "5"}]
            self.assertEqual([], self.find(several))
            self.assertEqual([], self.find([{"d": "5"}, *several]))
            self.assertEqual([], self.find([{"a": str(number)} for number in range(9)]))

        def test_many_pairs_with_nulls_and_empty_texts(self) -> None:
            items: dict[str, Any] = {**dict.fromkeys("abc"), **dict.fromkeys("def", ""), "g": "null", "h": 7, "": "x"}
            made = self.instance(**items)
            self.instance(**{**items, "c": ""})
            self.instance(**{**items, "f": None})
            self.assertEqual([made], self.find(items))
            self.assertEqual([made], self.find(dict(reversed(items.items()))))
            for other in ({"g": None}, {"d": None}, {"a": ""}, {"a": "None"}, {None: "x"}, {"h": [7]}, {"h": "7 "}):
                with self.subTest(other=other):
                    self.assertEqual([], self.find([items, other]))

        def test_many_pairs_are_compared_exactly(self) -> None:
            odd = ('"', "\\", "1:a", "a,b", "{}", "'", "%s", "é", "\n", "A", "a", "a ", "\U0001f600", "NULL", "$1", "?")
            items = {f"k{text}": text for text in odd}
            made = self.instance(**items)
            self.assertEqual([made], self.find(items))
            for key, value in (("kA", "a"), ("ka", "A"), ("k", "aa"), ("k1", ":a:a"), ("kA ", "A"), ("K1:a", "1:a")):
                with self.subTest(key=key):
                    self.assertEqual([], self.find([items, {key: value}]))

        def test_many_pairs_beside_a_pattern(self) -> None:
            items = {f"k{number}": "v" for number in range(9)}
            made = [self.instance(**items), self.instance(**items)]
            self.instance(**{**items, "k8": "w"})
            self.assertEqual(made, self.find(items, hostname="^vm"))
            self.assertEqual([], self.find(items, hostname="^x"))

        def test_of_many_pairs_one_was_removed(self) -> None:
            items = {f"k{number}": "v" for number in range(9)}
            made = self.make.instance(**{self.kind: items})
            self.db.instance_update(self.user, made["uuid"], {self.kind: {**items, "k5": "w"}})
            self.assertEqual([], self.find(items))
            del items["k5"]
            self.assertEqual([made["id"]], self.find(items))
            self.db.instance_update(self.user, made["uuid"], {self.kind: {"k0": "v"}})
            self.assertEqual([], self.find(items))

        def test_it_is_given_in_mappings(self) -> None:
            wrong: tuple[Any, ...] = ("a", 5, ["a"], [("a", "1")], [{"a": "1"}, None], {"a"})
            for wanted in wrong:
                with self.subTest(wanted=wanted), self.raises(TypeError):
                    self.find(wanted)


class TestMetadataFilters(ItemFilters.Tests):
    """``metadata``: a deleted instance has none."""

    kind = "metadata"

    def test_the_metadata_of_a_deleted_instance_are_gone(self) -> None:
        made = self.make.instance(metadata={"a": "1"})
        self.db.instance_destroy(self.admin, made["uuid"])
        self.assertEqual([], self.find({"a": "1"}))


class TestSystemMetadataFilters(ItemFilters.Tests):
    """``system_metadata``: those of a deleted instance stay."""

    kind = "system_metadata"

    def test_the_system_metadata_of_a_deleted_instance_still_find_it(self) -> None:
        made = self.make.instance(system_metadata={"a": "1"})
        self.db.instance_destroy(self.admin, made["uuid"])
        self.assertEqual([made["id"]], self.find({"a": "1"}))
        self.assertEqual([], self.find({"a": "1"}, deleted=False))
