"""Networks: made, found one at a time, and updated."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.functions.networks.cases import COMPLETE
from nova_db_conformance.harness.base import ConformanceTestCase


class TestNetworkGet(ConformanceTestCase):
    """One network, by its id, uuid or range."""

    def setUp(self) -> None:
        super().setUp()
        self.network = self.make.network(id=1, project_id="p1", cidr="10.0.0.0/24", cidr_v6="2001:db8::/64")

    def test_it_is_found_by_each_of_its_keys(self) -> None:
        self.make.network(cidr="10.0.1.0/24")
        for read in (
            partial(self.db.network_get, self.user, 1),
            partial(self.db.network_get, self.admin, 1),
            partial(self.db.network_get_by_uuid, self.admin, self.network["uuid"]),
            partial(self.db.network_get_by_cidr, self.admin, "10.0.0.0/24"),
            partial(self.db.network_get_by_cidr, self.admin, "2001:db8::/64"),
        ):
            with self.subTest(read=read):
                self.assertShape(read(), "networks")
                self.assertEqual(self.network, read())
                self.assertPrivate(read)

    def test_the_id_may_be_text(self) -> None:
        for spelling in ("1", "01", True):
            with self.subTest(spelling=spelling):
                self.assertEqual(self.network, self.db.network_get(self.user, spelling))
        for value in NO_IDS:
            with self.subTest(value=value), self.raises(exceptions.NetworkNotFound, network_id=value, code=404):
                self.db.network_get(self.user, value)

    def test_users_see_their_projects_networks_and_those_of_none(self) -> None:
        free = self.make.network(id=2)["id"]
        empty = self.make.network(id=3, project_id="")["id"]
        modes: list[tuple[Any, set[int]]] = [
            ("allow_none", {1, free}),
            (False, {1, free, empty}),
            (None, {1, free, empty}),
            (True, {1}),
            ("yes", {1}),
        ]
        for project_only, seen in modes:
            for number in (1, free, empty):
                with self.subTest(project_only=project_only, seen=seen, number=number):
                    read = partial(self.db.network_get, network_id=number, project_only=project_only)
                    self.assertEqual(number, read(self.admin)["id"])
                    if number in seen:
                        self.assertEqual(number, read(self.user)["id"])
                    else:
                        with self.raises(exceptions.NetworkNotFound, network_id=number):
                            read(self.user)
        with self.raises(exceptions.NetworkNotFound, network_id=1):
            self.db.network_get(self.other, 1)
        self.assertEqual(free, self.db.network_get(self.other, free)["id"])
        self.assertEqual(1, self.db.network_get(self.other, 1, False)["id"])

    def test_deleted_ones_are_found_by_id_alone_by_who_sees_them(self) -> None:
        gone = self.make.network(id=50, deleted=50, cidr="10.0.9.0/24")
        for read_deleted, seen in (("no", {1}), ("yes", {1, 50}), ("only", {50})):
            with self.subTest(read_deleted=read_deleted, seen=seen):
                context = self.seeing(read_deleted)
                for number in (1, 50):
                    with self.subTest(number=number):
                        if number in seen:
                            self.assertEqual(number, self.db.network_get(context, number)["id"])
                        else:
                            with self.raises(exceptions.NetworkNotFound, network_id=number):
                                self.db.network_get(context, number)
                self.assertEqual(self.network, self.db.network_get_by_uuid(context, self.network["uuid"]))
                self.assertEqual(self.network, self.db.network_get_by_cidr(context, "10.0.0.0/24"))
                with self.raises(exceptions.NetworkNotFoundForUUID, uuid=gone["uuid"]):
                    self.db.network_get_by_uuid(context, gone["uuid"])
                with self.raises(exceptions.NetworkNotFoundForCidr, cidr="10.0.9.0/24"):
                    self.db.network_get_by_cidr(context, "10.0.9.0/24")

    def test_a_range_is_found_in_every_spelling(self) -> None:
        bare = self.make.network(cidr="::1", cidr_v6=None)
        for spelling in ("2001:db8::/64", "2001:DB8::5/64", "2001:0db8:0:0::/64"):
            with self.subTest(spelling=spelling):
                self.assertEqual(self.network, self.db.network_get_by_cidr(self.admin, spelling))
        for spelling in ("::1", "0::1/128"):
            with self.subTest(spelling=spelling):
                self.assertEqual(bare, self.db.network_get_by_cidr(self.admin, spelling))

    def test_of_several_the_lowest_id_is_found(self) -> None:
        for number in (40, 30):
            self.make.network(id=number, uuid="twin", cidr="10.7.0.0/24")
        low = self.make.network(id=20, uuid=None, cidr=None, cidr_v6="2001:db8::/64")
        self.assertEqual(30, self.db.network_get_by_uuid(self.admin, "twin")["id"])
        self.assertEqual(30, self.db.network_get_by_cidr(self.admin, "10.7.0.0/24")["id"])
        self.assertEqual(self.network, self.db.network_get_by_cidr(self.admin, "2001:db8::/64"))
        self.assertEqual(low, self.db.network_get_by_uuid(self.admin, None))
        self.assertEqual(low, self.db.network_get_by_cidr(self.admin, None))

    def test_an_unknown_one_is_not_found(self) -> None:
        for value in (None, "", 7, self.network["uuid"].upper(), self.network["uuid"] + " ", [self.network["uuid"]]):
            with self.subTest(value=value), self.raises(exceptions.NetworkNotFoundForUUID, uuid=value, code=404):
                self.db.network_get_by_uuid(self.admin, value)
        for value in ("", 7, "10.0.0.0", "10.0.0.5/24", "2001:db8::/65", "2001:db8::/64 ", ["10.0.0.0/24"]):
            with self.subTest(value=value), self.raises(exceptions.NetworkNotFoundForCidr, cidr=value, code=404):
                self.db.network_get_by_cidr(self.admin, value)

    def test_users_ask_by_id_only(self) -> None:
        self.assertAdminOnly(lambda context: self.db.network_get_by_uuid(context, self.network["uuid"]))
        self.assertAdminOnly(lambda context: self.db.network_get_by_cidr(context, "10.0.0.0/24"))
        strangers = [self.nobody, self.context(project_id=None), self.context(user_id=None)]
        for number in (1, 99):
            with self.subTest(number=number):
                self.assertNotAuthorized(strangers, partial(self.db.network_get, network_id=number))


class TestNetworkUpdate(ConformanceTestCase):
    """Networks changed."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.network = self.make.network(id=1, project_id="p1")
        self.later = self.advance(60)

    def test_what_is_given_changes_and_nothing_else(self) -> None:
        values = {"label": "new", "gateway_v6": "FE80::0:1", "cidr_v6": "2001:DB8::5/32", "vlan": None, "host": "h"}
        updated = self.db.network_update(self.user, 1, values)
        stored = {**values, "gateway_v6": "fe80::1", "cidr_v6": "2001:db8::/32", "updated_at": self.later}
        self.assertShape(updated, "networks")
        self.assertEqual({**self.network, **stored}, updated)
        self.assertEqual(updated, self.db.network_get(self.user, 1))

    def test_every_column_can_be_written(self) -> None:
        values = {**COMPLETE, "id": 1}
        self.assertRecord(self.db.network_update(self.admin, 1, values), **values)

    def test_what_changes_nothing_writes_nothing(self) -> None:
        for values in ({}, {"label": self.network["label"], "vlan": str(self.network["vlan"])}, {"injected": 0}):
            with self.subTest(values=values):
                self.assertEqual(self.network, self.db.network_update(self.user, 1, values))
        self.assertEqual({"networks": [self.network]}, self.dump())

    def test_a_time_of_update_that_is_given_stays(self) -> None:
        for moment in (NOON + dt.timedelta(days=9), None):
            with self.subTest(moment=moment):
                updated = self.db.network_update(self.user, 1, {"label": f"at {moment}", "updated_at": moment})
                self.assertRecord(updated, updated_at=moment)

    def test_another_live_networks_vlan_is_taken(self) -> None:
        taken = self.make.network(vlan=4000)
        gone = self.make.network(id=50, vlan=4001, deleted=50)
        for vlan in (4000, "4000"):
            with self.subTest(vlan=vlan):
                update = partial(self.db.network_update, self.user, 1, {"label": "new", "vlan": vlan})
                self.assertUnchanged(update, exceptions.DuplicateVlan)
                with self.raises(exceptions.DuplicateVlan, vlan=vlan, code=500) as caught:
                    update()
                self.assertIn("4000", str(caught.exception))
        self.assertRecord(self.db.network_update(self.user, 1, {"vlan": gone["vlan"]}), vlan=4001)
        self.db.network_update(self.admin, taken["id"], {"vlan": None})
        self.assertRecord(self.db.network_update(self.user, 1, {"vlan": 4000}), vlan=4000)

    def test_another_id_is_refused(self) -> None:
        taken = self.make.network()["id"]
        before = self.dump()
        for values in ({"id": taken}, {"id": taken, "vlan": 4000}):
            with (
                self.subTest(values=values),
                self.raises(exceptions.DBDataError, table="networks", columns=["id"], value=taken),
            ):
                self.db.network_update(self.admin, 1, values)
        self.assertSameRows(before, "although the id was another")

    def test_what_cannot_be_stored_is_refused(self) -> None:
        before = self.dump()
        refused: list[tuple[str, Any]] = [("label", "x" * 256), ("vlan", "many"), ("gateway", "x" * 40), ("id", None)]
        for column, value in refused:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="networks", columns=[column], value=value),
            ):
                self.db.network_update(self.user, 1, {"bridge": "new", column: value})
        with self.raises(exceptions.UnknownColumn, table="networks", column="vlans", nearest="vlan"):
            self.db.network_update(self.user, 1, {"bridge": "new", "vlans": 1})
        self.assertSameRows(before, "although all of this was refused")

    def test_users_update_networks_of_their_project_and_of_none(self) -> None:
        free = self.make.network()["id"]
        for context, number in ((self.user, "1"), (self.user, free), (self.other, free), (self.admin, 1)):
            with self.subTest(context=context, number=number):
                label = f"{context.user_id}'s"
                self.assertRecord(self.db.network_update(context, number, {"label": label}), label=label)
        before = self.dump()
        with self.raises(exceptions.NetworkNotFound, network_id=1, code=404):
            self.db.network_update(self.other, 1, {"label": "x"})
        strangers = [self.nobody, self.context(project_id=None), self.context(user_id=None)]
        self.assertNotAuthorized(
            strangers, lambda context: self.db.network_update(context, network_id=1, values={"label": "x"})
        )
        self.assertSameRows(before, "although nobody was allowed to")

    def test_a_network_that_is_not_seen_is_not_found(self) -> None:
        self.make.network(id=50, deleted=50)
        before = self.dump()
        for value in NO_IDS:
            for values in ({"label": "x"}, {}):
                with (
                    self.subTest(value=value, values=values),
                    self.raises(exceptions.NetworkNotFound, network_id=value, code=404),
                ):
                    self.db.network_update(self.admin, value, values)
        for read_deleted, number in (("no", 50), ("only", 1)):
            with (
                self.subTest(read_deleted=read_deleted, number=number),
                self.raises(exceptions.NetworkNotFound, network_id=number),
            ):
                self.db.network_update(self.seeing(read_deleted), number, {"label": "x"})
        self.assertSameRows(before, "although no network was found")
        for read_deleted, number in (("yes", 50), ("only", 50), ("yes", 1)):
            with self.subTest(read_deleted=read_deleted, number=number):
                updated = self.db.network_update(self.seeing(read_deleted), number, {"label": read_deleted})
                self.assertRecord(updated, id=number, label=read_deleted)

    def test_a_failure_leaves_the_network(self) -> None:
        updated = self.assertAtomic(lambda: self.db.network_update(self.user, 1, {"label": "new"}))
        self.assertEqual({"networks": [updated]}, self.dump())

    def test_an_update_goes_with_its_transaction(self) -> None:
        with self.raises(LookupError), self.db.transaction(self.user):
            self.db.network_update(self.user, 1, {"label": "new"})
            self.assertRecord(self.db.network_get(self.user, 1), label="new")
            raise LookupError
        self.assertEqual({"networks": [self.network]}, self.dump())
