"""What callbacks get to count with: a context, a project, and the session of the reservation's transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from nova_db import exceptions
from nova_db_conformance.functions.reservations.cases import ReservationTestCase
from nova_db_conformance.harness.values import CountedResource, a_uuid, security_group_values


class SessionTestCase(ReservationTestCase):
    """Counts what there is of a project, as services do."""

    NAMES = ("instances", "cores", "ram", "floating_ips", "fixed_ips", "security_groups")

    def fill(self, project: str) -> None:
        """Give a project instances, addresses and groups, two of each."""
        for _ in range(2):
            instance = self.make.instance(project_id=project, vcpus=3, memory_mb=256)
            self.make.fixed_ip(instance_uuid=instance["uuid"])
            self.make.floating_ip(project_id=project)
            self.make.security_group(project_id=project)

    def counted(self, *, passing: bool) -> dict[str, CountedResource]:
        """Resources that are counted by the functions for that, with the session passed to them or not."""
        db = self.db

        def arguments(project: Any, session: Any) -> tuple[Any, ...]:
            return (project, session) if passing else (project,)

        def instances(context: Any, project: Any, session: Any) -> Mapping[str, int]:
            found = db.instance_data_get_for_project(context, *arguments(project, session))
            return dict(zip(("instances", "cores", "ram"), found, strict=True))

        def one(name: str, count: Callable[..., int]) -> CountedResource:
            return CountedResource(
                name, lambda context, project, session: {name: count(context, *arguments(project, session))}
            )

        together = CountedResource("instances", instances)
        return {
            "instances": together,
            "cores": together,
            "ram": together,
            "floating_ips": one("floating_ips", db.floating_ip_count_by_project),
            "fixed_ips": one("fixed_ips", db.fixed_ip_count_by_project),
            "security_groups": one("security_groups", db.security_group_count_by_project),
        }


class TestCallbacks(SessionTestCase):
    """What a callback is called with, and what it may do."""

    def test_it_is_called_with_an_administrators_copy_of_the_context(self) -> None:
        for context in (self.user, self.other, self.admin):
            with self.subTest(context=context):
                counted = {"cores": CountedResource("cores")}
                self.reserve({"cores": 1}, counted=counted, context=context, project_id="p3")
                [(elevated, project, session)] = counted["cores"].calls
                self.assertEqual("p3", project)
                self.assertIsNotNone(session)
                self.assertIsNot(context, elevated)
                self.assertIs(True, elevated.is_admin)
                self.assertIn("admin", elevated.roles)
                same = ("user_id", "project_id", "read_deleted", "request_id", "quota_class")
                self.assertEqual([getattr(context, name) for name in same], [getattr(elevated, name) for name in same])
                self.db.quota_destroy_all_by_project(self.admin, "p3")

    def test_the_callers_context_stays_as_it_was_whatever_the_callback_does_with_its_own(self) -> None:
        def scribble(context: Any, *_: Any) -> Mapping[str, int]:
            context.roles.append("scribbler")
            context.read_deleted = "only"
            context.project_id = "p9"
            return {"cores": 1}

        context = self.context(roles=["member"])
        uuids = self.reserve({"cores": 1}, counted={"cores": CountedResource("cores", scribble)}, context=context)
        self.assertEqual(["member"], context.roles)
        self.assertEqual(
            (False, "no", "p1", "u1"), (context.is_admin, context.read_deleted, context.project_id, context.user_id)
        )
        self.assertRecord(self.db.reservation_get(context, uuids[0]), project_id="p1")

    def test_it_may_keep_the_dict_that_it_returned(self) -> None:
        kept = {"cores": 3}
        counted = {"cores": CountedResource("cores", lambda *_: kept)}
        self.reserve({"cores": 1}, counted=counted)
        self.assertEqual({"cores": 3}, kept)

    def test_in_a_transaction_it_gets_the_session_of_that(self) -> None:
        counted = {name: CountedResource(name) for name in ("cores", "ram")}
        with self.db.transaction(self.user) as session:
            self.reserve({"cores": 1, "ram": 1}, counted=counted)
        self.assertEqual([True, True], [each.calls[0][2] is session for each in counted.values()])

    def test_it_may_reserve_for_another_project(self) -> None:
        def nested(context: Any, project: Any, session: Any) -> Mapping[str, int]:
            self.reserve({"ram": 1}, context=context, project_id="p2")
            return {"cores": 1}

        self.reserve({"cores": 1}, counted={"cores": CountedResource("cores", nested)})
        self.assertEqual({"cores": (1, 1)}, self.numbers("p1"))
        self.assertEqual({"ram": (0, 1)}, self.numbers("p2"))


class TestCountingInSession(SessionTestCase):
    """The four functions that count what quotas limit, called by callbacks."""

    EXPECTED: ClassVar = {
        "instances": 2,
        "cores": 6,
        "ram": 512,
        "floating_ips": 2,
        "fixed_ips": 2,
        "security_groups": 2,
    }

    def in_use(self) -> dict[str, int]:
        return {name: numbers[0] for name, numbers in self.numbers().items()}

    def test_they_count_the_project(self) -> None:
        self.fill("p2")
        for passing in (True, False):
            with self.subTest(passing=passing):
                if passing:
                    self.fill("p1")
                self.reserve(dict.fromkeys(self.NAMES, 1), counted=self.counted(passing=passing))
                self.assertEqual(self.EXPECTED, self.in_use())
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_they_see_what_the_surrounding_transaction_has_not_committed(self) -> None:
        for passing in (True, False):
            with self.subTest(passing=passing):
                with self.raises(LookupError), self.db.transaction(self.user):
                    self.fill("p1")
                    self.reserve(dict.fromkeys(self.NAMES, 1), counted=self.counted(passing=passing))
                    self.assertEqual(self.EXPECTED, self.in_use())
                    raise LookupError
                self.assertEqual({}, self.dump())

    def test_they_see_what_a_callback_has_written_in_the_reservations_transaction(self) -> None:
        for passing in (True, False):
            with self.subTest(passing=passing):
                counted = self.counted(passing=passing)
                count = counted["security_groups"].usage
                assert callable(count)

                def write_and_count(context: Any, *arguments: Any, count: Any = count) -> Any:
                    self.db.security_group_create(context, security_group_values(project_id="p1"))
                    return count(context, *arguments)

                counted["security_groups"] = CountedResource("security_groups", write_and_count)
                before = self.db.security_group_count_by_project(self.admin, "p1")
                self.reserve({"security_groups": 1}, counted=counted)
                self.assertEqual({"security_groups": before + 1}, self.in_use())
                self.assertEqual(before + 1, self.db.security_group_count_by_project(self.admin, "p1"))
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_what_a_callback_has_written_goes_with_a_call_that_fails(self) -> None:
        def write(context: Any, *_: Any) -> Mapping[str, int]:
            self.db.security_group_create(context, security_group_values(project_id="p1"))
            self.db.instance_create(context, {"uuid": a_uuid(), "project_id": "p1"})
            return {"cores": 1}

        counted = {"cores": CountedResource("cores", write)}
        self.assertUnchanged(lambda: self.reserve({"cores": 1, "ram": 1}, counted=counted), exceptions.MissingKeys)
        self.assertUnchanged(lambda: self.reserve({"cores": 1}, counted=counted, limits={}), exceptions.MissingKeys)
        self.assertUnchanged(lambda: self.reserve({"cores": 1}, counted=counted, expire=None), exceptions.DBDataError)

    def test_what_a_callback_has_written_stays_with_the_counts_of_a_call_that_is_over(self) -> None:
        def write(context: Any, *_: Any) -> Mapping[str, int]:
            self.make.security_group()
            return {"cores": 1}

        with self.raises(exceptions.OverQuota):
            self.reserve({"cores": 1}, counted={"cores": CountedResource("cores", write)}, limits={"cores": 1})
        self.assertEqual({"cores": (1, 0)}, self.numbers())
        self.assertEqual(1, self.db.security_group_count_by_project(self.admin, "p1"))

    def test_a_call_that_fails_in_a_callback_that_goes_on_leaves_only_the_rest(self) -> None:
        def stumble(context: Any, project: Any, session: Any) -> Mapping[str, int]:
            with self.raises(exceptions.DBDataError):
                self.db.quota_create(context, project, "ram", "many")
            self.db.quota_create(context, project, "cores", 5)
            return {"cores": 1}

        self.reserve({"cores": 1}, counted={"cores": CountedResource("cores", stumble)})
        self.assertEqual({"cores": (1, 1)}, self.numbers())
        self.assertEqual({"project_id": "p1", "cores": 5}, self.db.quota_get_all_by_project(self.user, "p1"))

    def test_the_session_of_a_transaction_can_be_passed_by_anyone(self) -> None:
        with self.db.transaction(self.admin) as session:
            self.fill("p1")
            self.assertEqual((2, 6, 512), self.db.instance_data_get_for_project(self.admin, "p1", session))
            self.assertEqual((2, 6, 512), self.db.instance_data_get_for_project(self.admin, "p1", session=session))
            self.assertEqual(2, self.db.security_group_count_by_project(self.user, "p1", session))
            self.assertEqual(2, self.db.floating_ip_count_by_project(self.user, "p1", session=session))
            self.assertEqual(2, self.db.fixed_ip_count_by_project(self.user, "p1", session))
