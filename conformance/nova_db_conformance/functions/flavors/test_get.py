"""Reading one flavor, and which of them a caller may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase


class TestFlavorGet(ConformanceTestCase):
    """Reading one flavor: by its key, its name or its flavorid."""

    def ways(self, flavor: dict[str, Any]) -> Iterator[tuple[Callable[..., Any], dict[str, Any], type[Exception]]]:
        """Each function with what finds the flavor, and the exception (with its arguments) if it is not found."""
        for function, key, error, argument in (
            (self.db.instance_type_get, "id", exceptions.InstanceTypeNotFound, "instance_type_id"),
            (self.db.instance_type_get_by_name, "name", exceptions.InstanceTypeNotFoundByName, "instance_type_name"),
            (self.db.instance_type_get_by_flavor_id, "flavorid", exceptions.FlavorNotFound, "flavor_id"),
        ):
            with self.subTest(by=key):
                yield function, {argument: flavor[key]}, error

    def assertFound(self, flavor: dict[str, Any], *contexts: Any) -> None:
        """Check that a flavor is found in every way."""
        for context in contexts:
            for function, arguments, _ in self.ways(flavor):
                with self.subTest(context=context, function=function, arguments=arguments):
                    self.assertEqual(flavor, function(context, *arguments.values()))

    def assertNotFound(self, flavor: dict[str, Any], *contexts: Any) -> None:
        """Check that a flavor is not found in any way."""
        for context in contexts:
            for function, arguments, error in self.ways(flavor):
                with (
                    self.subTest(context=context, function=function, arguments=arguments, error=error),
                    self.raises(error, **arguments, code=404),
                ):
                    function(context, *arguments.values())

    def test_a_flavor_is_found_with_its_live_extra_specs(self) -> None:
        self.make.flavor(extra_specs={"other": 1})
        flavor = self.make.flavor(extra_specs={"a": "1", "b": "2"})
        self.db.instance_type_extra_specs_delete(self.admin, flavor["flavorid"], "a")
        self.db.instance_type_extra_specs_update_or_create(self.admin, flavor["flavorid"], {"b": 3, "c": None})
        self.assertFound({**flavor, "extra_specs": {"b": "3", "c": None}}, self.user, self.other, self.admin)
        for function, arguments, _ in self.ways(flavor):
            with self.subTest(function=function, arguments=arguments):
                self.assertPrivate(partial(function, self.user, *arguments.values()))

    def test_an_unknown_flavor_is_not_found(self) -> None:
        flavor = self.make.flavor(name="tiny", flavorid="1")
        self.assertNotFound({"id": flavor["id"] + 1, "name": "Tiny", "flavorid": "01"}, self.user, self.admin)
        self.assertNotFound({"id": "tiny", "name": "1", "flavorid": "tiny"}, self.user)
        self.assertNotFound({"id": None, "name": None, "flavorid": None}, self.admin)

    def test_what_is_looked_for_is_converted_to_what_the_column_holds(self) -> None:
        flavor = self.make.flavor(name=12, flavorid=105)
        self.assertEqual(flavor, self.db.instance_type_get(self.user, str(flavor["id"])))
        self.assertEqual(flavor, self.db.instance_type_get_by_name(self.user, 12))
        self.assertEqual(flavor, self.db.instance_type_get_by_flavor_id(self.user, 105))

    def test_users_find_public_flavors_and_those_that_their_project_was_given(self) -> None:
        public = self.make.flavor()
        disabled = self.make.flavor(disabled=True)
        self.assertFound(public, self.user, self.other, self.admin)
        self.assertFound(disabled, self.user)
        private = self.make.flavor(is_public=False, extra_specs={"a": "1"})
        self.assertFound(private, self.admin)
        self.assertNotFound(private, self.user, self.other)
        self.db.instance_type_access_add(self.admin, private["flavorid"], "p1")
        self.assertFound(private, self.user, self.admin)
        self.assertNotFound(private, self.other)
        self.db.instance_type_access_remove(self.admin, private["flavorid"], "p1")
        self.assertNotFound(private, self.user, self.other)

    def test_access_to_one_flavor_is_no_access_to_another(self) -> None:
        given, kept = self.make.flavor(is_public=False), self.make.flavor(is_public=False)
        self.db.instance_type_access_add(self.admin, given["flavorid"], "p1")
        self.assertFound(given, self.user)
        self.assertNotFound(kept, self.user)

    def test_a_destroyed_flavor_is_found_if_the_context_sees_it(self) -> None:
        live = self.make.flavor(extra_specs={"a": "1"})
        gone = self.make.flavor(extra_specs={"a": "1"})
        self.set_time(NOON)
        self.db.instance_type_destroy(self.admin, gone["name"])
        gone = {**gone, "deleted": gone["id"], "deleted_at": NOON, "extra_specs": {}}
        self.assertNotFound(gone, self.user, self.admin)
        self.assertFound(live, self.user, self.seeing("yes"), self.seeing("yes", self.user))
        self.assertFound(gone, self.seeing("yes"), self.seeing("only"), self.seeing("only", self.user))
        self.assertNotFound(live, self.seeing("only"), self.seeing("only", self.user))

    def test_a_destroyed_flavor_is_still_its_projects(self) -> None:
        flavor = self.make.flavor(is_public=False)
        self.db.instance_type_access_add(self.admin, flavor["flavorid"], "p1")
        self.set_time(NOON)
        self.db.instance_type_destroy(self.admin, flavor["name"])
        gone = {**flavor, "deleted": flavor["id"], "deleted_at": NOON}
        self.assertFound(gone, self.seeing("yes", self.user), self.seeing("only", self.user))
        self.assertNotFound(gone, self.seeing("yes", self.other))

    def test_of_flavors_with_one_name_the_first_is_found(self) -> None:
        ids = []
        for number in range(3):
            ids.append(self.make.flavor(name="tiny", flavorid=number)["id"])
            if number < 2:
                self.db.instance_type_destroy(self.admin, "tiny")
        self.assertRecord(self.db.instance_type_get_by_name(self.user, "tiny"), id=ids[2])
        self.assertRecord(self.db.instance_type_get_by_name(self.seeing("yes"), "tiny"), id=ids[0])
        self.assertRecord(self.db.instance_type_get_by_name(self.seeing("only"), "tiny"), id=ids[0])

    def test_of_flavors_with_one_flavorid_the_live_one_is_found_before_destroyed_ones(self) -> None:
        ids = []
        for number in range(3):
            ids.append(self.make.flavor(name=f"n{number}", flavorid="1")["id"])
            if number < 2:
                self.db.instance_type_destroy(self.admin, f"n{number}")
        find = self.db.instance_type_get_by_flavor_id
        self.assertRecord(find(self.user, "1"), id=ids[2])
        self.assertRecord(find(self.seeing("yes"), "1"), id=ids[2])
        self.assertRecord(find(self.seeing("only"), "1"), id=ids[0])
        self.db.instance_type_destroy(self.admin, "n2")
        self.assertRecord(find(self.seeing("yes"), "1"), id=ids[0])

    def test_by_flavorid_what_is_seen_may_be_said_instead_of_the_context(self) -> None:
        live, gone = self.make.flavor()["flavorid"], self.make.flavor()
        self.db.instance_type_destroy(self.admin, gone["name"])
        gone = gone["flavorid"]
        find = self.db.instance_type_get_by_flavor_id
        for context in (self.user, *(self.seeing(mode) for mode in ("no", "yes", "only"))):
            for seen, found, missing in (("no", [live], [gone]), ("yes", [live, gone], []), ("only", [gone], [live])):
                with self.subTest(context=context, seen=seen, found=found, missing=missing):
                    for flavorid in found:
                        with self.subTest(flavorid=flavorid):
                            self.assertRecord(find(context, flavorid, seen), flavorid=flavorid)
                            self.assertRecord(find(context, flavorid, read_deleted=seen), flavorid=flavorid)
                    for flavorid in missing:
                        with (
                            self.subTest(flavorid=flavorid),
                            self.raises(exceptions.FlavorNotFound, flavor_id=flavorid),
                        ):
                            find(context, flavorid, seen)
        self.assertRecord(find(self.seeing("only"), gone, None), flavorid=gone)

    def test_only_users_and_administrators_may_read(self) -> None:
        flavor = self.make.flavor()
        for function, arguments, _ in self.ways(flavor):
            for context in (self.nobody, self.context(project_id=None), self.context(user_id=None)):
                with (
                    self.subTest(function=function, arguments=arguments, context=context),
                    self.raises(exceptions.NotAuthorized),
                ):
                    function(context, *arguments.values())

    def test_a_transaction_sees_its_own_flavors(self) -> None:
        with self.raises(LookupError), self.db.transaction(self.admin):
            flavor = self.make.flavor(extra_specs={"a": "1"})
            self.assertFound(flavor, self.user)
            raise LookupError
        self.assertNotFound(flavor, self.user)
