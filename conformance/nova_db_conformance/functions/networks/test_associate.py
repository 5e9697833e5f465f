"""Networks given to projects and hosts, and taken from them."""

from __future__ import annotations

from functools import partial
from typing import Any

from nova_db import NoMoreNetworks, exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase


class TestNetworkAssociate(ConformanceTestCase):
    """A network for a project."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.gone = self.make.network(id=5, deleted=5)
        self.taken = self.make.network(id=6, project_id="p9")
        self.third, self.second, self.first = (self.make.network(id=number) for number in (30, 20, 10))
        self.later = self.advance(60)

    def associate(self, project: Any, *args: Any, **kwargs: Any) -> Any:
        return self.db.network_associate(self.admin, project, *args, **kwargs)

    def owned(self, project: str) -> list[int]:
        """The ids of a project's networks."""
        found = self.db.project_get_networks(self.admin, project, associate=False)
        return [network["id"] for network in found]

    def test_a_project_gets_the_first_that_is_free(self) -> None:
        got = self.associate("p1")
        self.assertShape(got, "networks")
        self.assertEqual({**self.first, "project_id": "p1", "updated_at": self.later}, got)
        self.assertEqual(got, self.db.network_get(self.admin, 10))
        self.assertEqual(20, self.associate("p2")["id"])

    def test_a_project_that_has_one_gets_its_first_whatever_is_asked_for(self) -> None:
        self.make.network(id=7, project_id="p1", deleted=7)
        for number in (30, 20):
            self.associate("p1", number, force=True)
        before = self.dump()
        self.advance(60)
        for wanted in (None, 20, 30, 10, 6, 99):
            with self.subTest(wanted=wanted):
                self.assertEqual(20, self.associate("p1", wanted)["id"])
        self.assertEqual(self.db.network_get(self.admin, 20), self.associate("p1"))
        self.assertSameRows(before, "although the project had a network")

    def test_a_project_gets_the_network_asked_for(self) -> None:
        self.assertEqual(20, self.associate("p1", 20)["id"])
        self.assertEqual(30, self.associate("p2", "30", force=True)["id"])
        self.assertEqual([[20], [30]], [self.owned("p1"), self.owned("p2")])

    def test_by_force_a_project_gets_one_more(self) -> None:
        self.associate("p1")
        self.assertEqual(30, self.associate("p1", 30, True)["id"])
        self.assertEqual(20, self.associate("p1", force=True)["id"])
        self.assertEqual([10, 20, 30], self.owned("p1"))

    def test_a_network_is_never_taken_from_its_owner(self) -> None:
        before = self.dump()
        for project, force in (("p1", False), ("p1", True), ("p9", True)):
            for number in (6, 5, 99, "x", 1.0):
                with self.subTest(project=project, force=force, number=number):
                    if project == "p9" and number != 6:
                        continue
                    with self.raises(NoMoreNetworks, code=500):
                        self.associate(project, number, force)
        self.assertSameRows(before, "although no network was free")

    def test_there_may_be_no_more(self) -> None:
        for _ in range(3):
            self.associate("p1", force=True)
        before = self.dump()
        for project, force in (("p2", False), ("p2", True), ("p1", True)):
            with self.subTest(project=project, force=force), self.raises(NoMoreNetworks, code=500):
                self.associate(project, force=force)
        self.assertEqual(10, self.associate("p1")["id"])
        self.assertSameRows(before, "although no network was left")

    def test_deleted_networks_do_not_count_whatever_the_context_sees(self) -> None:
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertEqual(10, self.db.network_associate(self.seeing(read_deleted), "p1")["id"])
        self.assertEqual(20, self.db.network_associate(self.seeing("only"), "p2")["id"])

    def test_the_project_is_in_stored_form(self) -> None:
        self.assertRecord(self.associate(7), id=10, project_id="7")
        self.assertRecord(self.associate("7"), id=10, project_id="7")
        before = self.dump()
        for value in ("p" * 256, "a\0b", ["p1"], b"p1"):
            with (
                self.subTest(value=value),
                self.raises(exceptions.DBDataError, table="networks", columns=["project_id"], value=value),
            ):
                self.associate(value)
        self.assertSameRows(before, "although there are no such projects")

    def test_a_network_of_an_empty_project_is_not_free(self) -> None:
        self.associate("", 10)
        self.assertEqual(20, self.associate("p1")["id"])

    def test_only_administrators_associate(self) -> None:
        self.assertAdminOnly(lambda context: self.db.network_associate(context, "p1"))
        self.assertEqual([], self.owned("p1"))

    def test_a_failure_leaves_the_network_free(self) -> None:
        got = self.assertAtomic(lambda: self.associate("p1"))
        self.assertEqual([got["id"]], self.owned("p1"))

    def test_an_association_goes_with_its_transaction(self) -> None:
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.associate("p1")
            self.assertEqual(20, self.associate("p2")["id"])
            with self.raises(NoMoreNetworks):
                self.associate("p3", 10)
            raise LookupError
        self.assertEqual(10, self.associate("p3")["id"])


