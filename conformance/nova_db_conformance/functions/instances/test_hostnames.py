"""Host names of instances, unique where the configuration asks for it."""

from __future__ import annotations

from typing import Any

import fixtures

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race
from nova_db_conformance.harness.values import instance_values

ROUNDS = 40
OPTION = "osapi_compute_unique_server_name_scope"


class HostnameTestCase(ConformanceTestCase):
    """Instances of user ``u1`` in project ``p1``."""

    def scope(self, scope: str) -> None:
        self.set_option(OPTION, scope)

    def create(self, hostname: Any, context: Any = None, **values: Any) -> dict[str, Any]:
        values = instance_values(hostname=hostname, **values)
        return self.api.instance_create(context or self.user, values)

    def assertTaken(self, name: str, hostname: str, context: Any = None, **values: Any) -> None:
        """Check that neither a new instance nor one that is renamed can have the host name."""
        instance = self.create("free", self.admin, **values)
        before = self.dump()
        with self.raises(exceptions.InstanceExists, name=name):
            self.create(hostname, context, metadata={"a": "b"}, **values)
        for update in (self.db.instance_update, self.db.instance_update_and_get_original):
            with self.subTest(update=update), self.raises(exceptions.InstanceExists, name=name):
                renamed = {"hostname": hostname, "host": "x", "metadata": {"a": "b"}}
                update(context or self.user, instance["uuid"], renamed)
        self.assertSameRows(before, "although the host name was taken")
        self.db.instance_destroy(self.admin, instance["uuid"])

    def assertFree(self, hostname: Any, context: Any = None, **values: Any) -> None:
        """Check that a new instance can have the host name, and one that is renamed, too."""
        context = context or self.user
        for update in (self.db.instance_update, self.db.instance_update_and_get_original):
            with self.subTest(update=update):
                created = self.create(hostname, context, **values)
                self.assertRecord(created, hostname=hostname)
                self.db.instance_destroy(self.admin, created["uuid"])
                instance = self.create("free", self.admin, **values)
                update(context, instance["uuid"], {"hostname": hostname})
                self.assertRecord(self.db.instance_destroy(self.admin, instance["uuid"]), hostname=hostname)


