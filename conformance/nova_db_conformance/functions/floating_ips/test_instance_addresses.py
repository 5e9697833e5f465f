"""The floating addresses of an instance."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOT_CANONICAL
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race
from nova_db_conformance.harness.values import a_uuid, fixed_ip_values, floating_ip_values


class AddressTestCase(ConformanceTestCase):
    """An instance of project ``p1``."""

    def setUp(self) -> None:
        super().setUp()
        self.instance = self.make.instance()
        self.uuid: str = self.instance["uuid"]

    def fixed(self, uuid: str | None = None, **values: Any) -> int:
        """A fixed ip of an instance; its id."""
        values = fixed_ip_values(instance_uuid=uuid or self.uuid, allocated=True, **values)
        return int(self.insert("fixed_ips", values)[0]["id"])

    def floating(self, fixed_ip_id: int | None, **values: Any) -> dict[str, Any]:
        """A floating ip on a fixed ip; its record."""
        values = {"project_id": "p1", **values}
        return self.insert("floating_ips", floating_ip_values(fixed_ip_id=fixed_ip_id, **values))[0]


class TestInstanceGetFloatingAddress(AddressTestCase):
    """``instance_get_floating_address``."""

    def get(self, which: Any = None, context: Any = None) -> Any:
        return self.db.instance_get_floating_address(context or self.user, which or self.instance["id"])

    def test_it_is_the_address_of_the_floating_ip_on_the_fixed_ip(self) -> None:
        self.floating(self.fixed(), address="203.0.113.7")
        self.floating(self.fixed(self.make.instance()["uuid"]), address="203.0.113.8")
        self.floating(None, address="203.0.113.9")
        self.assertEqual("203.0.113.7", self.get())

    def test_of_the_instance_no_more_is_read_than_is_needed(self) -> None:
        expected = self.floating(self.fixed())["address"]
        with self.statements() as sent:
            self.assertEqual(expected, self.get())
        self.assertNotIn("user_data", " ".join(map(str, sent)))

    def test_the_functions_that_associate_addresses_lead_to_it(self) -> None:
        fixed, floating = self.make.fixed_ip(), self.make.floating_ip(address="2001:DB8:0::1")
        self.db.fixed_ip_associate(self.admin, fixed, self.uuid)
        self.db.floating_ip_fixed_ip_associate(self.admin, floating, fixed, "host1")
        self.assertEqual("2001:db8::1", self.get())
        self.db.floating_ip_disassociate(self.admin, floating)
        self.assertIsNone(self.get())

    def test_the_first_fixed_ip_decides(self) -> None:
        first, second = self.fixed(), self.fixed()
        self.floating(second)
        self.assertIsNone(self.get())
        expected = self.floating(first)["address"]
        self.assertEqual(expected, self.get())

    def test_of_several_floating_ips_it_is_the_first(self) -> None:
        fixed = self.fixed()
        later = self.floating(fixed, id=20, address="203.0.113.1")
        self.assertEqual(later["address"], self.get())
        first = self.floating(fixed, id=10, address="203.0.113.2")
        self.assertEqual(first["address"], self.get())

    def test_a_deleted_fixed_ip_does_not_count(self) -> None:
        gone, live = self.fixed(deleted=1000), self.fixed()
        self.floating(gone)
        for read_deleted in ("no", "yes"):
            with self.subTest(read_deleted=read_deleted):
                self.assertIsNone(self.get(context=self.seeing(read_deleted)))
        expected = self.floating(live)["address"]
        self.assertEqual(expected, self.get(context=self.seeing("yes")))

    def test_the_context_says_whether_a_deleted_floating_ip_counts(self) -> None:
        fixed = self.fixed()
        gone = self.floating(fixed, deleted=1000)
        live = self.floating(fixed)
        self.assertEqual(live["address"], self.get())
        self.assertEqual(gone["address"], self.get(context=self.seeing("yes")))
        self.db.instance_destroy(self.admin, self.uuid)
        self.assertEqual(gone["address"], self.get(context=self.seeing("only")))

    def test_association_is_by_row_and_not_by_address(self) -> None:
        other = self.make.instance()["uuid"]
        mine, others = self.fixed(address="10.0.0.9"), self.fixed(other, address="10.0.0.9")
        self.floating(others)
        self.assertIsNone(self.get())
        expected = self.floating(mine)["address"]
        self.assertEqual(expected, self.get())
        nameless = self.make.instance()
        self.fixed(nameless["uuid"], address=None)
        self.floating(None)
        self.assertIsNone(self.get(nameless["id"]))

    def test_the_floating_ip_may_be_of_any_project(self) -> None:
        expected = self.floating(self.fixed(), project_id="p9")["address"]
        self.assertEqual(expected, self.get())

    def test_decimal_text_is_as_good_as_the_number(self) -> None:
        expected = self.floating(self.fixed())["address"]
        self.assertEqual(expected, self.get(str(self.instance["id"])))

    def test_an_instance_out_of_sight_is_not_found(self) -> None:
        self.floating(self.fixed())
        number, gone = self.instance["id"], self.make.deleted_instance()["id"]
        for context, which in (
            (self.other, number),
            (self.user, 999),
            (self.user, "no number"),
            (self.user, gone),
            (self.seeing("only"), number),
        ):
            with (
                self.subTest(context=context, which=which),
                self.raises(exceptions.InstanceNotFound, instance_id=which),
            ):
                self.get(which, context)

    def test_a_number_beyond_64_bits_is_invalid(self) -> None:
        for which in (2**63, str(10**30)):
            with self.subTest(which=which), self.raises(exceptions.InvalidID, id=which):
                self.get(which)

    def test_an_instance_without_a_fixed_ip_is_an_error(self) -> None:
        self.fixed(deleted=1000)
        self.fixed(self.make.instance()["uuid"])
        for read_deleted in ("no", "yes"):
            with (
                self.subTest(read_deleted=read_deleted),
                self.raises(exceptions.FixedIpNotFoundForInstance, instance_uuid=self.uuid),
            ):
                self.get(context=self.seeing(read_deleted))

    def test_an_instance_whose_uuid_is_not_canonical_is_an_error(self) -> None:
        odd = self.make.instance(uuid="vm")
        self.fixed("vm")
        with self.raises(exceptions.InvalidUUID, uuid="vm"):
            self.get(odd["id"])

    def test_only_users_and_administrators_may(self) -> None:
        self.floating(self.fixed())
        nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=None))
        self.assertNotAuthorized(nobodies, lambda context: self.get(10**30, context))


class TestInstanceFloatingAddressGetAll(AddressTestCase):
    """``instance_floating_address_get_all``."""

    def get(self, uuid: Any = None, context: Any = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]]
        found = self.db.instance_floating_address_get_all(context or self.user, uuid or self.uuid)
        return found

    def test_it_returns_the_records_of_the_floating_ips(self) -> None:
        made = self.floating(self.fixed(), address="2001:db8::1")
        self.floating(self.fixed(self.make.instance()["uuid"]))
        self.floating(None)
        (found,) = self.get()
        self.assertShape(found, "floating_ips")
        self.assertEqual(made, found)
        self.assertPrivate(self.get)

    def test_they_come_in_the_order_of_their_fixed_ips(self) -> None:
        first, second, third = self.fixed(), self.fixed(), self.fixed()
        made = [self.floating(fixed) for fixed in (third, first, third, second, first)]
        self.assertIds(self.get(), [made[place] for place in (1, 4, 3, 0, 2)])

    def test_fixed_ips_without_floating_ones_are_an_empty_list(self) -> None:
        self.fixed()
        self.assertEqual([], self.get())

    def test_a_deleted_fixed_ip_does_not_count(self) -> None:
        live, gone = self.fixed(), self.fixed(deleted=1000)
        self.floating(gone)
        made = self.floating(live)
        for read_deleted in ("no", "yes"):
            with self.subTest(read_deleted=read_deleted):
                self.assertIds(self.get(context=self.seeing(read_deleted)), [made])

    def test_the_context_says_which_floating_ips_count(self) -> None:
        fixed = self.fixed()
        live, gone = self.floating(fixed), self.floating(fixed, deleted=1000)
        for read_deleted, expected in (("no", [live]), ("yes", [live, gone]), ("only", [gone])):
            with self.subTest(read_deleted=read_deleted, expected=expected):
                self.assertIds(self.get(context=self.seeing(read_deleted, self.user)), expected)

    def test_nobody_asks_whose_they_are(self) -> None:
        made = self.floating(self.fixed(), project_id="p9")
        for context in (self.other, self.user, self.admin):
            with self.subTest(context=context):
                self.assertIds(self.get(context=context), [made])

    def test_a_destroyed_instance_still_answers(self) -> None:
        made = self.floating(self.fixed())
        self.db.instance_destroy(self.user, self.uuid)
        self.assertIds(self.get(), [made])

    def test_the_uuid_must_be_canonical(self) -> None:
        self.make.instance(uuid="vm")
        self.floating(self.fixed("vm"))
        for uuid in NOT_CANONICAL:
            with self.subTest(uuid=uuid), self.raises(exceptions.InvalidUUID, uuid=uuid):
                self.db.instance_floating_address_get_all(self.user, uuid)

    def test_an_instance_without_a_fixed_ip_is_an_error(self) -> None:
        self.fixed(deleted=1000)
        for uuid in (self.uuid, a_uuid()):
            with self.subTest(uuid=uuid), self.raises(exceptions.FixedIpNotFoundForInstance, instance_uuid=uuid):
                self.get(uuid)

    def test_only_users_and_administrators_may(self) -> None:
        nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=None))
        self.assertNotAuthorized(nobodies, lambda context: self.get("no uuid", context))

    def test_statements_do_not_grow_with_the_addresses(self) -> None:
        counts = []
        for number in (1, 40):  # one story: the second comes on top
            for _ in range(number):
                fixed = self.fixed()
                for _ in range(3):
                    self.floating(fixed)
            with self.statements() as sent:
                self.assertEqual(3 * number + (3 if number > 1 else 0), len(self.get()))
            counts.append(len(sent))
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 2)

    def test_the_addresses_are_those_of_one_moment(self) -> None:
        """A floating ip moves to and fro between two instances: a reader finds it on one of them, or the other."""
        other = self.make.instance()["uuid"]
        anchor = self.fixed()
        fixed = [self.insert("fixed_ips", fixed_ip_values(instance_uuid=uuid))[0] for uuid in (self.uuid, other)]
        staying = self.floating(anchor)
        moving = self.floating(fixed[0]["id"])
        current: list[int] = [0]

        def compete(thread: int) -> Any:
            if thread == 0:
                target = fixed[current[-1] % 2]["address"]
                return self.db.floating_ip_fixed_ip_associate(self.admin, moving["address"], target, "host1")
            if thread == 1:
                return self.db.fixed_ip_update(self.admin, fixed[1]["address"], {"reserved": bool(current[-1] % 2)})
            return [found["id"] for found in self.get()]

        def finish(done: Round) -> None:
            for found in done.results[2:]:
                self.assertIn(found, ([staying["id"]], [staying["id"], moving["id"]]))
            here = current[-1] % 2 == 0
            self.assertEqual([staying["id"], moving["id"]] if here else [staying["id"]], [f["id"] for f in self.get()])

        rounds = race(compete, rounds=30, prepare=current.append, finish=finish)
        self.assertEqual(30 * 8, sum(len(done.results) for done in rounds))
