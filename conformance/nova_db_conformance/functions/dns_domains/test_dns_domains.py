"""DNS domains of projects and of availability zones."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race


class DnsDomainTestCase(ConformanceTestCase):
    """Shorter names for the calls."""

    def get(self, name: Any) -> Any:
        """The domain, as a user sees it."""
        return self.db.dnsdomain_get(self.user, name)

    def for_project(self, name: Any, project: Any = "p1") -> None:
        """Register for a project."""
        self.assertIsNone(self.db.dnsdomain_register_for_project(self.admin, name, project))

    def for_zone(self, name: Any, zone: Any = "nova") -> None:
        """Register for a zone."""
        self.assertIsNone(self.db.dnsdomain_register_for_zone(self.admin, name, zone))


class TestDnsDomainRegister(DnsDomainTestCase):
    """Domains registered, again and for something else."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.fresh = {
            "created_at": NOON,
            "updated_at": None,
            "deleted_at": None,
            "deleted": False,
            "availability_zone": None,
            "project_id": None,
        }

    def test_a_domain_is_a_projects(self) -> None:
        self.for_project("example.org", "p7")
        found = self.get("example.org")
        self.assertShape(found, "dns_domains")
        self.assertRecord(found, **{**self.fresh, "domain": "example.org", "scope": "public", "project_id": "p7"})

    def test_a_domain_is_a_zones(self) -> None:
        self.for_zone("example.org", "zone 7")
        found = self.get("example.org")
        self.assertShape(found, "dns_domains")
        new = {"domain": "example.org", "scope": "private", "availability_zone": "zone 7"}
        self.assertRecord(found, **{**self.fresh, **new})

    def test_a_domain_goes_to_another_project_or_zone(self) -> None:
        self.for_project("example.org", "p7")
        self.for_zone("example.com", "z7")
        later = self.advance(60)
        self.for_project("example.org", "p8")
        self.for_zone("example.com", "z8")
        self.assertRecord(self.get("example.org"), project_id="p8", scope="public", created_at=NOON, updated_at=later)
        self.assertRecord(
            self.get("example.com"), availability_zone="z8", scope="private", created_at=NOON, updated_at=later
        )
        self.assertEqual(["example.com", "example.org"], self.db.dnsdomain_list(self.user))

    def test_a_domain_that_changes_its_scope_keeps_what_it_was(self) -> None:
        self.for_zone("example.org", "z7")
        self.for_project("example.org", "p7")
        self.assertRecord(self.get("example.org"), scope="public", project_id="p7", availability_zone="z7")
        self.for_zone("example.org", "z8")
        self.assertRecord(self.get("example.org"), scope="private", project_id="p7", availability_zone="z8")

    def test_what_changes_nothing_writes_nothing(self) -> None:
        self.for_project("example.org", "p7")
        self.for_zone("example.com", "z7")
        before = self.dump()
        self.advance(60)
        self.for_project("example.org", "p7")
        self.for_zone("example.com", "z7")
        self.assertSameRows(before, "although everything was so already")

    def test_neither_project_nor_zone_need_be_one(self) -> None:
        for value, stored in ((None, None), ("", ""), (7, "7"), ("größe", "größe")):
            with self.subTest(value=value, stored=stored):
                self.for_project("example.org", value)
                self.for_zone("example.com", value)
                self.assertRecord(self.get("example.org"), project_id=stored, scope="public")
                self.assertRecord(self.get("example.com"), availability_zone=stored, scope="private")

    def test_a_name_in_its_text_form_is_the_same(self) -> None:
        self.for_project(7, "p7")
        self.for_zone("7", "z7")
        self.assertRecord(self.get(7), domain="7", project_id="p7", availability_zone="z7")
        self.assertEqual(["7"], self.db.dnsdomain_list(self.user))

    def test_names_are_exact(self) -> None:
        names = ["", "Example.org", "example.org", "example.org ", "example.org.", "exämple.org"]
        for name in reversed(names):
            self.for_project(name, f"of {name}")
        self.assertEqual(names, self.db.dnsdomain_list(self.user))
        for name in names:
            with self.subTest(name=name):
                self.assertRecord(self.get(name), domain=name, project_id=f"of {name}")

    def test_what_cannot_be_stored_is_refused(self) -> None:
        self.for_project("example.org")
        before = self.dump()
        for register, column in (
            (self.db.dnsdomain_register_for_project, "project_id"),
            (self.db.dnsdomain_register_for_zone, "availability_zone"),
        ):
            with self.subTest(register=register, column=column):
                for value in (None, "d" * 256, "a\0b", b"name", ["name"]):
                    with (
                        self.subTest(value=value),
                        self.raises(exceptions.DBDataError, table="dns_domains", columns=["domain"], value=value),
                    ):
                        register(self.admin, value, "x")
                for value in ("v" * 256, "a\0b", b"name", ["name"]):
                    for name in ("example.org", "example.com"):
                        with (
                            self.subTest(value=value, name=name),
                            self.raises(exceptions.DBDataError, table="dns_domains", columns=[column], value=value),
                        ):
                            register(self.admin, name, value)
        self.assertSameRows(before, "although all of this was refused")

    def test_only_administrators_register(self) -> None:
        self.assertAdminOnly(lambda context: self.db.dnsdomain_register_for_project(context, None, "p1"))
        self.assertAdminOnly(lambda context: self.db.dnsdomain_register_for_zone(context, None, "nova"))
        self.assertEqual({}, self.dump())

    def test_a_failure_leaves_things_as_they_were(self) -> None:
        self.assertAtomic(lambda: self.for_project("example.org", "p1"))
        self.assertAtomic(lambda: self.for_zone("example.org", "z1"))
        self.assertRecord(self.get("example.org"), scope="private", project_id="p1", availability_zone="z1")

    def test_a_domain_marked_deleted_comes_back(self) -> None:
        for name in ("example.com", "example.org"):
            self.insert("dns_domains", {"domain": name, "deleted": True, "deleted_at": NOON})
        self.for_project("example.org", "p1")
        self.for_zone("example.com", "z1")
        self.assertRecord(self.get("example.org"), deleted=False, deleted_at=None, project_id="p1")
        self.assertRecord(self.get("example.com"), deleted=False, deleted_at=None, availability_zone="z1")

    def test_calls_join_a_transaction(self) -> None:
        self.for_project("example.org", "p1")
        before = self.dump()
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.for_project("example.org", "p2")
            self.for_zone("example.com", "z1")
            with self.raises(exceptions.DBDataError):
                self.for_zone("example.net", "z" * 256)
            self.db.dnsdomain_unregister(self.admin, "example.org")
            self.assertEqual(["example.com"], self.db.dnsdomain_list(self.user))
            raise LookupError
        self.assertSameRows(before, "although the transaction was undone")