class TestUniqueHostnames(HostnameTestCase):
    """The option ``osapi_compute_unique_server_name_scope``, looked at by each call."""

    def test_host_names_need_not_be_unique(self) -> None:
        self.create("web")
        self.assertFree("web")

    def test_within_a_project(self) -> None:
        self.scope("project")
        self.create("Web")
        for hostname in ("Web", "web", "WEB"):
            with self.subTest(hostname=hostname):
                self.assertTaken("web", hostname)
        self.assertFree("web1")
        self.assertFree("web", self.other, project_id="p2")

    def test_everywhere(self) -> None:
        self.scope("global")
        self.create("Web")
        self.create("nobody's", self.admin, project_id=None)
        for hostname in ("Web", "wEb"):
            with self.subTest(hostname=hostname):
                self.assertTaken("web", hostname)
                self.assertTaken("web", hostname, self.other, project_id="p2")
                self.assertTaken("web", hostname, self.admin)
        self.assertTaken("nobody's", "Nobody's")
        self.assertFree("web1")

    def test_the_project_is_that_of_the_context(self) -> None:
        self.scope("project")
        self.create("web", project_id="p1")
        self.assertFree("web", self.admin, project_id="p1")
        self.assertTaken("web", "web", self.context(user_id="u3"))
        of_the_administrator = self.create("db", self.admin, project_id="padm")
        self.assertTaken("db", "DB", self.admin, project_id="p1")
        self.assertFree("db", project_id="p1")
        self.db.instance_destroy(self.admin, of_the_administrator["uuid"])
        self.assertFree("db", self.admin, project_id="p1")

    @decision(26)
    def test_only_ascii_letters_are_folded(self) -> None:
        self.scope("global")
        self.create("Ärger")
        self.assertFree("ärger")
        self.assertTaken("Ärger", "Ärger")
        self.assertTaken("Ärger", "ÄRGER")
        self.create("I")
        self.assertFree("\u0131")
        self.assertFree("\u0130")

    def test_signs_with_a_meaning_elsewhere_have_none(self) -> None:
        self.scope("global")
        self.create("a_b%c.*")
        self.assertFree("axbyc.*")
        self.assertFree("a_b%cxx")
        self.assertTaken("a_b%c.*", "A_B%C.*")

    def test_deleted_instances_do_not_count_whatever_is_visible(self) -> None:
        for scope in ("project", "global"):
            with self.subTest(scope=scope):
                self.scope(scope)
                gone = self.create("web")
                self.db.instance_destroy(self.user, gone["uuid"])
                for read_deleted in ("yes", "only"):
                    created = self.create("web", self.seeing(read_deleted, self.user))
                    self.db.instance_destroy(self.admin, created["uuid"])
                live = self.create("web")
                for read_deleted in ("yes", "only"):
                    with self.subTest(read_deleted=read_deleted), self.raises(exceptions.InstanceExists, name="web"):
                        self.create("web", self.seeing(read_deleted, self.user))
                self.db.instance_destroy(self.user, live["uuid"])

    def test_instances_that_are_only_marked_for_deletion_count(self) -> None:
        self.scope("global")
        self.create("web", vm_state="soft-delete")
        self.assertTaken("web", "web")

    def test_no_host_name_is_never_taken(self) -> None:
        for scope in ("project", "global"):
            with self.subTest(scope=scope):
                self.scope(scope)
                self.create(None)
                self.assertFree(None)
                values = instance_values()
                del values["hostname"]
                self.db.instance_create(self.user, values)

    def test_an_empty_host_name_is_one_like_any_other_but_for_who_has_none(self) -> None:
        self.scope("global")
        self.create("")
        self.assertTaken("", "")
        nameless = self.create(None)
        self.assertRecord(self.db.instance_update(self.user, nameless["uuid"], {"hostname": ""}), hostname="")

    def test_another_scope_is_warned_of_and_nothing_checked(self) -> None:
        log = self.useFixture(fixtures.FakeLogger("nova_db"))
        self.scope("universe")
        self.create("web")
        self.assertFree("web")
        self.assertIn("universe", log.output)
        self.assertIn(OPTION, log.output)

    def test_a_change_of_letter_case_is_always_free(self) -> None:
        twins = [self.create("web"), self.create("Web")]
        for scope in ("project", "global"):
            with self.subTest(scope=scope):
                self.scope(scope)
                for twin in twins:
                    for hostname in ("WEB", "wEB", "web"):
                        with self.subTest(twin=twin, hostname=hostname):
                            changed = self.db.instance_update(
                                self.user, twin["uuid"], {"hostname": hostname, "progress": 5}
                            )
                            self.assertRecord(changed, hostname=hostname, progress=5)

    def test_an_update_of_something_else_is_not_checked(self) -> None:
        twins = [self.create("web"), self.create("web")]
        self.scope("global")
        for twin in twins:
            with self.subTest(twin=twin):
                self.assertRecord(
                    self.db.instance_update(self.user, twin["uuid"], {"host": "x"}), hostname="web", host="x"
                )
                self.assertRecord(self.db.instance_update(self.user, twin["uuid"], {"hostname": None}), hostname=None)

    def test_a_host_name_is_free_again_once_its_instance_is_renamed(self) -> None:
        self.scope("project")
        instance = self.create("web")
        self.db.instance_update(self.user, instance["uuid"], {"hostname": "db"})
        self.assertFree("web")
        self.assertTaken("db", "db")

    def test_the_task_state_is_looked_at_before_the_host_name(self) -> None:
        self.scope("global")
        self.create("web")
        uuid = self.create("db", task_state="spawning")["uuid"]
        with self.raises(exceptions.UnexpectedTaskStateError, actual="spawning", expected=(None,)):
            self.db.instance_update(self.user, uuid, {"hostname": "web", "expected_task_state": None})

    def test_who_may_not_see_the_instance_does_not_learn_of_the_name(self) -> None:
        self.scope("global")
        self.create("web")
        uuid = self.create("db")["uuid"]
        with self.raises(exceptions.InstanceNotFound, instance_id=uuid):
            self.db.instance_update(self.other, uuid, {"hostname": "web"})


class TestRacesForHostnames(HostnameTestCase):
    """Eight callers, one name."""

    def races(self, scope: str) -> None:
        """Of eight callers that create or rename an instance one gets the name; the others get ``InstanceExists``."""
        self.scope(scope)
        mine = [self.create(f"own-{number}")["uuid"] for number in range(8)]
        holders: list[dict[str, Any]] = []

        def take(thread: int, number: int) -> Any:
            hostname = f"web-{number}" if thread % 2 else f"WEB-{number}"
            if thread < 4:
                return self.create(hostname)
            if thread < 6:
                return self.db.instance_update(self.user, mine[thread], {"hostname": hostname})
            return self.db.instance_update_and_get_original(self.user, mine[thread], {"hostname": hostname})[1]

        def finish(done: Round) -> None:
            self.assertEqual((1, 7), (len(done.results), len(done.errors)))
            self.assertEqual({f"web-{done.number}"}, {getattr(error, "kwargs", {})["name"] for error in done.errors})
            holders.extend(done.results)

        current: list[int] = []
        rounds = race(
            lambda thread: take(thread, current[-1]),
            rounds=ROUNDS,
            prepare=current.append,
            finish=finish,
            allow=exceptions.InstanceExists,
        )
        self.assertEqual(ROUNDS, len(rounds))
        live = self.db.instance_get_all_by_filters(self.user, {"hostname": "(?i)^web-"})
        names = [instance["hostname"].lower() for instance in live]
        self.assertEqual(len(names), len(set(names)))
        created = [holder["id"] for holder in holders if holder["uuid"] not in mine]
        self.assertEqual(set(), set(created) - {instance["id"] for instance in live})

    def test_a_name_goes_to_one_instance_of_a_project(self) -> None:
        self.races("project")

    def test_a_name_goes_to_one_instance_of_all(self) -> None:
        self.races("global")
