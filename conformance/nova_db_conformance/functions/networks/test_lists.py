"""Lists of networks: all, by uuid, by instance, by host."""

from __future__ import annotations

from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid


class TestNetworkGetAll(ConformanceTestCase):
    """All networks, and those of some uuids."""

    def setUp(self) -> None:
        super().setUp()
        self.theirs = self.make.network(id=40, project_id="p2")
        self.mine = self.make.network(id=30, project_id="p1")
        self.free = self.make.network(id=20)
        self.gone = self.make.network(id=50, deleted=50)

    def uuids(self, *networks: dict[str, Any]) -> list[str]:
        return [network["uuid"] for network in networks]

    def test_live_ones_come_by_id_whatever_the_context_sees(self) -> None:
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                found = self.db.network_get_all(self.seeing(read_deleted))
                self.assertEqual([self.free, self.mine, self.theirs], found)
                self.assertShape(found[0], "networks")
                asked = self.uuids(self.theirs, self.free, self.mine)
                self.assertEqual(found, self.db.network_get_all_by_uuids(self.seeing(read_deleted), asked))
                with self.raises(exceptions.NoNetworksFound):
                    self.db.network_get_all_by_uuids(self.seeing(read_deleted), self.uuids(self.gone))
        self.assertPrivate(lambda: self.db.network_get_all(self.user))
        self.assertPrivate(lambda: self.db.network_get_all_by_uuids(self.user, self.uuids(self.mine)))

    def test_users_see_their_projects_networks_and_those_of_none(self) -> None:
        every = [self.free, self.mine, self.theirs]
        modes: list[tuple[Any, list[dict[str, Any]]]] = [
            ("allow_none", [self.free, self.mine]),
            (False, every),
            (True, [self.mine]),
            (1, [self.mine]),
        ]
        for project_only, seen in modes:
            with self.subTest(project_only=project_only, seen=seen):
                self.assertEqual(seen, self.db.network_get_all(self.user, project_only))
                self.assertEqual(every, self.db.network_get_all(self.admin, project_only))
                asked = self.uuids(*seen)
                self.assertEqual(seen, self.db.network_get_all_by_uuids(self.user, asked, project_only))
                self.assertEqual(every, self.db.network_get_all_by_uuids(self.admin, self.uuids(*every), project_only))
        self.assertEqual([self.free, self.mine], self.db.network_get_all(self.user))
        self.assertEqual([self.free, self.theirs], self.db.network_get_all(self.other))

    def test_none_is_an_error_also_where_all_are_hidden(self) -> None:
        hidden = self.context(project_id="p3")
        with self.raises(exceptions.NoNetworksFound, code=404):
            self.db.network_get_all(hidden, True)
        unseen: list[Any] = [[], (), [a_uuid()], [None], [[]], self.uuids(self.mine), [self.mine["uuid"].upper()]]
        for asked in unseen:
            with self.subTest(asked=asked), self.raises(exceptions.NoNetworksFound, code=404):
                self.db.network_get_all_by_uuids(hidden, asked)
        self.empty()
        for context in (self.user, self.admin):
            with self.subTest(context=context), self.raises(exceptions.NoNetworksFound, code=404):
                self.db.network_get_all(context)

    def test_uuids_may_repeat_and_come_in_a_tuple(self) -> None:
        asked = (*self.uuids(self.mine, self.free), *self.uuids(self.mine))
        self.assertEqual([self.free, self.mine], self.db.network_get_all_by_uuids(self.user, asked))

    def test_networks_of_one_uuid_all_come(self) -> None:
        twin = self.make.network(id=60, uuid=self.mine["uuid"])
        self.assertEqual([self.mine, twin], self.db.network_get_all_by_uuids(self.user, self.uuids(self.mine)))

    def test_a_uuid_in_the_form_of_a_number_is_found(self) -> None:
        number = self.make.network(uuid="7")
        self.assertEqual([number], self.db.network_get_all_by_uuids(self.user, [7, "7"]))

    def test_the_first_that_is_missing_is_named(self) -> None:
        unknown = a_uuid()
        cases: list[tuple[Any, list[Any], Any]] = [
            (self.user, [*self.uuids(self.mine), unknown, *self.uuids(self.theirs)], unknown),
            (self.user, [*self.uuids(self.theirs, self.mine), unknown], self.theirs["uuid"]),
            (self.admin, [*self.uuids(self.theirs, self.gone), unknown], self.gone["uuid"]),
            (self.user, [*self.uuids(self.mine), None, unknown], None),
            (self.user, [*self.uuids(self.mine), 7, unknown], 7),
        ]
        for context, asked, missing in cases:
            for mode in ("allow_none", True):
                with self.subTest(context=context, asked=asked, missing=missing, mode=mode):
                    if (context, mode) == (self.user, True) and self.mine["uuid"] not in asked:
                        continue
                    with self.raises(
                        exceptions.NetworkNotFoundForProject,
                        network_uuid=missing,
                        project_id=context.project_id,
                        code=404,
                    ):
                        self.db.network_get_all_by_uuids(context, asked, mode)
        for context in (self.user, self.admin):
            with self.subTest(context=context):
                asked = [*self.uuids(self.theirs), unknown, *self.uuids(self.gone)]
                with self.raises(exceptions.NetworkNotFound, network_id=unknown, code=404):
                    self.db.network_get_all_by_uuids(context, asked, False)

    def test_only_users_and_administrators_list(self) -> None:
        strangers = [self.nobody, self.context(project_id=None), self.context(user_id=None)]
        self.assertNotAuthorized(strangers, self.db.network_get_all)
        for asked in (self.uuids(self.free), [], None):
            with self.subTest(asked=asked):
                self.assertNotAuthorized(strangers, partial(self.db.network_get_all_by_uuids, network_uuids=asked))

    def test_a_list_is_one_statement(self) -> None:
        with self.statements() as sent:
            self.db.network_get_all(self.user)
        self.assertEqual(1, len(sent))
        with self.statements() as sent:
            self.db.network_get_all_by_uuids(self.user, self.uuids(self.mine, self.free))
        self.assertEqual(1, len(sent))


