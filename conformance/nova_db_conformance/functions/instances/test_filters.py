"""The filters of ``instance_get_all_by_filters`` on columns; those on metadata are in a module of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.harness.base import ConformanceTestCase

NOON = dt.datetime(2013, 3, 1, 12, 0)
SECOND = dt.timedelta(seconds=1)
EXACT = ("project_id", "user_id", "image_ref", "vm_state", "uuid", "host", "task_state")
"""The text columns that are compared for equality."""


class FilterTestCase(ConformanceTestCase):
    """Instances with the ids 1, 2 ... in the order in which they are made."""

    def find(self, filters: dict[Any, Any], context: Any = None) -> list[int]:
        """The ids of the instances that match, sorted."""
        return sorted(found["id"] for found in self.db.instance_get_all_by_filters(context or self.admin, filters))

    def instances(self, column: str, *values: Any) -> list[int]:
        """Instances that have these values in a column; their ids."""
        return [self.make.instance(**{column: value})["id"] for value in values]


class TestExactFilters(FilterTestCase):
    """Columns that are compared for equality."""

    def test_no_filter_means_all_instances(self) -> None:
        ids = self.instances("host", "a", None)
        self.assertEqual(ids, self.find({}))

    def test_text_must_be_equal(self) -> None:
        for column in EXACT:
            with self.subTest(column=column):
                first, *others = self.instances(column, f"{column}.c", f"{column}xc", f"{column}.C", f"{column}.c ", "")
                self.assertEqual([first], self.find({column: f"{column}.c"}))
                self.assertEqual([], self.find({column: column}))
                self.assertEqual([], self.find({column: f"^{column}.c$"}))
                self.assertEqual([others[0]], self.find({column: f"{column}xc"}))

    def test_none_means_null_and_empty_text_itself(self) -> None:
        columns = [column for column in EXACT if column != "uuid"]
        for column in columns:
            with self.subTest(column=column):
                empty, null = (
                    self.make.instance(**{**dict.fromkeys(columns, "x"), column: value}) for value in ("", None)
                )
                self.assertEqual([null["id"]], self.find({column: None}))
                self.assertEqual([empty["id"]], self.find({column: ""}))

    def test_a_collection_means_any_of_its_members(self) -> None:
        for column in EXACT:
            with self.subTest(column=column):
                one, two, _ = self.instances(column, f"{column}-1", f"{column}-2", f"{column}-3")
                wanted = (f"{column}-1", f"{column}-2", "nothing like it")
                for collection in (list(wanted), wanted, set(wanted), frozenset(wanted)):
                    with self.subTest(collection=collection):
                        self.assertEqual([one, two], self.find({column: collection}))
                self.assertEqual([one], self.find({column: [f"{column}-1", f"{column}-1"]}))

    def test_an_empty_collection_matches_nothing(self) -> None:
        self.make.instance(host=None)
        for column in (*EXACT, "instance_type_id"):
            with self.subTest(column=column):
                collections: tuple[Any, ...] = ([], (), set(), frozenset())
                for empty in collections:
                    with self.subTest(empty=empty):
                        self.assertEqual([], self.find({column: empty}))

    def test_none_in_a_collection_matches_nothing(self) -> None:
        here, _ = self.instances("host", "host1", None)
        self.assertEqual([], self.find({"host": [None]}))
        self.assertEqual([here], self.find({"host": [None, "host1"]}))
        self.assertEqual([], self.find({"instance_type_id": (None,)}))

    def test_values_are_taken_in_the_type_of_the_column(self) -> None:
        five, six, null = self.instances("instance_type_id", 5, 6, None)
        self.assertEqual([five], self.find({"instance_type_id": "5"}))
        self.assertEqual([five, six], self.find({"instance_type_id": ["5", 6, "seven", 2.5, 2**70, ["x"]]}))
        self.assertEqual([null], self.find({"instance_type_id": None}))
        nothings: tuple[Any, ...] = ("five", 2.5, 2**70, "", {}, b"5")
        for nothing in nothings:
            with self.subTest(nothing=nothing):
                self.assertEqual([], self.find({"instance_type_id": nothing}))
        (number,) = self.instances("image_ref", "7")
        self.assertEqual([number], self.find({"image_ref": 7}))
        self.assertEqual([number], self.find({"image_ref": {7}}))
        self.assertEqual([], self.find({"image_ref": "x" * 300}))
        self.assertEqual([], self.find({"image_ref": "a\0b"}))

    def test_thousands_of_members_are_no_trouble(self) -> None:
        first, *_, last = self.instances("uuid", *[f"uuid-{number}" for number in range(5)])
        many = ["uuid-0", *[f"other-{number}" for number in range(40_000)], "uuid-4"]
        self.assertEqual([first, last], self.find({"uuid": many}))

    def test_all_filters_must_hold(self) -> None:
        both = self.make.instance(host="a", vm_state="active", hostname="web1")["id"]
        self.make.instance(host="a", vm_state="error", hostname="web2")
        self.make.instance(host="b", vm_state="active", hostname="web3")
        self.assertEqual([both], self.find({"host": "a", "vm_state": ["active", "x"], "hostname": "^web"}))
        self.assertEqual([], self.find({"host": "a", "vm_state": ["active", "x"], "hostname": "^db"}))

    def test_users_are_kept_to_their_project(self) -> None:
        mine, other, nobody = self.instances("project_id", "p1", "p2", None)
        for filters in ({}, {"project_id": "p2"}, {"project_id": None}, {"project_id": ["p1", "p2"]}):
            with self.subTest(filters=filters):
                self.assertEqual([mine], self.find(filters, self.user))
        self.assertEqual([other], self.find({"project_id": "p2"}))
        self.assertEqual([mine, other, nobody], self.find({}))
        self.assertEqual([], self.find({"uuid": self.db.instance_get(self.admin, other)["uuid"]}, self.user))

    def test_a_key_that_is_no_column_is_ignored(self) -> None:
        made = self.make.instance()["id"]
        words = ("name", "ip", "fixed_ip", "tenant_id", "status", "flavor", "all_tenants", "soft_deleted", "", 5, None)
        for key in (*words, "info_cache", "security_groups", "block_device_mapping", "injected_files", "__class__"):
            with self.subTest(key=key):
                self.assertEqual([made], self.find({key: "no such value"}))


class TestPatterns(FilterTestCase):
    """All other columns, which are searched for regular expressions."""

    def test_a_pattern_is_found_anywhere_in_the_text(self) -> None:
        for column in ("display_name", "display_description", "hostname", "reservation_id", "node", "launched_on"):
            with self.subTest(column=column):
                ids = self.instances(column, "qa-web", "qb-web-1", "qB-WEB", "qc", "qweb\nnext")
                one, two, upper, none, lines = ids
                for pattern, expected in (
                    ("q.-web", [one, two]),
                    ("^qa-web$", [one]),
                    ("q[ab]-w", [one, two]),
                    ("q(?i)b-web", [two, upper]),
                    ("q.*\\d", [two]),
                    ("^qc$|^qa", [one, none]),
                    ("qweb$", []),
                    ("qweb.next", []),
                    ("(?s)qweb.next", [lines]),
                    ("(?m)^qweb$", [lines]),
                    ("\\Aqweb\\nnext\\z", [lines]),
                ):
                    with self.subTest(pattern=pattern, expected=expected):
                        self.assertEqual(expected, self.find({column: pattern}), f"{column}: {pattern!r}")

    def test_an_empty_pattern_matches_all_text(self) -> None:
        empty, some, _ = self.instances("display_name", "", "x", None)
        self.assertEqual([empty, some], self.find({"display_name": ""}))
        self.assertEqual([empty], self.find({"display_name": "^$"}))

    @decision(15)
    def test_null_never_matches_a_pattern(self) -> None:
        null, text = self.instances("display_name", None, "None")
        for pattern in (".*", "", "^", "None", "[^x]"):
            with self.subTest(pattern=pattern):
                self.assertEqual([text], self.find({"display_name": pattern}))
        self.assertEqual([null], self.find({"display_name": None}))
        self.assertEqual([], self.find({"power_state": ".*"}))
        self.assertEqual([null, text], self.find({"power_state": None}))

    def test_the_text_of_numbers_is_searched(self) -> None:
        one, twelve, minus, _ = self.instances("power_state", 1, 12, -1, None)
        for pattern, expected in (
            ("1", [one, twelve, minus]),
            (1, [one, twelve, minus]),
            ("^1$", [one]),
            ("^1", [one, twelve]),
            ("^-", [minus]),
            ("\\d\\d", [twelve]),
            (2, [twelve]),
            ("1.0", []),
        ):
            with self.subTest(pattern=pattern, expected=expected):
                self.assertEqual(expected, self.find({"power_state": pattern}))
        self.assertEqual([one], self.find({"id": f"^{one}$"}))

    def test_the_text_of_times_and_booleans_is_searched(self) -> None:
        first, second = self.instances("launched_at", NOON, NOON.replace(microsecond=50))
        self.assertEqual([first, second], self.find({"launched_at": "^2013-03-01 12:00:00"}))
        self.assertEqual([second], self.find({"launched_at": r"\.000050$"}))
        self.assertEqual([first], self.find({"launched_at": r"00\.000000$"}))
        true, false = self.instances("auto_disk_config", True, False)
        self.assertEqual([true], self.find({"auto_disk_config": "1"}))
        self.assertEqual([false], self.find({"auto_disk_config": "^0$"}))
        self.assertEqual([], self.find({"auto_disk_config": "alse"}))

    def test_a_boolean_is_compared_for_equality(self) -> None:
        true, false, _ = self.instances("locked", True, False, None)
        self.assertEqual([true], self.find({"locked": True}))
        self.assertEqual([false], self.find({"locked": False}))
        on, off, _ = self.instances("power_state", 1, 0, 11)
        self.assertEqual([on], self.find({"power_state": True}))
        self.assertEqual([off], self.find({"power_state": False}))

    def test_the_text_of_addresses_is_that_stored(self) -> None:
        four, _ = self.instances("access_ip_v4", "10.0.0.1", "10.0.1.1")
        six, _ = self.instances("access_ip_v6", "2001:DB8:0::1", "fe80::1")
        self.assertEqual([four], self.find({"access_ip_v4": r"^10\.0\.0\."}))
        self.assertEqual([six], self.find({"access_ip_v6": "^2001:db8::1$"}))
        self.assertEqual([], self.find({"access_ip_v6": "DB8"}))

    def test_letters_beyond_ascii_match_as_they_are(self) -> None:
        large, small = self.instances("display_name", "Größe \U0001f600", "größe")
        self.assertEqual([large, small], self.find({"display_name": "röße"}))
        self.assertEqual([large], self.find({"display_name": "^Gr..e .$"}))
        self.assertEqual([small], self.find({"display_name": r"^gr\p{L}ße$"}))

    def test_signs_with_a_meaning_in_sql_have_none(self) -> None:
        made = self.instances("display_name", "100%", "a_b", "axb", "it's", '"x"', "back\\slash")
        for pattern, index in (("%", 0), ("a_b", 1), ("it's", 3), ('"', 4), (r"\\", 5)):
            with self.subTest(pattern=pattern, index=index):
                self.assertEqual([made[index]], self.find({"display_name": pattern}))

    def test_of_several_patterns_any_may_match(self) -> None:
        web, db, null = self.instances("hostname", "web1", "db1", None)
        for collection in (["^web", "^db"], ("^web", "^db"), {"^web", "^db"}, frozenset({"^web", "^db"})):
            with self.subTest(collection=collection):
                self.assertEqual([web, db], self.find({"hostname": collection}))
        self.assertEqual([db], self.find({"hostname": ["^d", "^x"]}))
        self.assertEqual([], self.find({"hostname": []}))
        self.assertNotIn(null, self.find({"hostname": ["", "None"]}))

    def test_a_member_that_is_no_text_is_compared_with_the_text(self) -> None:
        one, four, fourteen = self.instances("power_state", 1, 4, 14)
        self.assertEqual([one, four], self.find({"power_state": [4, 1]}))
        self.assertEqual([four, fourteen], self.find({"power_state": ["4"]}))
        self.assertEqual([four], self.find({"power_state": [4.5, {}, 4]}))
        five, _ = self.instances("hostname", "5", "55")
        self.assertEqual([five], self.find({"hostname": [5]}))

    @decision(15)
    def test_a_pattern_that_is_not_valid_is_named(self) -> None:
        self.make.instance(hostname="web")
        for pattern in ("(", "[a", "a{2,1}", "*", "(?P<x", r"\8", "(?<=a)b", r"(a)\1", "a(?=b)", "x{1001}"):
            with self.subTest(pattern=pattern):
                for value in (pattern, ["web", pattern]):
                    with self.subTest(value=value):
                        with self.raises(exceptions.Invalid) as caught:
                            self.find({"hostname": value})
                        self.assertIn(repr(pattern), str(caught.exception))
                with self.raises(exceptions.Invalid):
                    self.find({"host": [], "display_name": pattern})

    @decision(15)
    def test_hostile_patterns_do_no_harm(self) -> None:
        self.instances("display_name", "a" * 200 + "b", "c")
        for pattern in ("^(a+)+$", "(a|aa)+$", "(.*)*x"):  # a matcher that backtracks would not return
            with self.subTest(pattern=pattern):
                self.assertEqual([], self.find({"display_name": pattern}))

    @decision(15)
    def test_large_patterns_are_matched_or_named(self) -> None:
        made = self.instances("display_name", "a" * 255, "name17", "é\U0001f600", "")
        some: tuple[tuple[str, list[int]], ...] = (
            ("(" * 6000 + ")" * 6000, made),
            ("()" * 6000 + "7$", made[1:2]),
            ("(?P<x>" * 5 + "e" + ")" * 5, made[1:2]),
            ("(" * 3000 + "e" + ")" * 3000, made[1:2]),
            ("^(" + "|".join(f"name{number}" for number in range(2000)) + ")$", made[1:2]),
            ("[" + "".join(map(chr, range(0xE0, 0xE0 + 5000))) + "]", made[2:3]),
            ("^" + ".*" * 5000 + "7", made[1:2]),
            ("(a?){120}(a{5}){3}", made[:1]),
            ("(?i)NAME", made[1:2]),
            ("^[^\0]+$", made[:3]),
            ("\0", []),
            (r"^\PL*$|[\pM\pS]", made[2:]),
        )
        for pattern, expected in some:
            with self.subTest(pattern=pattern[:40]):
                self.assertEqual(expected, self.find({"display_name": pattern}))

    @decision(15)
    def test_a_pattern_that_is_too_large_is_named(self) -> None:
        self.instances("display_name", "a" * 255)
        for pattern in (
            "(a{1000}){1000}",
            "((a{10}){10}){1000}",
            r"\pL{1000}",
            r"\pL" * 400,
            r"\pL" * 10_000,
            "a" * 1_000_000,
            "a?" * 500_000,
            "(a" * 300_000 + ")" * 300_000,
            "x{1000}" * 4000,
            "x{1000}" * 100_000,
            "|".join(f"{number * 7919:x}" for number in range(200_000)),
        ):
            with self.subTest(pattern=pattern[:40]):
                with self.raises(exceptions.Invalid) as caught:
                    self.find({"display_name": pattern})
                self.assertIn(repr(pattern[:15])[:-1], str(caught.exception))
                self.assertLess(len(str(caught.exception)), 1000)

    @decision(35)
    def test_a_pattern_that_is_no_text_is_named(self) -> None:
        self.instances("display_name", "web")
        for pattern in ("\ud800", "web|\udfff", "[^\ud83d]"):
            for value in (pattern, ["web", pattern]):
                with self.subTest(value=value):
                    with self.raises(exceptions.Invalid) as caught:
                        self.find({"display_name": value})
                    self.assertIn(repr(pattern), str(caught.exception))

    @decision(15)
    def test_a_filter_finds_what_a_page_is_made_of(self) -> None:
        for number in range(20):
            hostname = f"web{number}" if number % 2 else f"db{number}"
            self.make.instance(hostname=hostname, created_at=NOON + number * SECOND)
        listing = self.db.instance_get_all_by_filters
        found = listing(self.admin, {"hostname": "^web"}, sort_dir="asc", limit=3)
        self.assertEqual(["web1", "web3", "web5"], [instance["hostname"] for instance in found])
        found = listing(self.admin, {"hostname": "^web"}, sort_dir="asc", limit=3, marker=found[-1]["uuid"])
        self.assertEqual(["web7", "web9", "web11"], [instance["hostname"] for instance in found])


class TestDeletedAndChangedFilters(FilterTestCase):
    """``deleted`` and ``changes-since``."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)

    def test_deleted_separates_what_is_gone_or_going_from_the_rest(self) -> None:
        live, going, none = self.instances("vm_state", "active", "soft-delete", None)
        gone = self.make.deleted_instance()["id"]
        gone_softly = self.make.deleted_instance(vm_state="soft-delete")["id"]
        everything = [live, going, none, gone, gone_softly]
        wanted: tuple[tuple[Any, list[int]], ...] = (
            (True, [going, gone, gone_softly]),
            (1, [going, gone, gone_softly]),
            ("0", [going, gone, gone_softly]),
            ("False", [going, gone, gone_softly]),
            (False, [live, none]),
            (0, [live, none]),
            (None, [live, none]),
            ("", [live, none]),
        )
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                for value, expected in wanted:
                    with self.subTest(value=value, expected=expected):
                        self.assertEqual(expected, self.find({"deleted": value}, self.seeing(read_deleted)))
                        self.assertEqual(expected, self.find({"deleted": value}, self.seeing(read_deleted, self.user)))
                self.assertEqual(everything, self.find({}, self.seeing(read_deleted)))

    def test_a_row_deleted_by_another_mark_is_neither(self) -> None:
        marked = self.make.instance(id=5, deleted=6)["id"]
        self.assertEqual([], self.find({"deleted": True}))
        self.assertEqual([], self.find({"deleted": False}))
        self.assertEqual([marked], self.find({}))

    def test_changes_since_keeps_what_was_updated_later(self) -> None:
        before, at, after, _ = self.instances("updated_at", NOON - SECOND, NOON, NOON + SECOND, None)
        self.assertEqual([after], self.find({"changes-since": NOON}))
        self.assertEqual([at, after], self.find({"changes-since": NOON - SECOND / 2}))
        self.assertEqual([before, at, after], self.find({"changes-since": NOON - 2 * SECOND}))
        self.assertEqual([], self.find({"changes-since": NOON + SECOND}))

    def test_changes_since_takes_any_time_zone(self) -> None:
        _, after = self.instances("updated_at", NOON, NOON + SECOND)
        for hours in (-5, 0, 2):
            with self.subTest(hours=hours):
                zone = dt.timezone(dt.timedelta(hours=hours))
                moment = NOON.replace(tzinfo=dt.UTC).astimezone(zone)
                self.assertEqual([after], self.find({"changes-since": moment}))

    def test_changes_since_is_given_as_a_datetime(self) -> None:
        for wrong in ("2013-03-01T12:00:00.000000", 5, None, NOON.date()):
            with self.subTest(wrong=wrong), self.raises(TypeError):
                self.find({"changes-since": wrong})

    def test_changes_since_says_nothing_about_deleted_instances(self) -> None:
        live = self.make.instance(updated_at=NOON)["id"]
        gone = self.make.deleted_instance(updated_at=NOON)["id"]
        since = {"changes-since": NOON - SECOND}
        self.assertEqual([live, gone], self.find(since))
        self.assertEqual([gone], self.find({**since, "deleted": True}))
        self.assertEqual([live], self.find({**since, "deleted": False}))

    def test_an_update_of_metadata_alone_is_no_change(self) -> None:
        instance = self.make.instance()
        self.advance(10)
        self.db.instance_update(self.admin, instance["uuid"], {"metadata": {"a": "b"}})
        self.assertEqual([], self.find({"changes-since": NOON}))
        self.db.instance_update(self.admin, instance["uuid"], {"progress": 1})
        self.assertEqual([instance["id"]], self.find({"changes-since": NOON}))
