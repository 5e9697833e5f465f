"""Virtual interfaces: the network cards of instances."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance.functions.cases import NO_IDS
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import a_number, a_uuid, virtual_interface_values


class TestVirtualInterfaces(ConformanceTestCase):
    """Looking interfaces up, and removing them."""

    def setUp(self) -> None:
        super().setUp()
        self.instance = self.make.instance()["uuid"]
        self.card = self.make.virtual_interface(id=1, instance_uuid=self.instance, network_id=4)

    def test_one_is_found_by_each_of_its_keys(self) -> None:
        reads: list[Callable[[RequestContext], Any]] = [
            lambda context: self.db.virtual_interface_get(context, 1),
            lambda context: self.db.virtual_interface_get_by_address(context, self.card["address"]),
            lambda context: self.db.virtual_interface_get_by_uuid(context, self.card["uuid"]),
            lambda context: self.db.virtual_interface_get_by_instance_and_network(context, self.instance, 4),
            lambda context: self.db.virtual_interface_get_by_instance(context, self.instance)[0],
            lambda context: self.db.virtual_interface_get_all(context)[0],
        ]
        for read in reads:
            with self.subTest(read=read):
                found = read(self.user)
                self.assertShape(found, "virtual_interfaces")
                self.assertEqual(self.card, found)
                self.assertEqual(self.card, read(self.admin))
                self.assertPrivate(partial(read, self.user))
                self.assertNotAuthorized([self.nobody, self.context(project_id=None), self.context(user_id=None)], read)
        for read in (*reads[:4], reads[5]):
            with self.subTest(read=read):
                self.assertEqual(self.card, read(self.other))

    def test_deleted_interfaces_are_found_whatever_the_context_sees(self) -> None:
        gone = self.make.virtual_interface(id=50, instance_uuid=self.instance, network_id=5, deleted=50)
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                context = self.seeing(read_deleted, self.user)
                for card in (self.card, gone):
                    with self.subTest(card=card):
                        self.assertEqual(card, self.db.virtual_interface_get(context, card["id"]))
                        self.assertEqual(card, self.db.virtual_interface_get_by_address(context, card["address"]))
                        self.assertEqual(card, self.db.virtual_interface_get_by_uuid(context, card["uuid"]))
                        self.assertEqual(
                            card,
                            self.db.virtual_interface_get_by_instance_and_network(
                                context, self.instance, card["network_id"]
                            ),
                        )
                self.assertEqual([self.card, gone], self.db.virtual_interface_get_all(context))
        for read_deleted in ("no", "yes"):
            with self.subTest(read_deleted=read_deleted):
                context = self.seeing(read_deleted, self.user)
                self.assertEqual([self.card, gone], self.db.virtual_interface_get_by_instance(context, self.instance))

    def test_of_the_instance_no_more_is_read_than_is_needed(self) -> None:
        with self.statements() as sent:
            self.assertEqual([self.card], self.db.virtual_interface_get_by_instance(self.user, self.instance))
        self.assertNotIn("user_data", " ".join(map(str, sent)))

    def test_ids_may_be_text_and_what_is_no_id_finds_none(self) -> None:
        for spelling in ("1", "01", True):
            with self.subTest(spelling=spelling):
                self.assertEqual(self.card, self.db.virtual_interface_get(self.user, spelling))
        for network in (4, "4", "04"):
            with self.subTest(network=network):
                found = self.db.virtual_interface_get_by_instance_and_network(self.user, self.instance, network)
                self.assertEqual(self.card, found)
        for value in NO_IDS:
            with self.subTest(value=value):
                self.assertIsNone(self.db.virtual_interface_get(self.user, value))
                self.assertIsNone(
                    self.db.virtual_interface_get_by_instance_and_network(self.user, self.instance, value), repr(value)
                )

    def test_an_unknown_one_is_none(self) -> None:
        for value in ("", "fa", None, 7, ["fa"], self.card["address"].upper(), self.card["address"] + " "):
            with self.subTest(value=value):
                self.assertIsNone(self.db.virtual_interface_get_by_address(self.user, value))
        for value in ("", a_uuid(), None, 7, self.card["uuid"].upper()):
            with self.subTest(value=value):
                self.assertIsNone(self.db.virtual_interface_get_by_uuid(self.user, value))
                self.assertIsNone(self.db.virtual_interface_get_by_instance_and_network(self.user, value, 4))
        self.assertIsNone(self.db.virtual_interface_get_by_instance_and_network(self.user, self.instance, 5))

    def test_none_is_null_and_of_several_the_lowest_id_is_taken(self) -> None:
        self.make.virtual_interface(id=30, uuid=self.card["uuid"], instance_uuid=self.instance, network_id=4)
        bare = self.db.virtual_interface_create(self.user, {"id": 20})
        self.db.virtual_interface_create(self.user, {"id": 25})
        self.assertEqual(self.card, self.db.virtual_interface_get_by_uuid(self.user, self.card["uuid"]))
        found = self.db.virtual_interface_get_by_instance_and_network(self.user, self.instance, 4)
        self.assertEqual(self.card, found)
        self.assertEqual(bare, self.db.virtual_interface_get_by_address(self.user, None))
        self.assertEqual(bare, self.db.virtual_interface_get_by_uuid(self.user, None))
        self.assertEqual(bare, self.db.virtual_interface_get_by_instance_and_network(self.user, None, None))
        ids = [card["id"] for card in self.db.virtual_interface_get_all(self.user)]
        self.assertEqual([1, 20, 25, 30], ids)

    def test_those_of_an_instance_come_by_id(self) -> None:
        low, high = (self.make.virtual_interface(id=number, instance_uuid=self.instance) for number in (60, 40))
        other = self.make.instance()["uuid"]
        self.make.virtual_interface(instance_uuid=other)
        empty = self.make.instance()["uuid"]
        found = self.db.virtual_interface_get_by_instance(self.user, self.instance)
        self.assertIds(found, [self.card, high, low])
        self.assertEqual([], self.db.virtual_interface_get_by_instance(self.user, empty))

    def test_lists_take_as_many_statements_for_many_as_for_one(self) -> None:
        with self.statements() as few:
            self.db.virtual_interface_get_by_instance(self.user, self.instance)
            self.db.virtual_interface_get_all(self.user)
        for _ in range(20):
            self.make.virtual_interface(instance_uuid=self.instance)
        with self.statements() as many:
            self.assertEqual(21, len(self.db.virtual_interface_get_by_instance(self.user, self.instance)))
            self.assertEqual(21, len(self.db.virtual_interface_get_all(self.user)))
        self.assertEqual(len(few), len(many))

    def test_the_instance_is_looked_up_as_the_caller_sees_it(self) -> None:
        gone = self.make.instance()["uuid"]
        self.make.virtual_interface(instance_uuid=gone)
        self.db.instance_destroy(self.admin, gone)
        cases = [
            (self.user, a_uuid()),
            (self.user, None),
            (self.user, 7),
            (self.other, self.instance),
            (self.user, gone),
            (self.admin, gone),
            (self.seeing("only", self.user), self.instance),
            (self.seeing("yes", self.other), gone),
        ]
        for context, uuid in cases:
            with (
                self.subTest(context=context, uuid=uuid),
                self.raises(exceptions.InstanceNotFound, instance_id=uuid, code=404),
            ):
                self.db.virtual_interface_get_by_instance(context, uuid)
        for read_deleted in ("yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                found = self.db.virtual_interface_get_by_instance(self.seeing(read_deleted, self.user), gone)
                self.assertEqual([gone], [card["instance_uuid"] for card in found])

    def test_those_of_an_instance_are_removed_for_good(self) -> None:
        self.make.virtual_interface(id=50, instance_uuid=self.instance, deleted=50)
        other = self.make.virtual_interface(instance_uuid=self.make.instance()["uuid"])
        loose = self.make.virtual_interface()
        address = self.make.fixed_ip(virtual_interface_id=1, instance_uuid=self.instance, allocated=True)
        before = self.dump()
        self.assertIsNone(self.db.virtual_interface_delete_by_instance(self.other, self.instance))
        self.assertSameRows({**before, "virtual_interfaces": [other, loose]}, "after removing those of one instance")
        fixed = self.db.fixed_ip_get_by_address(self.admin, address)
        self.assertRecord(fixed, virtual_interface_id=1, updated_at=None)

    def test_removing_those_of_no_instance_removes_nothing(self) -> None:
        before = self.dump()
        for uuid in (a_uuid(), "", 7, self.instance.upper(), [self.instance]):
            with self.subTest(uuid=uuid):
                self.assertIsNone(self.db.virtual_interface_delete_by_instance(self.user, uuid))
        self.assertSameRows(before, "although no instance has one")

    def test_none_removes_the_interfaces_of_no_instance(self) -> None:
        self.make.virtual_interface()
        self.db.virtual_interface_delete_by_instance(self.user, None)
        self.assertEqual([self.card], self.db.virtual_interface_get_all(self.user))

    def test_only_users_and_administrators_make_and_remove_them(self) -> None:
        before = self.dump()
        strangers = [self.nobody, self.context(project_id=None), self.context(user_id=None)]
        self.assertNotAuthorized(strangers, lambda context: self.db.virtual_interface_create(context, {"id": 1}))
        self.assertNotAuthorized(
            strangers, lambda context: self.db.virtual_interface_delete_by_instance(context, self.instance)
        )
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_a_removal_is_whole_and_goes_with_its_transaction(self) -> None:
        self.make.virtual_interface(instance_uuid=self.instance)
        before = self.dump()
        with self.raises(LookupError), self.db.transaction(self.user):
            self.db.virtual_interface_delete_by_instance(self.user, self.instance)
            self.assertEqual([], self.db.virtual_interface_get_all(self.user))
            raise LookupError
        self.assertSameRows(before, "although the transaction was undone")
        self.assertAtomic(lambda: self.db.virtual_interface_delete_by_instance(self.user, self.instance))
        self.assertEqual([], self.db.virtual_interface_get_all(self.user))

    def test_there_may_be_none(self) -> None:
        self.empty()
        self.assertEqual([], self.db.virtual_interface_get_all(self.user))


class TestVirtualInterfaceRaces(ConformanceTestCase):
    """Addresses that many want at once."""

    def test_an_address_goes_to_one(self) -> None:
        number = 0

        def prepare(_: int) -> None:
            nonlocal number
            number = a_number()

        def create(_: int) -> Any:
            return self.make.virtual_interface(address=f"mac-{number}")

        def finish(done: Round) -> None:
            self.assertEqual([exceptions.VirtualInterfaceCreateException] * (THREADS - 1), [*map(type, done.errors)])
            self.assertEqual(done.results, [self.db.virtual_interface_get_by_address(self.user, f"mac-{number}")])

        allowed = exceptions.VirtualInterfaceCreateException
        race(create, rounds=30, prepare=prepare, finish=finish, allow=allowed)
        self.assertEqual(30, len(self.db.virtual_interface_get_all(self.user)))

    def test_an_address_goes_to_one_of_callers_on_several_hosts(self) -> None:
        hosts = (self.driver, self.another_driver())
        address = ""

        def prepare(number: int) -> None:
            nonlocal address
            address = f"mac-{number}"

        def create(thread: int) -> Any:
            return hosts[thread % 2].virtual_interface_create(self.admin, virtual_interface_values(address=address))

        def finish(done: Round) -> None:
            self.assertEqual((1, THREADS - 1), (len(done.results), len(done.errors)))

        allowed = exceptions.VirtualInterfaceCreateException
        race(create, rounds=15, prepare=prepare, finish=finish, allow=allowed)
        self.assertEqual(15, len(self.db.virtual_interface_get_all(self.user)))

    def test_whoever_tries_again_gets_an_address_of_their_own(self) -> None:
        def allocate(thread: int) -> str:
            for number in range(THREADS):
                try:
                    made = self.make.virtual_interface(address=f"mac-{(thread // 2 + number) % THREADS}")
                except exceptions.VirtualInterfaceCreateException:
                    continue
                return str(made["address"])
            raise LookupError("no address was left")

        def prepare(_: int) -> None:
            self.db.virtual_interface_delete_by_instance(self.user, None)

        def finish(done: Round) -> None:
            self.assertEqual([f"mac-{number}" for number in range(THREADS)], sorted(done.results))

        race(allocate, rounds=20, prepare=prepare, finish=finish)