class TestNetworkGetAllByInstance(ConformanceTestCase):
    """Networks to which a virtual interface of an instance belongs."""

    def setUp(self) -> None:
        super().setUp()
        self.instance = self.make.instance()
        self.networks = [self.make.network(id=number) for number in (10, 20, 30)]

    def attach(self, network: dict[str, Any], instance: dict[str, Any] | None = None, **values: Any) -> None:
        """Give the instance an interface in the network."""
        uuid = (instance or self.instance)["uuid"]
        self.make.virtual_interface(instance_uuid=uuid, network_id=network["id"], **values)

    def get(self, instance_id: Any, read_deleted: str = "no") -> Any:
        return self.db.network_get_all_by_instance(self.seeing(read_deleted), instance_id)

    def test_each_network_comes_once_by_id(self) -> None:
        low, high, other = self.networks
        for network in (high, low, high):
            self.attach(network)
        self.attach(other, self.make.instance())
        found = self.get(self.instance["id"])
        self.assertEqual([low, high], found)
        self.assertShape(found[0], "networks")
        self.assertEqual([low, high], self.get(str(self.instance["id"])))
        self.assertPrivate(lambda: self.get(self.instance["id"]))

    def test_fixed_ips_do_not_count(self) -> None:
        self.make.fixed_ip(instance_uuid=self.instance["uuid"], network_id=10, allocated=True)
        with self.raises(exceptions.NetworkNotFoundForInstance, instance_id=self.instance["id"]):
            self.get(self.instance["id"])

    def test_only_live_networks_come_whatever_the_context_sees(self) -> None:
        gone = self.make.network(id=50, deleted=50)
        self.attach(self.networks[0])
        self.attach(gone)
        self.make.virtual_interface(instance_uuid=self.instance["uuid"], network_id=12345)
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertEqual(self.networks[:1], self.get(self.instance["id"], read_deleted))

    def test_deleted_interfaces_and_deleted_instances_count(self) -> None:
        self.attach(self.networks[0], id=60, deleted=60)
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertEqual(self.networks[:1], self.get(self.instance["id"], read_deleted))
        self.db.instance_destroy(self.admin, self.instance["uuid"])
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertEqual(self.networks[:1], self.get(self.instance["id"], read_deleted))

    def test_none_is_an_error(self) -> None:
        self.attach(self.networks[0])
        bare = self.make.instance()["id"]
        for value in (bare, 99, "x", "", None, 1.0, self.instance["uuid"], [self.instance["id"]], 2**70):
            with (
                self.subTest(value=value),
                self.raises(exceptions.NetworkNotFoundForInstance, instance_id=value, code=404),
            ):
                self.get(value)

    def test_only_administrators_ask(self) -> None:
        self.attach(self.networks[0])
        for number in (self.instance["id"], 99):
            with self.subTest(number=number):
                self.assertAdminOnly(partial(self.db.network_get_all_by_instance, instance_id=number))

    def test_it_sees_what_its_transaction_did(self) -> None:
        with self.db.transaction(self.admin):
            self.attach(self.networks[0])
            self.assertEqual(self.networks[:1], self.get(self.instance["id"]))
            self.db.virtual_interface_delete_by_instance(self.admin, self.instance["uuid"])
            with self.raises(exceptions.NetworkNotFoundForInstance):
                self.get(self.instance["id"])

    def test_it_is_one_statement(self) -> None:
        for network in self.networks:
            self.attach(network)
        with self.statements() as sent:
            self.get(self.instance["id"])
        self.assertEqual(1, len(sent))