class TestDnsDomains(DnsDomainTestCase):
    """Domains found, listed and removed."""

    def setUp(self) -> None:
        super().setUp()
        self.for_project("example.org", "p1")

    def test_everyone_finds_them(self) -> None:
        found = self.get("example.org")
        for context in (self.other, self.admin, *map(self.seeing, ("no", "yes", "only"))):
            with self.subTest(context=context):
                self.assertEqual(found, self.db.dnsdomain_get(context, "example.org"))
                self.assertEqual(["example.org"], self.db.dnsdomain_list(context))
        self.assertPrivate(lambda: self.get("example.org"))
        self.assertPrivate(lambda: self.db.dnsdomain_list(self.user))
        strangers = [self.nobody, self.context(project_id=None), self.context(user_id=None)]
        self.assertNotAuthorized(strangers, lambda context: self.db.dnsdomain_get(context, "example.org"))
        self.assertNotAuthorized(strangers, self.db.dnsdomain_list)

    def test_an_unknown_one_is_none(self) -> None:
        for name in ("example.com", "EXAMPLE.org", "example.org ", "", None, 7, ["example.org"], "d" * 300, "a\0b"):
            with self.subTest(name=name):
                self.assertIsNone(self.get(name))

    def test_they_are_listed_by_name(self) -> None:
        for name in ("b.org", "Z.org", "ä.org", "a.org"):
            self.for_zone(name)
        self.assertEqual(["Z.org", "a.org", "b.org", "example.org", "ä.org"], self.db.dnsdomain_list(self.user))

    def test_there_may_be_none(self) -> None:
        self.empty()
        self.assertEqual([], self.db.dnsdomain_list(self.user))

    def test_one_marked_deleted_is_not_found(self) -> None:
        self.insert("dns_domains", {"domain": "example.com", "deleted": True, "deleted_at": NOON})
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertIsNone(self.db.dnsdomain_get(self.seeing(read_deleted), "example.com"))
                self.assertEqual(["example.org"], self.db.dnsdomain_list(self.seeing(read_deleted)))

    def test_one_is_removed_for_good(self) -> None:
        self.for_zone("example.org", "nova")
        self.for_project("example.com")
        rest = [self.get("example.com")]
        self.assertIsNone(self.db.dnsdomain_unregister(self.admin, "example.org"))
        self.assertEqual({"dns_domains": rest}, self.dump())
        self.for_project("example.org", "p2")
        self.assertRecord(
            self.get("example.org"), scope="public", project_id="p2", availability_zone=None, updated_at=None
        )

    def test_one_is_removed_by_who_sees_it(self) -> None:
        self.insert("dns_domains", {"domain": "example.com", "deleted": True, "deleted_at": NOON})
        before = self.dump()
        self.db.dnsdomain_unregister(self.seeing("only"), "example.org")
        self.db.dnsdomain_unregister(self.seeing("no"), "example.com")
        self.assertSameRows(before, "although the domains were not seen")
        self.db.dnsdomain_unregister(self.seeing("only"), "example.com")
        self.assertEqual({"dns_domains": [self.get("example.org")]}, self.dump())
        self.db.dnsdomain_unregister(self.seeing("yes"), "example.org")
        self.assertEqual({}, self.dump())

    def test_an_unknown_one_is_removed_in_silence(self) -> None:
        before = self.dump()
        for name in ("example.com", "EXAMPLE.org", "example.org ", "", None, 7, ["example.org"]):
            with self.subTest(name=name):
                self.assertIsNone(self.db.dnsdomain_unregister(self.admin, name))
        self.assertSameRows(before, "although none of these names is registered")

    def test_only_administrators_remove(self) -> None:
        self.assertAdminOnly(lambda context: self.db.dnsdomain_unregister(context, "example.org"))
        self.assertEqual(["example.org"], self.db.dnsdomain_list(self.user))

    def test_a_failure_leaves_the_domain(self) -> None:
        self.assertAtomic(lambda: self.db.dnsdomain_unregister(self.admin, "example.org"))
        self.assertEqual({}, self.dump())


