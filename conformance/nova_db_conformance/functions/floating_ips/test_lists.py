"""Floating ips listed by what they belong to, and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance.functions.floating_ips.cases import FloatingIpTestCase
from nova_db_conformance.harness.values import a_uuid


class ListTestCase(FloatingIpTestCase):
    """What the tests of lists share."""

    def assertFewStatements(self, most: int, read: Callable[[], Any], grow: Callable[[], object]) -> None:
        """Check that a call takes as many statements for many rows as for few, and not too many."""
        counts = []
        for _ in range(2):
            with self.statements() as sent:
                read()
            counts.append(len(sent))
            for _ in range(20):
                grow()
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], most)


class TestFloatingIpGetPools(ListTestCase):
    """``floating_ip_get_pools``."""

    def pools(self, context: RequestContext | None = None) -> list[Any]:
        found = self.db.floating_ip_get_pools(context or self.user)
        self.assertEqual([["name"]] * len(found), [list(pool) for pool in found])
        return [pool["name"] for pool in found]

    def test_every_pool_is_listed_once_in_order(self) -> None:
        self.assertEqual([], self.pools())
        for pool, values in (
            ("b", {}),
            ("é", {"project_id": "p2"}),
            ("a", {"fixed_ip_id": 3}),
            ("B", {"project_id": "p1"}),
            (None, {}),
            ("b", {"project_id": "p2"}),
            ("", {}),
            (None, {}),
        ):
            self.make.floating_ip(pool=pool, **values)
        for context in (self.user, self.other, self.admin):
            with self.subTest(context=context):
                self.assertEqual([None, "", "B", "a", "b", "é"], self.pools(context))
        self.assertPrivate(lambda: self.db.floating_ip_get_pools(self.user))

    def test_the_context_says_which_rows_count(self) -> None:
        for pool, deleted in (("live", 0), ("both", 0), ("both", 5), ("gone", 5)):
            self.make.floating_ip(pool=pool, deleted=deleted)
        for base in (self.user, self.admin):
            with self.subTest(base=base):
                self.assertEqual(["both", "live"], self.pools(self.seeing("no", base)))
                self.assertEqual(["both", "gone", "live"], self.pools(self.seeing("yes", base)))
                self.assertEqual(["both", "gone"], self.pools(self.seeing("only", base)))

    def test_only_users_and_administrators_may(self) -> None:
        self.assertNotAuthorized(self.nobodies, self.pools)

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        self.assertFewStatements(1, self.pools, self.make.floating_ip)


class TestFloatingIpGetAll(ListTestCase):
    """``floating_ip_get_all``."""

    def test_the_live_ones_are_listed_by_id_whatever_the_context_sees(self) -> None:
        fixed = self.make.fixed_ip_record()["id"]
        rows = [
            self.floating(id=number, **values)
            for number, values in ((9, {}), (2, {"project_id": "p2", "fixed_ip_id": fixed}), (5, {"deleted": 5}))
        ]
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertEqual([rows[1], rows[0]], self.db.floating_ip_get_all(self.seeing(mode)))
        self.assertShape(self.db.floating_ip_get_all(self.admin)[0], "floating_ips")
        self.assertPrivate(lambda: self.db.floating_ip_get_all(self.admin))

    def test_none_that_is_live_is_an_error(self) -> None:
        for _ in range(2):
            for mode in ("no", "yes", "only"):
                with self.subTest(mode=mode), self.raises(exceptions.NoFloatingIpsDefined, code=404):
                    self.db.floating_ip_get_all(self.seeing(mode))
            self.floating(deleted=5)

    def test_only_administrators_may(self) -> None:
        self.assertAdminOnly(self.db.floating_ip_get_all)

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        self.floating()
        self.assertFewStatements(1, lambda: self.db.floating_ip_get_all(self.admin), self.make.floating_ip)


class TestFloatingIpGetAllByHost(ListTestCase):
    """``floating_ip_get_all_by_host``."""

    def get(self, host: Any, context: RequestContext | None = None) -> Any:
        return self.db.floating_ip_get_all_by_host(context or self.admin, host)

    def test_the_live_ones_that_the_host_serves_are_listed_by_id(self) -> None:
        rows = [
            self.floating(id=number, host=host, **values)
            for number, host, values in (
                (9, "höst", {"project_id": "p2"}),
                (2, "höst", {}),
                (5, "höst", {"deleted": 5}),
                (4, "Höst", {}),
                (3, None, {}),
            )
        ]
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertEqual([rows[1], rows[0]], self.get("höst", self.seeing(mode)))
        self.assertEqual([rows[4]], self.get(None))
        self.assertShape(self.get("höst")[0], "floating_ips")
        self.assertPrivate(lambda: self.get("höst"))

    def test_none_that_is_live_is_an_error(self) -> None:
        self.floating(host="host1", deleted=5)
        for host in ("host1", "host2", "", None, "h" * 300):
            with self.subTest(host=host), self.raises(exceptions.FloatingIpNotFoundForHost, host=host, code=404):
                self.get(host)

    def test_only_administrators_may(self) -> None:
        self.assertAdminOnly(lambda context: self.get("host1", context))

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        self.floating(host="host1")
        self.assertFewStatements(1, lambda: self.get("host1"), lambda: self.make.floating_ip(host="host1"))


class TestFloatingIpGetAllByProject(ListTestCase):
    """``floating_ip_get_all_by_project``."""

    def get(self, project: Any = "p1", context: RequestContext | None = None) -> Any:
        return self.db.floating_ip_get_all_by_project(context or self.user, project)

    def test_they_come_by_id_with_their_fixed_ips_and_those_with_their_instances(self) -> None:
        instance = self.make.instance(project_id="p2")
        gone = self.make.deleted_instance()["uuid"]
        fixed, bare, gone_fixed = (
            self.make.fixed_ip_record(**values)
            for values in ({"instance_uuid": instance["uuid"]}, {"instance_uuid": gone}, {"deleted": 5})
        )
        rows = [
            self.floating(id=number, project_id="p1", fixed_ip_id=on)
            for number, on in ((9, fixed["id"]), (2, bare["id"]), (5, gone_fixed["id"]), (4, None), (3, fixed["id"]))
        ]
        found = self.get()
        self.assertIds(found, [rows[place] for place in (1, 4, 3, 2, 0)])
        self.assertShape(found[0], "floating_ips", "fixed_ip")
        self.assertShape(found[4]["fixed_ip"], "fixed_ips", "instance")
        its_instance = found[4]["fixed_ip"].pop("instance")
        self.assertEqual(found[1]["fixed_ip"].pop("instance"), its_instance)
        self.assertShape(its_instance, "instances")
        self.assertEqual({name: instance[name] for name in its_instance}, its_instance)
        carried = [{**bare, "instance": None}, fixed, None, None, fixed]
        self.assertEqual(carried, [row["fixed_ip"] for row in found])
        self.assertEqual({**rows[3], "fixed_ip": None}, found[2])
        self.assertPrivate(self.get)

    def test_those_that_were_assigned_automatically_and_deleted_ones_are_left_out(self) -> None:
        made = self.floating(project_id="p1")
        self.floating(project_id="p1", auto_assigned=True)
        self.floating(project_id="p1", deleted=5)
        self.floating(project_id="p2")
        self.floating()
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertIds(self.get(context=self.seeing(mode, self.user)), [made])

    def test_there_may_be_none(self) -> None:
        free = self.floating()
        for project in ("p1", "", "P1"):
            with self.subTest(project=project):
                self.assertEqual([], self.get(project, self.admin))
        self.assertIds(self.get(None, self.admin), [free])

    def test_users_may_ask_for_their_own_project(self) -> None:
        made = self.floating(project_id="p1")
        for context in (self.user, self.admin):
            with self.subTest(context=context):
                self.assertIds(self.get("p1", context), [made])
        self.assertNotAuthorized([self.other, *self.nobodies], lambda context: self.get("p1", context))
        self.assertNotAuthorized([self.user], lambda context: self.get(None, context))

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        def grow() -> None:
            fixed = self.make.fixed_ip_record(instance_uuid=self.make.instance()["uuid"])
            self.floating(project_id="p1", fixed_ip_id=fixed["id"])

        for _ in range(2):
            grow()
        self.assertFewStatements(3, self.get, grow)


class TestFloatingIpGetByFixedAddress(ListTestCase):
    """``floating_ip_get_by_fixed_address``."""

    def get(self, address: Any, context: RequestContext | None = None) -> Any:
        return self.db.floating_ip_get_by_fixed_address(context or self.user, address)

    def test_those_on_the_fixed_ip_are_listed_by_id(self) -> None:
        uuid = self.make.instance(project_id="p2")["uuid"]
        fixed, twin, other = (
            self.make.fixed_ip_record(address=address, instance_uuid=uuid)["id"]
            for address in ("2001:db8::1", "2001:db8::1", "10.0.0.1")
        )
        rows = [
            self.floating(id=number, fixed_ip_id=on, project_id="p2")
            for number, on in ((9, fixed), (2, twin), (5, fixed), (4, other), (3, None))
        ]
        for context in (self.user, self.other, self.admin):
            for address in ("2001:db8::1", "2001:0DB8::1"):
                with self.subTest(context=context, address=address):
                    self.assertEqual([rows[1], rows[2], rows[0]], self.get(address, context))
        self.assertShape(self.get("10.0.0.1")[0], "floating_ips")
        self.assertPrivate(lambda: self.get("10.0.0.1"))

    def test_there_may_be_none(self) -> None:
        fixed = self.make.fixed_ip()
        self.floating()
        for address in (fixed, "10.9.9.9", "", None):
            with self.subTest(address=address):
                self.assertEqual([], self.get(address))

    def test_a_deleted_fixed_ip_does_not_count_and_the_context_says_which_floating_ips_do(self) -> None:
        live, gone = (self.make.fixed_ip_record(address="10.0.0.1", deleted=deleted)["id"] for deleted in (0, 5))
        self.floating(fixed_ip_id=gone)
        rows = [self.floating(fixed_ip_id=live, deleted=deleted) for deleted in (0, 5)]
        for mode, expected in (("no", rows[:1]), ("yes", rows), ("only", rows[1:])):
            with self.subTest(mode=mode, expected=expected):
                self.assertEqual(expected, self.get("10.0.0.1", self.seeing(mode, self.user)))

    def test_only_users_and_administrators_may(self) -> None:
        self.assertNotAuthorized(self.nobodies, lambda context: self.get("none", context))

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        fixed = self.make.fixed_ip_record()
        self.assertFewStatements(1, lambda: self.get(fixed["address"]), lambda: self.floating(fixed_ip_id=fixed["id"]))


class TestFloatingIpGetByFixedIpId(ListTestCase):
    """``floating_ip_get_by_fixed_ip_id``."""

    def get(self, fixed_ip_id: Any, context: RequestContext | None = None) -> Any:
        return self.db.floating_ip_get_by_fixed_ip_id(context or self.user, fixed_ip_id)

    def test_those_on_the_fixed_ip_are_listed_by_id(self) -> None:
        rows = [self.floating(id=number, fixed_ip_id=on, project_id="p2") for number, on in ((9, 3), (2, 3), (5, 4))]
        for context in (self.user, self.other, self.admin):
            for which in (3, "3"):
                with self.subTest(context=context, which=which):
                    self.assertEqual([rows[1], rows[0]], self.get(which, context))
        self.assertShape(self.get(3)[0], "floating_ips")
        self.assertPrivate(lambda: self.get(3))

    def test_there_may_be_none_and_none_asks_for_null(self) -> None:
        self.floating(fixed_ip_id=3)
        for which in (4, "three", None, 2**70, a_uuid()):
            with self.subTest(which=which):
                self.assertEqual([], self.get(which))
        free = self.floating()
        self.assertEqual([free], self.get(None))

    def test_the_context_says_which_rows_are_visible(self) -> None:
        rows = [self.floating(fixed_ip_id=3, deleted=deleted) for deleted in (0, 5)]
        for mode, expected in (("no", rows[:1]), ("yes", rows), ("only", rows[1:])):
            with self.subTest(mode=mode, expected=expected):
                self.assertEqual(expected, self.get(3, self.seeing(mode, self.user)))

    def test_only_users_and_administrators_may(self) -> None:
        self.assertNotAuthorized(self.nobodies, lambda context: self.get(3, context))

    def test_statements_do_not_grow_with_the_rows(self) -> None:
        self.assertFewStatements(1, lambda: self.get(3), lambda: self.floating(fixed_ip_id=3))


class TestFloatingIpCountByProject(ListTestCase):
    """``floating_ip_count_by_project``."""

    def assertCount(self, expected: int, project: Any = "p1", context: RequestContext | None = None) -> None:
        """Check how many floating ips a project has."""
        count = self.db.floating_ip_count_by_project(context or self.admin, project)
        self.assertEqual((expected, int), (count, type(count)))

    def test_the_live_ones_that_were_not_assigned_automatically_are_counted(self) -> None:
        for values in (
            {"project_id": "p1"},
            {"project_id": "p1", "fixed_ip_id": 3},
            {"project_id": "p1", "auto_assigned": True},
            {"project_id": "p1", "deleted": 5},
            {"project_id": "p2"},
            {},
            {"project_id": "7"},
        ):
            self.make.floating_ip(**values)
        for mode in ("no", "yes", "only"):
            for context in (self.seeing(mode), self.seeing(mode, self.user)):
                with self.subTest(mode=mode, context=context):
                    self.assertCount(2, context=context)
        self.assertCount(1, "p2", self.other)
        self.assertCount(1, None)
        self.assertCount(1, 7)
        for project in ("p3", "P1", ""):
            with self.subTest(project=project):
                self.assertCount(0, project)

    def test_a_session_shows_what_its_transaction_has_done(self) -> None:
        self.make.floating_ip()
        with self.raises(LookupError), self.db.transaction(self.user) as session:
            self.db.floating_ip_allocate_address(self.user, "p1", "public")
            self.assertEqual(1, self.db.floating_ip_count_by_project(self.user, "p1", session))
            self.assertEqual(1, self.db.floating_ip_count_by_project(self.user, "p1", session=session))
            self.assertCount(1)
            raise LookupError
        self.assertCount(0)
        for ended in (session, object(), "session"):
            with self.subTest(ended=ended), self.raises(TypeError):
                self.db.floating_ip_count_by_project(self.user, "p1", ended)

    def test_users_may_ask_for_their_own_project(self) -> None:
        self.assertCount(0, "p1", self.user)
        self.assertNotAuthorized(
            [self.other, *self.nobodies], lambda context: self.db.floating_ip_count_by_project(context, "p1")
        )
        self.assertNotAuthorized([self.user], lambda context: self.db.floating_ip_count_by_project(context, None))
        self.assertNotAuthorized([self.other], lambda context: self.db.floating_ip_count_by_project(context, "p1", 5))