class TestNetworkGetAllByHost(ConformanceTestCase):
    """Networks that have to do with a host."""

    def setUp(self) -> None:
        super().setUp()
        self.networks = [self.make.network(id=number) for number in (10, 20, 30)]
        self.instance = self.make.instance(host="h1")["uuid"]
        self.card = self.make.virtual_interface(instance_uuid=self.instance)["id"]

    def ids(self, host: Any = "h1", read_deleted: str = "no") -> list[int]:
        return [network["id"] for network in self.db.network_get_all_by_host(self.seeing(read_deleted), host)]

    def test_it_may_be_the_networks_host(self) -> None:
        network = self.make.network(id=5, host="h1")
        self.make.network(id=6, host="h2")
        found = self.db.network_get_all_by_host(self.admin, "h1")
        self.assertShape(found[0], "networks")
        self.assertEqual([network], found)
        self.assertPrivate(lambda: self.db.network_get_all_by_host(self.admin, "h1"))

    def test_it_may_be_a_fixed_ips_host(self) -> None:
        self.make.fixed_ip(network_id=20, host="h1")
        self.make.fixed_ip(network_id=30, host="h2")
        self.make.fixed_ip(host="h1")
        self.assertEqual([20], self.ids())

    def test_it_may_be_the_host_of_the_instance_behind_the_interface_of_a_fixed_ip(self) -> None:
        self.make.fixed_ip(network_id=20, virtual_interface_id=self.card)
        self.assertEqual([20], self.ids())

    def test_the_fixed_ips_own_instance_and_the_interfaces_network_do_not_count(self) -> None:
        self.make.fixed_ip(network_id=20, instance_uuid=self.instance)
        self.make.virtual_interface(instance_uuid=self.instance, network_id=30)
        elsewhere = self.make.virtual_interface(instance_uuid=self.make.instance(host="h2")["uuid"])["id"]
        self.make.fixed_ip(network_id=30, instance_uuid=self.instance, virtual_interface_id=elsewhere)
        self.make.fixed_ip(network_id=30, virtual_interface_id=12345)
        self.assertEqual([], self.ids())
        self.assertEqual([30], self.ids("h2"))

    def test_interface_and_instance_may_be_deleted(self) -> None:
        self.db.instance_destroy(self.admin, self.instance)
        self.make.virtual_interface(id=60, instance_uuid=self.instance, deleted=60)
        self.make.fixed_ip(network_id=20, virtual_interface_id=self.card)
        self.make.fixed_ip(network_id=30, virtual_interface_id=60)
        self.assertEqual([20, 30], self.ids())

    def test_each_comes_once_by_id(self) -> None:
        self.make.network(id=40, host="h1")
        self.make.network(id=5, host="h1")
        for _ in range(2):
            self.make.fixed_ip(network_id=40, host="h1", virtual_interface_id=self.card)
            self.make.fixed_ip(network_id=30, virtual_interface_id=self.card)
            self.make.fixed_ip(network_id=20, host="h1")
        self.assertEqual([5, 20, 30, 40], self.ids())

    def test_fixed_ips_are_those_that_the_context_sees_and_networks_the_live(self) -> None:
        self.make.network(id=50, host="h1", deleted=50)
        self.make.network(id=5, host="h1")
        self.make.fixed_ip(network_id=10, host="h1")
        self.make.fixed_ip(network_id=20, id=60, deleted=60, host="h1")
        self.make.fixed_ip(network_id=30, id=61, deleted=61, virtual_interface_id=self.card)
        self.make.fixed_ip(network_id=50, host="h1")
        self.assertEqual([5, 10], self.ids())
        self.assertEqual([5, 10, 20, 30], self.ids("h1", "yes"))
        self.assertEqual([5, 20, 30], self.ids("h1", "only"))

    def test_there_may_be_none(self) -> None:
        self.make.network(id=5, host="h1")
        for host in ("h2", "H1", "h1 ", "", 7, ["h1"]):
            with self.subTest(host=host):
                self.assertEqual([], self.ids(host))

    def test_none_is_no_host(self) -> None:
        self.make.network(id=5, host="h1")
        self.make.network(id=6, host="")
        self.assertEqual([10, 20, 30], self.ids(None))

    def test_only_administrators_ask(self) -> None:
        self.assertAdminOnly(lambda context: self.db.network_get_all_by_host(context, "h1"))

    def test_it_is_one_statement(self) -> None:
        for network in self.networks:
            self.make.fixed_ip(network_id=network["id"], virtual_interface_id=self.card)
        with self.statements() as sent:
            self.assertEqual([10, 20, 30], self.ids())
        self.assertEqual(1, len(sent))
