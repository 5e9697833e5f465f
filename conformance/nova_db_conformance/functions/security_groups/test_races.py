"""Races about security groups: one default group a project, one winner a destruction, and all of a group or nothing."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race
from nova_db_conformance.harness.values import a_number, instance_values, rule_values

PROTOCOLS = ["icmp", "tcp", "udp"]


class TestOneDefaultGroup(ConformanceTestCase):
    """However many callers are the first of a project, it gets one default group, which is never seen half-made."""

    def setUp(self) -> None:
        super().setUp()
        for protocol in PROTOCOLS:
            self.db.security_group_default_rule_create(self.admin, rule_values(protocol=protocol))
        self.user = self.context()

    def fresh(self, _: int) -> None:
        """Let the callers be users of a project that has no group."""
        self.user = self.context(project_id=f"fresh-{a_number()}")

    def ensure(self) -> tuple[bool, dict[str, Any]]:
        return self.api.security_group_ensure_default(self.user)

    def create(self) -> dict[str, Any]:
        return self.api.instance_create(self.user, instance_values(security_groups=["default"]))

    def groups(self) -> list[dict[str, Any]]:
        return self.api.security_group_get_by_project(self.admin, self.user.project_id)

    def assertComplete(self, *groups: dict[str, Any]) -> None:
        for group in groups:
            with self.subTest(group=group):
                self.assertEqual(PROTOCOLS, [rule["protocol"] for rule in group["rules"]])

    def test_one_of_all_callers_makes_it(self) -> None:
        def check(done: Round) -> None:
            (group,) = self.groups()
            self.assertEqual({False: 1, True: 7}, Counter(existed for existed, _ in done.results))
            self.assertEqual([group] * 8, [found for _, found in done.results])
            self.assertComplete(group)

        race(lambda _: self.ensure(), rounds=60, prepare=self.fresh, finish=check)

    def test_instances_that_are_created_meanwhile_join_the_same(self) -> None:
        def check(done: Round) -> None:
            (group,) = self.groups()
            ensured, created, looks = done.results[:3], done.results[3:6], done.results[6:]
            self.assertLessEqual([existed for existed, _ in ensured].count(False), 1)
            joined = [each for instance in created for each in instance["security_groups"]]
            seen = [*(found for _, found in ensured), *joined, *(each for found in looks for each in found)]
            self.assertEqual({group["id"]}, {each["id"] for each in seen})
            self.assertEqual(3, len(joined))
            self.assertComplete(group, *seen)
            members = self.db.security_group_get(self.admin, group["id"])["instances"]
            self.assertEqual(sorted(instance["uuid"] for instance in created), sorted(i["uuid"] for i in members))

        callers: list[Callable[[], object]] = [self.ensure] * 3 + [self.create] * 3 + [self.groups] * 2
        race(callers, rounds=40, prepare=self.fresh, finish=check)

    def test_instances_that_join_none_make_it_all_the_same(self) -> None:
        def create(_: int) -> dict[str, Any]:
            return self.api.instance_create(self.user, instance_values())

        def check(_: Round) -> None:
            (group,) = self.groups()
            self.assertComplete(group)

        race(create, rounds=30, prepare=self.fresh, finish=check)

    def test_who_made_it_is_told_so_even_if_others_destroy_it(self) -> None:
        def ensure() -> tuple[str, int]:
            existed, group = self.ensure()
            self.assertComplete(group)
            return ("found" if existed else "made"), group["id"]

        def destroy() -> tuple[str, int]:
            for group in self.groups():
                self.db.security_group_destroy(self.user, group["id"])
            return "destroyed", 0

        def check(done: Round) -> None:
            everything = [
                group["id"]
                for group in self.db.security_group_get_all(self.seeing("yes"))
                if group["project_id"] == self.user.project_id
            ]
            self.assertEqual(everything, sorted(number for told, number in done.results if told == "made"))
            self.assertLessEqual(len(self.groups()), 1)
            self.assertComplete(*self.groups())

        race([ensure] * 5 + [destroy] * 3, rounds=40, prepare=self.fresh, finish=check)

    def test_projects_do_not_mix(self) -> None:
        def ensure(number: int) -> tuple[bool, dict[str, Any]]:
            return self.api.security_group_ensure_default(
                self.context(project_id=f"{self.user.project_id}/{number % 4}")
            )

        def check(done: Round) -> None:
            self.assertEqual({False: 4, True: 4}, Counter(existed for existed, _ in done.results))
            for number, (_, group) in enumerate(done.results):
                with self.subTest(number=number, group=group):
                    self.assertRecord(group, project_id=f"{self.user.project_id}/{number % 4}")
                    self.assertComplete(group)

        race(ensure, rounds=40, prepare=self.fresh, finish=check)


class TestDestroyedOnce(ConformanceTestCase):
    """Of several that destroy the same rule one succeeds; a group and what belongs to it vanish together."""

    def test_one_of_all_callers_destroys_a_rule(self) -> None:
        group = self.make.security_group()
        rule: dict[str, Any] = {}

        def prepare(_: int) -> None:
            rule.update(self.make.security_group_rule(group))

        def check(done: Round) -> None:
            self.assertEqual([None], done.results)
            self.assertEqual([{"rule_id": rule["id"], "code": 404}] * 7, [error.kwargs for error in self.lost(done)])
            self.assertEqual(0, self.db.security_group_rule_count_by_group(self.admin, group["id"]))

        race(
            lambda _: self.db.security_group_rule_destroy(self.user, rule["id"]),
            rounds=80,
            prepare=prepare,
            finish=check,
            allow=exceptions.SecurityGroupNotFoundForRule,
        )

    def test_one_of_all_callers_destroys_a_default_rule(self) -> None:
        rule: dict[str, Any] = {}

        def prepare(_: int) -> None:
            rule.update(self.db.security_group_default_rule_create(self.admin, rule_values()))

        def check(done: Round) -> None:
            self.assertEqual([None], done.results)
            self.assertEqual([{"rule_id": rule["id"], "code": 400}] * 7, [error.kwargs for error in self.lost(done)])
            self.assertEqual([], self.db.security_group_default_rule_list(self.user))

        race(
            lambda _: self.db.security_group_default_rule_destroy(self.admin, rule["id"]),
            rounds=80,
            prepare=prepare,
            finish=check,
            allow=exceptions.SecurityGroupDefaultRuleNotFound,
        )

    def lost(self, done: Round) -> list[Any]:
        """The errors of a round."""
        return list(done.errors)

    def test_a_group_is_seen_whole_or_not_at_all(self) -> None:
        group: dict[str, Any] = {}
        instance = self.make.instance()
        seen: Counter[str] = Counter()

        def prepare(_: int) -> None:
            group.update(self.make.security_group())
            for _ in range(3):
                self.make.security_group_rule(group, group_id=group["id"])
            self.db.instance_add_security_group(self.admin, instance["uuid"], group["id"])

        def look() -> list[tuple[bool, int, int]]:
            found = [self.db.security_group_get(self.seeing("yes"), group["id"]) for _ in range(3)]
            return [(bool(each["deleted"]), len(each["rules"]), len(each["instances"])) for each in found]

        def check(done: Round) -> None:
            looks = [each for result in done.results if result for each in result]
            self.assertEqual([], [each for each in looks if each not in ((False, 3, 1), (True, 0, 0))])
            seen.update("gone" if deleted else "there" for deleted, _, _ in looks)
            self.assertEqual((True, 0, 0), look()[0])

        destroy = functools.partial(self._destroy, group)
        race([destroy] * 2 + [look] * 6, rounds=40, prepare=prepare, finish=check)
        self.assertEqual({"gone", "there"}, seen.keys())

    def test_groups_that_let_each_other_in_are_destroyed_at_once(self) -> None:
        groups: list[dict[str, Any]] = []

        def prepare(_: int) -> None:
            groups[:] = [self.make.security_group() for _ in range(4)]
            for group in groups:
                for other in reversed(groups):
                    self.make.security_group_rule(group, group_id=other["id"])

        def check(done: Round) -> None:
            self.assertEqual([None] * 8, done.results)
            for group in groups:
                with self.subTest(group=group):
                    gone = self.db.security_group_rule_get_by_security_group(self.seeing("yes"), group["id"])
                    self.assertEqual([True] * 4, [bool(rule["deleted"]) for rule in gone])

        race(lambda n: self._destroy(groups[n % 4]), rounds=15, prepare=prepare, finish=check)

    def _destroy(self, group: dict[str, Any]) -> None:
        self.db.security_group_destroy(self.user, group["id"])


class TestMembershipRaces(ConformanceTestCase):
    """An instance that many add to a group shows once; what one removes is gone."""

    def test_an_instance_that_all_add_is_a_member_once(self) -> None:
        group = self.make.security_group()
        uuid = self.make.instance()["uuid"]

        def prepare(_: int) -> None:
            self.db.instance_remove_security_group(self.admin, uuid, group["id"])
            self.assertIs(False, self.db.security_group_in_use(self.admin, group["id"]))

        def check(_: Round) -> None:
            members = self.db.security_group_get(self.admin, group["id"])["instances"]
            self.assertEqual([uuid], [instance["uuid"] for instance in members])
            self.assertEqual(1, len(self.live("security_group_instance_association")))

        race(
            lambda _: self.db.instance_add_security_group(self.admin, uuid, group["id"]),
            rounds=30,
            prepare=prepare,
            finish=check,
        )
