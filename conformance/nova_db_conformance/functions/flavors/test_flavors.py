"""Flavors: made and destroyed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import flavor_values

COMPLETE: dict[str, Any] = {
    "id": 7,
    "name": "m1.größe",
    "memory_mb": 2048,
    "vcpus": 2,
    "root_gb": 20,
    "ephemeral_gb": 5,
    "flavorid": "105",
    "swap": 64,
    "rxtx_factor": 1.5,
    "vcpu_weight": 3,
    "disabled": True,
    "is_public": False,
    "created_at": NOON - dt.timedelta(days=3),
    "updated_at": NOON - dt.timedelta(days=2),
    "deleted_at": NOON - dt.timedelta(days=1),
    "deleted": 0,
}
"""A value for every column of a flavor, none of which is the default but that of ``deleted``."""


class TestFlavorCreate(ConformanceTestCase):
    """New flavors."""

    def create(self, **values: Any) -> dict[str, Any]:
        """Make a flavor of these values and nothing else."""
        return self.api.instance_type_create(self.admin, values)

    def test_every_column_is_stored_as_given(self) -> None:
        created = self.create(**COMPLETE, extra_specs={"cpu_arch": "x86_64", "hw": ""})
        self.assertShape(created, "instance_types", "extra_specs")
        self.assertRecord(created, **COMPLETE, extra_specs={"cpu_arch": "x86_64", "hw": ""})
        self.assertEqual(created, self.db.instance_type_get(self.admin, 7))

    def test_what_is_not_given_has_its_default(self) -> None:
        self.set_time(NOON)
        expected = {
            "id": 1,
            "name": "a",
            "flavorid": "1",
            "memory_mb": 512,
            "vcpus": 1,
            "root_gb": None,
            "ephemeral_gb": None,
            "swap": 0,
            "rxtx_factor": 1.0,
            "vcpu_weight": None,
            "disabled": False,
            "is_public": True,
            "created_at": NOON,
            "updated_at": None,
            "deleted_at": None,
            "deleted": 0,
            "extra_specs": {},
        }
        created = self.create(name="a", flavorid="1", memory_mb=512, vcpus=1)
        self.assertEqual(expected, created)
        nulls = dict.fromkeys(("swap", "rxtx_factor", "vcpu_weight", "disabled", "is_public", "extra_specs"))
        created = self.create(name="b", flavorid="2", memory_mb=512, vcpus=1, **nulls)
        self.assertEqual({**expected, "id": 2, "name": "b", "flavorid": "2"}, created)

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.create(
            name=5,
            flavorid=105,
            memory_mb="512",
            vcpus=True,
            rxtx_factor=1,
            disabled=1,
            is_public=0,
            extra_specs={"count": 3, "none": None, 4: 2.5},
        )
        self.assertRecord(
            created,
            name="5",
            flavorid="105",
            memory_mb=512,
            vcpus=1,
            rxtx_factor=1.0,
            disabled=True,
            is_public=False,
            extra_specs={"count": "3", "none": None, "4": "2.5"},
        )
        self.assertEqual(created, self.db.instance_type_get_by_flavor_id(self.admin, 105))
        self.assertEqual(created, self.db.instance_type_get_by_name(self.admin, 5))

    def test_no_extra_specs_may_be_given_as_an_empty_dict(self) -> None:
        created = self.make.flavor(extra_specs={})
        self.assertEqual({}, created["extra_specs"])
        self.assertNotIn("instance_type_extra_specs", self.dump())

    def test_name_and_flavorid_are_required(self) -> None:
        values = flavor_values()
        for missing in ("name", "flavorid"):
            with self.subTest(missing=missing):
                with self.raises(exceptions.MissingKeys) as caught:
                    self.create(**{key: value for key, value in values.items() if key != missing})
                self.assertEqual([missing], caught.exception.kwargs["missing"])
        with self.raises(exceptions.MissingKeys) as caught:
            self.create()
        self.assertEqual(["name", "flavorid"], caught.exception.kwargs["missing"])
        self.assertEqual({}, self.dump())

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("memory_mb", None),
            ("vcpus", None),
            ("memory_mb", "much"),
            ("root_gb", 2**31),
            ("vcpus", 1.5),
            ("rxtx_factor", "fast"),
            ("is_public", "yes"),
            ("disabled", 2),
            ("name", "n" * 256),
            ("flavorid", "f" * 256),
            ("name", "a\0b"),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="instance_types", columns=[column], value=value),
            ):
                self.make.flavor(**{column: value})
        self.assertEqual({}, self.dump())

    def test_extra_specs_that_cannot_be_stored_are_refused(self) -> None:
        table = "instance_type_extra_specs"
        for column, value, specs in (
            ("key", "k" * 256, {"a": "b", "k" * 256: "v"}),
            ("value", "v" * 256, {"a": "b", "k": "v" * 256}),
            ("value", [], {"a": "b", "k": []}),
            ("key", None, {"a": "b", None: "v"}),
        ):
            with (
                self.subTest(column=column),
                self.raises(exceptions.DBDataError, table=table, columns=[column], value=value),
            ):
                self.make.flavor(extra_specs=specs)
        for bad in ("cpu=1", ["cpu"], 7):
            with self.subTest(specs=bad), self.raises(exceptions.DBDataError, table=table, value=bad):
                self.make.flavor(extra_specs=bad)
        self.assertEqual({}, self.dump())

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for unknown, nearest in (("memory", "memory_mb"), ("flavor_id", "flavorid")):
            with (
                self.subTest(unknown=unknown, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="instance_types", column=unknown, nearest=nearest),
            ):
                self.make.flavor(**{unknown: 1})
        for relation in ("projects", "instance_type"):
            with (
                self.subTest(relation=relation),
                self.raises(exceptions.UnknownColumn, table="instance_types", column=relation, code=400),
            ):
                self.make.flavor(**{relation: []})
        self.assertEqual({}, self.dump())

    def test_an_id_is_not_given_twice(self) -> None:
        self.make.flavor(id=7)
        with self.raises(exceptions.DBDuplicateEntry, table="instance_types", columns=["id"]):
            self.make.flavor(id=7)
        self.assertRecord(self.make.flavor(), id=8)

    def test_the_name_of_a_live_flavor_is_taken(self) -> None:
        self.make.flavor(name="tiny", flavorid="1")
        before = self.dump()
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode), self.raises(exceptions.InstanceTypeExists, name="tiny", code=500):
                self.db.instance_type_create(self.seeing(mode), flavor_values(name="tiny", extra_specs={"a": 1}))
        self.assertSameRows(before, "although the name was taken")
        self.make.flavor(name=5)
        for name in (5, "5"):
            with self.subTest(name=name), self.raises(exceptions.InstanceTypeExists, name=name):
                self.make.flavor(name=name)
        self.make.flavor(name="Tiny", flavorid="2")
        self.make.flavor(name="tiny ", flavorid="3")

    def test_the_flavorid_of_a_live_flavor_is_taken(self) -> None:
        self.make.flavor(name="tiny", flavorid="105")
        before = self.dump()
        for mode in ("no", "yes", "only"):
            for flavorid in ("105", 105):
                with (
                    self.subTest(mode=mode, flavorid=flavorid),
                    self.raises(exceptions.InstanceTypeIdExists, flavor_id=flavorid, code=500),
                ):
                    values = flavor_values(flavorid=flavorid, extra_specs={"a": 1})
                    self.db.instance_type_create(self.seeing(mode), values)
        self.assertSameRows(before, "although the flavorid was taken")

    def test_of_both_the_name_is_complained_about(self) -> None:
        self.make.flavor(name="tiny", flavorid="1")
        self.make.flavor(name="small", flavorid="2")
        for flavorid in ("1", "2"):
            with self.subTest(flavorid=flavorid), self.raises(exceptions.InstanceTypeExists, name="tiny"):
                self.make.flavor(name="tiny", flavorid=flavorid)

    def test_a_name_may_be_what_another_flavors_flavorid_is(self) -> None:
        self.make.flavor(name="1", flavorid="2")
        self.assertRecord(self.make.flavor(name="2", flavorid="1"), name="2", flavorid="1")

    def test_name_and_flavorid_of_a_destroyed_flavor_are_free_again(self) -> None:
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                values = flavor_values(name="tiny", flavorid="1")
                created = self.db.instance_type_create(self.seeing(mode), values)
                self.assertEqual(created, self.db.instance_type_get_by_flavor_id(self.user, "1"))
                self.db.instance_type_destroy(self.admin, "tiny")

    def test_only_administrators_may_create(self) -> None:
        self.assertAdminOnly(lambda context: self.db.instance_type_create(context, flavor_values()))
        self.assertAdminOnly(lambda context: self.db.instance_type_create(context, {}))
        self.assertEqual({}, self.dump())

    def test_a_failure_leaves_nothing(self) -> None:
        values = flavor_values(extra_specs={"a": 1, "b": 2})
        created = self.assertAtomic(lambda: self.db.instance_type_create(self.admin, values))
        self.assertEqual(created, self.db.instance_type_get(self.user, created["id"]))

    def test_it_joins_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        with self.db.transaction(self.admin):
            created = self.make.flavor(name="tiny", extra_specs={"a": 1})
            with self.raises(exceptions.InstanceTypeExists):
                self.make.flavor(name="tiny")
            with self.raises(exceptions.DBDataError):
                self.make.flavor(extra_specs={"a": "v" * 256})
            self.assertEqual(created, self.db.instance_type_get_by_name(self.user, "tiny"))
        self.assertEqual([created], self.db.instance_type_get_all(self.user))
        before = self.dump()
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.make.flavor(extra_specs={"a": 1})
            raise LookupError
        self.assertSameRows(before, "although the transaction was rolled back")


class TestFlavorDestroy(ConformanceTestCase):
    """The end of a flavor."""

    def test_the_flavor_and_its_extra_specs_are_soft_deleted(self) -> None:
        self.set_time(NOON)
        other = self.make.flavor(extra_specs={"a": 1})
        flavor = self.make.flavor(name="tiny", extra_specs={"a": 1, "b": 2, "c": 3})
        self.advance(10)
        self.db.instance_type_extra_specs_delete(self.admin, flavor["flavorid"], "b")
        self.db.instance_type_extra_specs_update_or_create(self.admin, flavor["flavorid"], {"c": 4})
        before = self.dump()
        now = self.advance(10)
        self.assertIsNone(self.db.instance_type_destroy(self.admin, "tiny"))
        after = self.dump()
        mark = {"deleted_at": now}
        [kept, gone] = before["instance_types"]
        self.assertEqual([kept, {**gone, "deleted": gone["id"], **mark}], after["instance_types"])
        self.assertEqual(
            [
                {**row, "deleted": row["id"], **mark}
                if row["instance_type_id"] == flavor["id"] and not row["deleted"]
                else row
                for row in before["instance_type_extra_specs"]
            ],
            after["instance_type_extra_specs"],
        )
        self.assertEqual(other, self.db.instance_type_get(self.user, other["id"]))

    def test_access_rows_stay(self) -> None:
        flavor = self.make.flavor(name="tiny")
        access = self.db.instance_type_access_add(self.admin, flavor["flavorid"], "p1")
        self.db.instance_type_destroy(self.admin, "tiny")
        seeing = self.seeing("yes")
        self.assertEqual([access], self.db.instance_type_access_get_by_flavor_id(seeing, flavor["flavorid"]))

    def test_an_unknown_flavor_is_not_found(self) -> None:
        self.make.flavor(name="tiny", flavorid="1")
        before = self.dump()
        for name in ("Tiny", "1", "", None, 1):
            with (
                self.subTest(name=name),
                self.raises(exceptions.InstanceTypeNotFoundByName, instance_type_name=name, code=404),
            ):
                self.db.instance_type_destroy(self.admin, name)
        self.assertSameRows(before, "although no flavor was named")

    def test_only_a_live_flavor_is_destroyed_whatever_the_context_sees(self) -> None:
        self.set_time(NOON)
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.make.flavor(name="tiny", extra_specs={"a": 1})
                gone = [row for row in self.dump()["instance_types"] if row["deleted"]]
                self.advance(10)
                self.db.instance_type_destroy(self.seeing(mode), "tiny")
                self.assertEqual(gone, self.dump()["instance_types"][: len(gone)])
                before = self.dump()
                self.advance(10)
                with self.raises(exceptions.InstanceTypeNotFoundByName, instance_type_name="tiny"):
                    self.db.instance_type_destroy(self.seeing(mode), "tiny")
                self.assertSameRows(before, "although the flavor was gone")
        self.assertEqual([True] * 3, [row["deleted"] == row["id"] for row in self.dump()["instance_types"]])

    def test_a_name_that_is_a_number_is_its_text(self) -> None:
        self.make.flavor(name="12")
        self.db.instance_type_destroy(self.admin, 12)
        self.assertEqual([], self.db.instance_type_get_all(self.admin))

    def test_only_administrators_may_destroy(self) -> None:
        self.make.flavor(name="tiny")
        before = self.dump()
        self.assertAdminOnly(lambda context: self.db.instance_type_destroy(context, "tiny"))
        self.assertAdminOnly(lambda context: self.db.instance_type_destroy(context, "unknown"))
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_a_failure_leaves_everything(self) -> None:
        self.make.flavor(name="tiny", extra_specs={"a": 1, "b": 2})
        self.assertAtomic(lambda: self.db.instance_type_destroy(self.admin, "tiny"))
        self.assertEqual([], self.db.instance_type_get_all(self.admin))

    def test_it_joins_a_transaction(self) -> None:
        flavor = self.make.flavor(name="tiny", extra_specs={"a": "1"})
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.instance_type_destroy(self.admin, "tiny")
            with self.raises(exceptions.InstanceTypeNotFoundByName):
                self.db.instance_type_destroy(self.admin, "tiny")
            self.make.flavor(name="tiny")
            raise LookupError
        self.assertEqual([flavor], self.db.instance_type_get_all(self.user, inactive=True))
