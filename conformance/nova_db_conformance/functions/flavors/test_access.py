"""Access to flavors: the projects that may use one which is not public."""

from __future__ import annotations

from functools import partial

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase


class TestFlavorAccess(ConformanceTestCase):
    """Giving, listing and taking access."""

    def setUp(self) -> None:
        """Make a flavor that nobody has access to."""
        super().setUp()
        self.flavor = self.make.flavor(name="private", flavorid="f1", is_public=False)

    def test_access_that_is_given_is_listed(self) -> None:
        self.set_time(NOON)
        other = self.make.flavor(flavorid="f2", is_public=False)
        self.assertEqual([], self.db.instance_type_access_get_by_flavor_id(self.admin, "f1"))
        given = [
            self.db.instance_type_access_add(self.admin, flavorid, project)
            for flavorid, project in (("f1", "p2"), ("f2", "p1"), ("f1", "p1"))
        ]
        for number, access in enumerate(given, start=1):
            with self.subTest(number=number, access=access):
                self.assertShape(access, "instance_type_projects")
                self.assertRecord(access, id=number, created_at=NOON, updated_at=None, deleted_at=None, deleted=0)
        self.assertRecord(given[0], instance_type_id=self.flavor["id"], project_id="p2")
        self.assertRecord(given[1], instance_type_id=other["id"], project_id="p1")
        listed = self.db.instance_type_access_get_by_flavor_id
        self.assertEqual([given[0], given[2]], listed(self.admin, "f1"))
        self.assertEqual([given[1]], listed(self.admin, "f2"))
        self.assertPrivate(lambda: listed(self.admin, "f1"))

    def test_a_project_has_access_once(self) -> None:
        self.db.instance_type_access_add(self.admin, "f1", "p1")
        before = self.dump()
        for mode in ("no", "yes", "only"):
            with (
                self.subTest(mode=mode),
                self.raises(exceptions.FlavorAccessExists, flavor_id="f1", project_id="p1", code=500),
            ):
                self.db.instance_type_access_add(self.seeing(mode), "f1", "p1")
        self.assertSameRows(before, "although the project had access")
        self.db.instance_type_access_add(self.admin, "f1", "P1")
        self.make.flavor(flavorid="f2")
        self.db.instance_type_access_add(self.admin, "f2", "p1")

    def test_public_flavors_take_access_too(self) -> None:
        self.make.flavor(flavorid="public")
        access = self.db.instance_type_access_add(self.admin, "public", "p1")
        self.assertEqual([access], self.db.instance_type_access_get_by_flavor_id(self.admin, "public"))

    def test_access_can_be_taken_and_given_again(self) -> None:
        self.set_time(NOON)
        first = self.db.instance_type_access_add(self.admin, "f1", "p1")
        kept = self.db.instance_type_access_add(self.admin, "f1", "p2")
        now = self.advance(10)
        self.assertIsNone(self.db.instance_type_access_remove(self.admin, "f1", "p1"))
        gone = {**first, "deleted": first["id"], "deleted_at": now}
        self.assertEqual([gone, kept], self.dump()["instance_type_projects"])
        self.assertEqual([kept], self.db.instance_type_access_get_by_flavor_id(self.admin, "f1"))
        self.advance(10)
        again = self.db.instance_type_access_add(self.admin, "f1", "p1")
        self.assertEqual([kept, again], self.db.instance_type_access_get_by_flavor_id(self.seeing("yes"), "f1"))
        self.advance(10)
        self.db.instance_type_access_remove(self.admin, "f1", "p1")
        self.assertEqual([gone, kept], self.dump()["instance_type_projects"][:2])

    def test_access_that_was_not_given_cannot_be_taken(self) -> None:
        self.make.flavor(flavorid="f2")
        self.db.instance_type_access_add(self.admin, "f2", "p1")
        self.db.instance_type_access_add(self.admin, "f1", "p2")
        self.db.instance_type_access_remove(self.admin, "f1", "p2")
        before = self.dump()
        for mode in ("no", "yes", "only"):
            for project in ("p1", "p2", "p3"):
                with (
                    self.subTest(mode=mode, project=project),
                    self.raises(exceptions.FlavorAccessNotFound, flavor_id="f1", project_id=project, code=404),
                ):
                    self.db.instance_type_access_remove(self.seeing(mode), "f1", project)
        self.assertSameRows(before, "although no access was named")

    def test_all_live_rows_of_a_project_are_taken(self) -> None:
        values = {"instance_type_id": self.flavor["id"], "project_id": "p1"}
        self.insert("instance_type_projects", values, values, {**values, "project_id": "p2"})
        self.db.instance_type_access_remove(self.admin, "f1", "p1")
        self.assertEqual([1, 2, 0], [row["deleted"] for row in self.dump()["instance_type_projects"]])

    def test_an_unknown_flavor_is_not_found(self) -> None:
        before = self.dump()
        for flavorid in ("f9", "F1", "private", self.flavor["id"], None):
            for call in (
                self.db.instance_type_access_get_by_flavor_id,
                partial(self.db.instance_type_access_add, project_id="p1"),
                partial(self.db.instance_type_access_remove, project_id="p1"),
            ):
                with (
                    self.subTest(flavorid=flavorid, call=call),
                    self.raises(exceptions.FlavorNotFound, flavor_id=flavorid, code=404),
                ):
                    call(self.admin, flavor_id=flavorid)
        self.assertSameRows(before, "although no flavor was named")

    def test_a_destroyed_flavor_only_lists_its_access_and_only_if_the_context_sees_it(self) -> None:
        access = self.db.instance_type_access_add(self.admin, "f1", "p1")
        self.db.instance_type_destroy(self.admin, "private")
        before = self.dump()
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                with self.raises(exceptions.FlavorNotFound, flavor_id="f1"):
                    self.db.instance_type_access_add(self.seeing(mode), "f1", "p2")
                with self.raises(exceptions.FlavorNotFound, flavor_id="f1"):
                    self.db.instance_type_access_remove(self.seeing(mode), "f1", "p1")
        self.assertSameRows(before, "although the flavor was gone")
        for mode in ("yes", "only"):
            with self.subTest(mode=mode):
                self.assertEqual([access], self.db.instance_type_access_get_by_flavor_id(self.seeing(mode), "f1"))
        with self.raises(exceptions.FlavorNotFound, flavor_id="f1"):
            self.db.instance_type_access_get_by_flavor_id(self.admin, "f1")

    def test_of_flavors_with_one_flavorid_the_live_one_is_meant(self) -> None:
        old = self.db.instance_type_access_add(self.admin, "f1", "p1")
        self.db.instance_type_destroy(self.admin, "private")
        self.make.flavor(flavorid="f1", is_public=False)
        listed = self.db.instance_type_access_get_by_flavor_id
        self.assertEqual([], listed(self.seeing("yes"), "f1"))
        with self.raises(exceptions.FlavorAccessNotFound, flavor_id="f1", project_id="p1"):
            self.db.instance_type_access_remove(self.admin, "f1", "p1")
        new = self.db.instance_type_access_add(self.admin, "f1", "p1")
        self.assertEqual([new], listed(self.admin, "f1"))
        self.assertEqual([new], listed(self.seeing("yes"), "f1"))
        self.assertEqual([old], listed(self.seeing("only"), "f1"))

    def test_flavorids_and_projects_that_are_numbers_are_their_text(self) -> None:
        self.make.flavor(flavorid="105", is_public=False)
        access = self.db.instance_type_access_add(self.admin, 105, 7)
        self.assertRecord(access, project_id="7")
        self.assertEqual([access], self.db.instance_type_access_get_by_flavor_id(self.admin, 105))
        with self.raises(exceptions.FlavorAccessExists, flavor_id=105, project_id="7"):
            self.db.instance_type_access_add(self.admin, 105, "7")
        self.db.instance_type_access_remove(self.admin, 105, 7)
        with self.raises(exceptions.FlavorAccessNotFound, flavor_id=105, project_id=7):
            self.db.instance_type_access_remove(self.admin, 105, 7)

    def test_a_project_that_cannot_be_stored_is_refused(self) -> None:
        for bad in ("p" * 256, "p\0", ["p1"]):
            with (
                self.subTest(bad=bad),
                self.raises(exceptions.DBDataError, table="instance_type_projects", columns=["project_id"], value=bad),
            ):
                self.db.instance_type_access_add(self.admin, "f1", bad)
        self.assertNotIn("instance_type_projects", self.dump())

    def test_access_is_for_administrators_to_see_and_change(self) -> None:
        self.db.instance_type_access_add(self.admin, "f1", "p1")
        before = self.dump()
        for flavorid in ("f1", "unknown"):
            with self.subTest(flavorid=flavorid):
                self.assertAdminOnly(partial(self.db.instance_type_access_get_by_flavor_id, flavor_id=flavorid))
                self.assertAdminOnly(partial(self.db.instance_type_access_add, flavor_id=flavorid, project_id="p2"))
                self.assertAdminOnly(partial(self.db.instance_type_access_remove, flavor_id=flavorid, project_id="p1"))
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_a_failure_leaves_everything(self) -> None:
        access = self.assertAtomic(lambda: self.db.instance_type_access_add(self.admin, "f1", "p1"))
        self.assertEqual([access], self.db.instance_type_access_get_by_flavor_id(self.admin, "f1"))
        self.assertAtomic(lambda: self.db.instance_type_access_remove(self.admin, "f1", "p1"))
        self.assertEqual([], self.db.instance_type_access_get_by_flavor_id(self.admin, "f1"))

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        with self.db.transaction(self.admin):
            access = self.db.instance_type_access_add(self.admin, "f1", "p1")
            with self.raises(exceptions.FlavorAccessExists):
                self.db.instance_type_access_add(self.admin, "f1", "p1")
            with self.raises(exceptions.FlavorAccessNotFound):
                self.db.instance_type_access_remove(self.admin, "f1", "p2")
        self.assertEqual([access], self.db.instance_type_access_get_by_flavor_id(self.admin, "f1"))
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.instance_type_access_remove(self.admin, "f1", "p1")
            self.assertEqual([], self.db.instance_type_access_get_by_flavor_id(self.admin, "f1"))
            raise LookupError
        self.assertEqual([access], self.db.instance_type_access_get_by_flavor_id(self.admin, "f1"))