class TestProjectGetNetworks(ConformanceTestCase):
    """A project's networks, or a new one for it."""

    def setUp(self) -> None:
        super().setUp()
        self.make.network(id=50, project_id="p1", deleted=50)
        self.free = self.make.network(id=10)

    def test_a_projects_live_networks_come_by_id_whoever_asks(self) -> None:
        high, low = (self.make.network(id=number, project_id="p1") for number in (40, 30))
        before = self.dump()
        for context in (self.user, self.other, self.admin, *map(self.seeing, ("yes", "only"))):
            for associate in (True, False):
                with self.subTest(context=context, associate=associate):
                    found = self.db.project_get_networks(context, "p1", associate)
                    self.assertEqual([low, high], found)
                    self.assertShape(found[0], "networks")
        self.assertPrivate(lambda: self.db.project_get_networks(self.user, "p1"))
        self.assertSameRows(before, "although the project had networks")

    def test_a_project_without_any_gets_one_from_an_administrator(self) -> None:
        [got] = self.db.project_get_networks(self.admin, "p1")
        self.assertEqual({**self.free, "project_id": "p1", "updated_at": got["updated_at"]}, got)
        self.assertEqual([got], self.db.project_get_networks(self.user, "p1"))

    def test_a_user_may_not_have_one_associated(self) -> None:
        before = self.dump()
        with self.raises(exceptions.AdminRequired):
            self.db.project_get_networks(self.user, "p1")
        self.assertSameRows(before, "although a user asked")

    def test_there_may_be_none(self) -> None:
        before = self.dump()
        for project in ("p1", "P1", "", 7, ["p1"]):
            for context in (self.user, self.admin):
                with self.subTest(project=project, context=context):
                    self.assertEqual([], self.db.project_get_networks(context, project, associate=False))
        self.assertSameRows(before, "although nothing was to be associated")
        self.assertEqual([self.free], self.db.project_get_networks(self.user, None, associate=False))
        self.db.network_delete_safe(self.admin, 10)
        with self.raises(NoMoreNetworks, code=500):
            self.db.project_get_networks(self.admin, "p1")

    def test_only_users_and_administrators_ask(self) -> None:
        strangers = [self.nobody, self.context(project_id=None), self.context(user_id=None)]
        for associate in (True, False):
            with self.subTest(associate=associate):
                self.assertNotAuthorized(
                    strangers, partial(self.db.project_get_networks, project_id="p1", associate=associate)
                )

    def test_a_failure_leaves_the_network_free(self) -> None:
        got = self.assertAtomic(lambda: self.db.project_get_networks(self.admin, "p1"))
        self.assertEqual(got, self.db.project_get_networks(self.user, "p1"))

    def test_an_association_goes_with_its_transaction(self) -> None:
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.project_get_networks(self.admin, "p1")
            raise LookupError
        self.assertEqual([], self.db.project_get_networks(self.user, "p1", associate=False))


