"""Security groups: made, read, listed, counted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid, instance_values, rule_values, security_group_values

COMPLETE: dict[str, Any] = {
    "name": "web",
    "description": "Größe \U0001f600",
    "user_id": "u7",
    "project_id": "p7",
    "id": 7,
    "created_at": NOON - dt.timedelta(days=3),
    "updated_at": NOON - dt.timedelta(days=2),
    "deleted_at": NOON - dt.timedelta(days=1),
    "deleted": 0,
}


def names(groups: list[dict[str, Any]]) -> list[str]:
    """What the groups are called, in order."""
    return [group["name"] for group in groups]


class TestSecurityGroupCreate(ConformanceTestCase):
    """The columns of a group."""

    def test_every_column_is_stored_as_given(self) -> None:
        created = self.db.security_group_create(self.user, COMPLETE)
        self.assertShape(created, "security_groups", "rules")
        self.assertRecord(created, **COMPLETE, rules=[])
        self.assertRecord(self.db.security_group_get(self.admin, 7), **COMPLETE)

    def test_a_group_of_no_values_has_defaults_and_nothing_else(self) -> None:
        self.set_time(NOON)
        created = self.db.security_group_create(self.user, {"deleted": None, "created_at": None})
        given = {"id": 1, "created_at": NOON, "deleted": 0, "rules": []}
        self.assertRecord(created, **given)
        self.assertEqual({None}, {created[name] for name in created.keys() - given.keys()})

    def test_the_record_is_what_reading_the_group_gives(self) -> None:
        created = self.db.security_group_create(self.user, {"name": 5, "description": "", "project_id": "p1"})
        self.assertRecord(created, name="5", description="", project_id="p1", user_id=None)
        self.assertEqual([created], self.db.security_group_get_by_project(self.user, "p1"))

    def test_neither_the_name_nor_the_project_is_checked(self) -> None:
        made = [self.db.security_group_create(self.user, security_group_values(name="web")) for _ in range(2)]
        made += [self.db.security_group_create(self.user, {"name": "web", "project_id": "p2"})]
        self.assertIds(self.db.security_group_get_by_project(self.user, "p1"), made[:2])
        self.assertIds(self.db.security_group_get_by_project(self.user, "p2"), made[2:])

    def test_what_a_column_cannot_hold_is_refused(self) -> None:
        refused: list[tuple[str, Any]] = [
            *((name, "x" * 256) for name in ("name", "description", "user_id", "project_id")),
            ("name", "a\0b"),
            ("name", ["web"]),
            ("name", b"web"),
            ("created_at", "2013-03-01T12:00:00.000000"),
            ("deleted", 2**31),
            ("id", "one"),
        ]
        for column, value in refused:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="security_groups", columns=[column], value=value),
            ):
                self.db.security_group_create(self.user, {column: value})
        self.assertEqual({}, self.dump())

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for key, nearest in (("nam", "name"), ("project", "project_id")):
            with (
                self.subTest(key=key, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="security_groups", column=key, nearest=nearest),
            ):
                self.db.security_group_create(self.user, {"description": "x", key: "web"})
        for key in ("rules", "instances"):
            with self.subTest(key=key), self.raises(exceptions.UnknownColumn, table="security_groups", column=key):
                self.db.security_group_create(self.user, security_group_values(**{key: []}))
        self.assertEqual({}, self.dump())

    def test_a_taken_id_is_refused_also_if_a_deleted_group_has_it(self) -> None:
        gone, live = self.make.security_group(), self.make.security_group()
        self.db.security_group_destroy(self.admin, gone["id"])
        for taken in (gone["id"], live["id"]):
            with self.subTest(taken=taken):
                before = self.dump()
                with self.raises(exceptions.DBDuplicateEntry, table="security_groups", columns=["id"]):
                    self.db.security_group_create(self.user, {"id": taken})
                self.assertSameRows(before, "although the id was taken")

    def test_it_is_made_or_not(self) -> None:
        created = self.assertAtomic(lambda: self.db.security_group_create(self.user, security_group_values()))
        self.assertEqual(created, self.db.security_group_get_all(self.admin)[0])


class TestSecurityGroupGet(ConformanceTestCase):
    """One group by its id, or by its project and name."""

    def setUp(self) -> None:
        super().setUp()
        self.group = self.make.security_group(id=1, name="web")

    def get(self, read_deleted: str, group_id: int = 1) -> dict[str, Any]:
        return self.api.security_group_get(self.seeing(read_deleted), group_id)

    def test_it_has_its_rules_and_its_instances(self) -> None:
        for group in (
            self.db.security_group_get(self.user, 1),
            self.db.security_group_get_by_name(self.user, "p1", "web"),
        ):
            with self.subTest(group=group):
                self.assertShape(group, "security_groups", "rules", "instances")
                self.assertEqual({**self.group, "instances": []}, group)

    def test_the_id_may_be_text(self) -> None:
        for spelling in ("1", "01", True):
            with self.subTest(spelling=spelling):
                self.assertEqual(1, self.db.security_group_get(self.user, spelling)["id"])

    def test_what_is_no_id_finds_nothing(self) -> None:
        for value in NO_IDS:
            with (
                self.subTest(value=value),
                self.raises(exceptions.SecurityGroupNotFound, security_group_id=value, code=404),
            ):
                self.db.security_group_get(self.user, value)

    def test_a_user_sees_the_groups_of_the_project_alone(self) -> None:
        nobodys = self.make.security_group(project_id=None)
        for context, group in ((self.other, self.group), (self.user, nobodys)):
            with (
                self.subTest(context=context, group=group),
                self.raises(exceptions.SecurityGroupNotFound, security_group_id=group["id"]),
            ):
                self.db.security_group_get(context, group["id"])
        for group in (self.group, nobodys):
            with self.subTest(group=group):
                self.assertEqual(group["id"], self.db.security_group_get(self.admin, group["id"])["id"])
        self.assertEqual(1, self.db.security_group_get(self.context(user_id="u9"), 1)["id"])

    def test_read_deleted_decides_which_are_seen(self) -> None:
        gone = self.make.security_group()["id"]
        self.db.security_group_destroy(self.admin, gone)
        for read_deleted, group_id in (("no", 1), ("yes", 1), ("yes", gone), ("only", gone)):
            with self.subTest(read_deleted=read_deleted, group_id=group_id):
                self.assertEqual(group_id, self.get(read_deleted, group_id)["id"])
        for read_deleted, group_id in (("no", gone), ("only", 1)):
            with (
                self.subTest(read_deleted=read_deleted, group_id=group_id),
                self.raises(exceptions.SecurityGroupNotFound, security_group_id=group_id),
            ):
                self.get(read_deleted, group_id)

    def test_a_record_is_a_private_copy(self) -> None:
        self.make.security_group_rule(self.group, group_id=1)
        uuid = self.make.instance()["uuid"]
        self.db.instance_add_security_group(self.admin, uuid, 1)
        self.assertPrivate(lambda: self.db.security_group_get(self.user, 1))
        self.assertPrivate(lambda: self.db.security_group_get_by_name(self.user, "p1", "web"))

    def test_a_name_means_the_first_live_group_of_the_project(self) -> None:
        self.make.security_group(name="web")
        self.make.security_group(name="WEB")
        theirs = self.make.security_group(name="web", project_id="p2")
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                user = self.seeing(read_deleted, self.user)
                self.assertEqual(1, self.db.security_group_get_by_name(user, "p1", "web")["id"])
                self.assertEqual(theirs["id"], self.db.security_group_get_by_name(user, "p2", "web")["id"])
        self.db.security_group_destroy(self.admin, 1)
        self.assertEqual(2, self.db.security_group_get_by_name(self.seeing("yes"), "p1", "web")["id"])

    def test_names_and_projects_are_compared_as_they_are(self) -> None:
        self.make.security_group(id=10, name="5", project_id="6")
        self.make.security_group(id=11, name=None, project_id=None)
        numbers: tuple[Any, ...] = (6, 5)
        self.assertEqual(10, self.db.security_group_get_by_name(self.user, *numbers)["id"])
        self.assertEqual(11, self.db.security_group_get_by_name(self.user, None, None)["id"])
        missing: tuple[tuple[Any, Any], ...] = (
            ("p1", "Web"),
            ("p1", "web "),
            ("P1", "web"),
            ("p1", None),
            (None, "web"),
            ("p1", "web\0"),
            ("p1", "w%"),
            ("p1", ["web"]),
            ("p1", "x" * 300),
        )
        for project, name in missing:
            with self.subTest(project=project, name=name):
                with self.raises(
                    exceptions.SecurityGroupNotFoundForProject, project_id=project, security_group_id=name, code=404
                ):
                    self.db.security_group_get_by_name(self.user, project, name)
                self.assertIs(False, self.db.security_group_exists(self.user, project, name))

    def test_a_group_exists_as_long_as_its_name_finds_it(self) -> None:
        self.assertIs(True, self.db.security_group_exists(self.other, "p1", "web"))
        self.assertIs(False, self.db.security_group_exists(self.other, "p2", "web"))
        self.db.security_group_destroy(self.admin, 1)
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertIs(False, self.db.security_group_exists(self.seeing(read_deleted), "p1", "web"))


class TestSecurityGroupLists(ConformanceTestCase):
    """Groups of all projects, or of one, and how many there are."""

    def setUp(self) -> None:
        super().setUp()
        self.first, self.theirs, self.gone, self.last = (
            self.make.security_group(name=name, project_id=project)
            for name, project in (("z", "p1"), ("y", "p2"), ("x", "p1"), ("a", "p1"))
        )
        self.db.security_group_destroy(self.admin, self.gone["id"])

    def test_all_groups_are_those_of_every_project_by_id(self) -> None:
        for context in (self.user, self.other, self.admin):
            with self.subTest(context=context):
                self.assertEqual([self.first, self.theirs, self.last], self.db.security_group_get_all(context))

    def test_read_deleted_decides_which_of_all_are_listed(self) -> None:
        everything = [self.first, self.theirs, self.gone, self.last]
        self.assertIds(self.db.security_group_get_all(self.seeing("yes", self.user)), everything)
        self.assertIds(self.db.security_group_get_all(self.seeing("only", self.user)), [self.gone])

    def test_those_of_a_project_are_live_ones_for_whoever_asks(self) -> None:
        for read_deleted in ("no", "yes", "only"):
            for context in (self.user, self.other, self.admin):
                with self.subTest(read_deleted=read_deleted, context=context):
                    found = self.db.security_group_get_by_project(self.seeing(read_deleted, context), "p1")
                    self.assertEqual([self.first, self.last], found)
        self.assertEqual([], self.db.security_group_get_by_project(self.user, None))
        numbers: Any = 6
        made = [self.make.security_group(project_id=project) for project in (None, "6")]
        self.assertEqual(made[:1], self.db.security_group_get_by_project(self.user, None))
        self.assertEqual(made[1:], self.db.security_group_get_by_project(self.user, numbers))

    def test_the_count_of_a_project_is_that_of_its_live_groups(self) -> None:
        self.db.security_group_ensure_default(self.user)
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                count = self.db.security_group_count_by_project(self.seeing(read_deleted, self.user), "p1")
                self.assertEqual((3, int), (count, type(count)))
        self.assertEqual(1, self.db.security_group_count_by_project(self.admin, "p2"))
        self.assertEqual(0, self.db.security_group_count_by_project(self.admin, None))
        self.assertEqual(0, self.db.security_group_count_by_project(self.admin, "p"))

    def test_a_count_within_a_transaction_sees_what_that_has_written(self) -> None:
        with self.db.transaction(self.user) as session:
            self.make.security_group()
            self.assertEqual(3, self.db.security_group_count_by_project(self.user, "p1", session))
            self.assertEqual(3, self.db.security_group_count_by_project(self.user, "p1", session=session))
            self.assertEqual(3, self.db.security_group_count_by_project(self.user, "p1"))
        with self.raises(TypeError):
            self.db.security_group_count_by_project(self.user, "p1", session)
        self.assertEqual(3, self.db.security_group_count_by_project(self.user, "p1"))

    def test_lists_are_private_copies(self) -> None:
        self.make.security_group_rule(self.first, group_id=self.last["id"])
        self.assertPrivate(lambda: self.db.security_group_get_all(self.user))
        self.assertPrivate(lambda: self.db.security_group_get_by_project(self.user, "p1"))


class TestWhoMayUseSecurityGroups(ConformanceTestCase):
    """Checks come before anything else, and most of them let every user pass."""

    def setUp(self) -> None:
        super().setUp()
        self.nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=""))

    def refused(self, function: str, *args: Any) -> None:
        before = self.dump()
        self.assertNotAuthorized(self.nobodies, lambda context: getattr(self.db, function)(context, *args))
        self.assertSameRows(before, f"although {function} was refused")

    def test_groups_are_for_users_and_administrators(self) -> None:
        group = self.make.security_group()["id"]
        self.refused("security_group_get_all")
        self.refused("security_group_get", "x")
        self.refused("security_group_get_by_name", "p1", "x")
        self.refused("security_group_get_by_project", "p1")
        self.refused("security_group_get_by_instance", "x")
        self.refused("security_group_exists", "p1", "x")
        self.refused("security_group_in_use", group)
        self.refused("security_group_create", {"no column": 1})
        self.refused("security_group_ensure_default")
        self.refused("security_group_destroy", group)
        self.refused("security_group_count_by_project", None, "no session")
        self.refused("instance_remove_security_group", a_uuid(), group)

    def test_rules_are_for_users_and_administrators(self) -> None:
        rule = self.make.security_group_rule(self.make.security_group())["id"]
        self.refused("security_group_rule_create", {"no column": 1})
        self.refused("security_group_rule_get", "x")
        self.refused("security_group_rule_get_by_security_group", 1)
        self.refused("security_group_rule_get_by_security_group_grantee", 1)
        self.refused("security_group_rule_destroy", rule)
        self.refused("security_group_rule_count_by_group", 1)
        self.refused("security_group_default_rule_get", "x")
        self.refused("security_group_default_rule_list")

    def test_default_rules_are_written_by_administrators(self) -> None:
        rule = self.db.security_group_default_rule_create(self.admin, rule_values())["id"]
        before = self.dump()
        self.assertAdminOnly(lambda context: self.db.security_group_default_rule_create(context, {"no column": 1}))
        self.assertAdminOnly(lambda context: self.db.security_group_default_rule_destroy(context, rule))
        self.assertAdminOnly(lambda context: self.db.security_group_default_rule_destroy(context, "x"))
        self.assertSameRows(before, "although every call was refused")

    def test_a_user_counts_the_groups_of_the_own_project_alone(self) -> None:
        for project in ("p2", None, ""):
            with self.subTest(project=project):
                self.assertNotAuthorized(
                    [self.user],
                    lambda context, p=project: self.db.security_group_count_by_project(context, p),  # type: ignore[misc]
                )
        self.assertEqual(0, self.db.security_group_count_by_project(self.user, "p1"))

    def test_anyone_adds_an_instance_to_a_group(self) -> None:
        group = self.make.security_group()["id"]
        instance = self.db.instance_create(self.admin, instance_values())
        self.db.instance_add_security_group(self.nobody, instance["uuid"], group)
        self.assertIs(True, self.db.security_group_in_use(self.admin, group))