class TestDnsDomainRaces(DnsDomainTestCase):
    """Registering at once: one row, and one caller's values."""

    name = ""

    def next_name(self, number: int) -> None:
        """Go on with a name that is not registered."""
        self.name = f"d{number}.example.org"

    def test_first_registrations_make_one_domain(self) -> None:
        def register(thread: int) -> None:
            if thread % 2:
                self.db.dnsdomain_register_for_project(self.admin, self.name, f"p{thread}")
            else:
                self.db.dnsdomain_register_for_zone(self.admin, self.name, f"z{thread}")

        def finish(done: Round) -> None:
            self.assertEqual(THREADS, len(done.results))
            found = self.get(self.name)
            self.assertIn(found["project_id"], [f"p{thread}" for thread in range(1, THREADS, 2)])
            self.assertIn(found["availability_zone"], [f"z{thread}" for thread in range(0, THREADS, 2)])
            self.assertIn(found["scope"], ("public", "private"))

        race(register, rounds=30, prepare=self.next_name, finish=finish)
        self.assertEqual(30, len(self.db.dnsdomain_list(self.user)))

    def test_callers_on_several_hosts_make_one_domain(self) -> None:
        hosts = (self.driver, self.another_driver())

        def register(thread: int) -> None:
            hosts[thread % 2].dnsdomain_register_for_project(self.admin, self.name, f"p{thread}")

        race(register, rounds=15, prepare=self.next_name)
        self.assertEqual(15, len(self.db.dnsdomain_list(self.user)))

    def test_a_domain_that_comes_and_goes_is_whole(self) -> None:
        def some(thread: int) -> Any:
            if thread % 3 == 0:
                return self.db.dnsdomain_register_for_zone(self.admin, self.name, "z")
            if thread % 3 == 1:
                return self.db.dnsdomain_unregister(self.admin, self.name)
            return self.db.dnsdomain_get(self.user, self.name)

        def finish(done: Round) -> None:
            for found in [*done.results, self.get(self.name)]:
                if found is not None:
                    self.assertRecord(found, scope="private", availability_zone="z", project_id=None)

        race(some, rounds=30, prepare=self.next_name, finish=finish)