class TestNetworkDisassociate(ConformanceTestCase):
    """A network taken from its project, its host, or both."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.network = self.make.network(id=1, project_id="p1", host="h1")
        self.rest = self.make.network(id=2, project_id="p1", host="h1")
        self.later = self.advance(60)

    def disassociate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """What the network is afterwards."""
        self.assertIsNone(self.db.network_disassociate(self.admin, *args, **kwargs))
        self.assertEqual(self.rest, self.db.network_get(self.admin, 2))
        return self.api.network_get(self.admin, 1)

    def test_it_is_taken_from_both(self) -> None:
        nulls = {"project_id": None, "host": None, "updated_at": self.later}
        self.assertEqual({**self.network, **nulls}, self.disassociate("1"))

    def test_it_is_taken_from_its_project(self) -> None:
        nulls = {"project_id": None, "updated_at": self.later}
        self.assertEqual({**self.network, **nulls}, self.disassociate(1, disassociate_host=False))

    def test_it_is_taken_from_its_host(self) -> None:
        nulls = {"host": None, "updated_at": self.later}
        self.assertEqual({**self.network, **nulls}, self.disassociate(1, True, False))

    def test_it_is_taken_from_neither(self) -> None:
        self.assertEqual(self.network, self.disassociate(1, False, False))

    def test_one_that_is_free_stays_as_it_is(self) -> None:
        free = self.disassociate(1)
        self.advance(60)
        self.assertEqual(free, self.disassociate(1))

    def test_it_must_be_seen_even_if_nothing_is_taken(self) -> None:
        self.make.network(id=50, project_id="p1", deleted=50)
        before = self.dump()
        cases: list[tuple[str, Any]] = [("no", 50), ("only", 1), *(("yes", value) for value in (99, "x", None, 1.0))]
        for read_deleted, number in cases:
            for which in ((True, True), (False, False)):
                with (
                    self.subTest(read_deleted=read_deleted, number=number, which=which),
                    self.raises(exceptions.NetworkNotFound, network_id=number, code=404),
                ):
                    self.db.network_disassociate(self.seeing(read_deleted), number, *which)
        self.assertSameRows(before, "although no network was found")
        self.db.network_disassociate(self.seeing("only"), 50)
        self.db.network_disassociate(self.seeing("yes"), 1)
        for number in (1, 50):
            with self.subTest(number=number):
                self.assertRecord(self.db.network_get(self.seeing("yes"), number), project_id=None, host=None)

    def test_only_administrators_disassociate(self) -> None:
        for number in (1, 99):
            with self.subTest(number=number):
                self.assertAdminOnly(partial(self.db.network_disassociate, network_id=number))
        self.assertEqual(self.network, self.db.network_get(self.admin, 1))

    def test_a_failure_leaves_both(self) -> None:
        self.assertAtomic(lambda: self.db.network_disassociate(self.admin, 1))
        self.assertRecord(self.db.network_get(self.admin, 1), project_id=None, host=None)


class TestNetworkSetHost(ConformanceTestCase):
    """The host of a network, decided once."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.network = self.make.network(id=1)
        self.later = self.advance(60)

    def test_the_first_host_stays_and_all_are_told(self) -> None:
        rest = self.make.network(id=2)
        self.assertEqual("h1", self.db.network_set_host(self.admin, "1", "h1"))
        decided = {**self.network, "host": "h1", "updated_at": self.later}
        self.assertEqual(decided, self.db.network_get(self.admin, 1))
        self.advance(60)
        for host in ("h2", "h1", ""):
            with self.subTest(host=host):
                self.assertEqual("h1", self.db.network_set_host(self.admin, 1, host))
        self.assertEqual({"networks": [decided, rest]}, self.dump())

    def test_an_empty_host_is_none(self) -> None:
        self.db.network_update(self.admin, 1, {"host": ""})
        self.assertEqual("h1", self.db.network_set_host(self.admin, 1, "h1"))
        self.assertRecord(self.db.network_get(self.admin, 1), host="h1")

    def test_the_host_is_in_stored_form(self) -> None:
        for value in ("h" * 256, "a\0b", ["h1"], b"h1"):
            with (
                self.subTest(value=value),
                self.raises(exceptions.DBDataError, table="networks", columns=["host"], value=value),
            ):
                self.db.network_set_host(self.admin, 1, value)
        self.assertEqual({"networks": [self.network]}, self.dump())
        self.assertEqual("7", self.db.network_set_host(self.admin, 1, 7))

    def test_after_the_host_is_taken_away_another_may_be_first(self) -> None:
        self.db.network_set_host(self.admin, 1, "h1")
        self.db.network_disassociate(self.admin, 1)
        self.assertEqual("h2", self.db.network_set_host(self.admin, 1, "h2"))

    def test_the_network_must_be_live_whatever_the_context_sees(self) -> None:
        self.make.network(id=50, deleted=50)
        before = self.dump()
        for read_deleted in ("no", "yes", "only"):
            for number in (50, 99, "x", None, 1.0):
                with (
                    self.subTest(read_deleted=read_deleted, number=number),
                    self.raises(exceptions.NetworkNotFound, network_id=number, code=404),
                ):
                    self.db.network_set_host(self.seeing(read_deleted), number, "h1")
        self.assertSameRows(before, "although no network was found")
        self.assertEqual("h1", self.db.network_set_host(self.seeing("only"), 1, "h1"))

    def test_only_administrators_decide(self) -> None:
        for number in (1, 99):
            with self.subTest(number=number):
                self.assertAdminOnly(partial(self.db.network_set_host, network_id=number, host_id="h1"))
        self.assertEqual({"networks": [self.network]}, self.dump())

    def test_a_failure_leaves_no_host(self) -> None:
        self.assertEqual("h1", self.assertAtomic(lambda: self.db.network_set_host(self.admin, 1, "h1")))
