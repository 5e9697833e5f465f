"""Databases for tests, emptying, schema, health, snapshots: what is offered does what its protocol says."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

from nova_db import offers
from nova_db.engine import Capability
from nova_db.exceptions import DBError
from nova_db.loading import find_backend, load_unconfigured
from nova_db_conformance.harness.base import ConformanceTestCase

P = TypeVar("P")


class OffersTestCase(ConformanceTestCase):
    """Tests of what this backend offers; those of what it does not are skipped."""

    def offered(self, offer: offers.Offer[P]) -> P:
        """The driver, where it makes the offer."""
        found = offer.of(self.driver)
        if found is None:
            self.skipTest(f"the driver of {self.backend} does not offer {offer.methods[0]}()")
        assert found is not None
        return found


class TestDatabases(OffersTestCase):
    def provisioned(self) -> Any:
        """A driver on a new database with its tables, which goes with the test."""
        driver = load_unconfigured(self.backend.name, self.database())
        self.addCleanup(driver.close)
        engine = offers.engine_of(driver)
        if engine is not None:
            engine.create_schema()
        return driver

    def database(self) -> str | None:
        """What leads to a new database, which goes with the test."""
        backend: Any = find_backend(self.backend.name)
        provider = offers.PROVISION.of(backend) or offers.PROVISION.of(type(self.driver))
        if provider is None:
            self.skipTest(f"backend {self.backend} does not offer provision()")
        assert provider is not None
        connection = provider.provision(self.backend.connection)
        discarding = offers.DISCARD.of(provider)
        if discarding is not None:
            # Once more than it takes: what is gone is no error.
            self.addCleanup(discarding.discard, connection)
            self.addCleanup(discarding.discard, connection)
        return connection

    def test_each_database_for_tests_is_empty_and_apart(self) -> None:
        self.make.key_pair(name="mine")
        for driver in (self.provisioned(), self.provisioned()):  # one story
            self.assertEqual([], driver.key_pair_get_all_by_user(self.user, "u1"))
            driver.key_pair_create(self.user, {"user_id": "u1", "name": "its own"})
        self.assertEqual(["mine"], [each["name"] for each in self.db.key_pair_get_all_by_user(self.user, "u1")])

    def names(self) -> dict[str, str | None]:
        """What leads to the database of the test: its URL, and where that is of a file or a folder, one of a link."""
        found = {"its URL": self.connection}
        path = unquote(urlsplit(self.engine.location()).path)[1:]
        if path.startswith("/") and Path(path).exists():
            link = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="nova-db-")), "link")
            link.symlink_to(path)
            found["by a link"] = (self.connection or "").replace(quote(path), quote(str(link)))
        return found

    def test_a_database_is_one_by_any_of_its_names(self) -> None:
        self.require(Capability.PERSISTENT)
        self.make.key_pair(name="mine")
        known = self.engine.identity()
        self.assertIsNotNone(known, "identity() tells a database that outlives its engine")
        for name, connection in self.names().items():
            with self.subTest(name=name):
                driver: Any = load_unconfigured(self.backend.name, connection)
                self.addCleanup(driver.close)
                self.assertEqual(["mine"], [each["name"] for each in driver.key_pair_get_all_by_user(self.user, "u1")])
                self.assertEqual(known, driver.engine.identity(), "identity() is one, whatever leads to the database")

    def test_other_databases_are_told_from_it(self) -> None:
        self.require(Capability.PERSISTENT)
        drivers = (self.driver, self.provisioned(), self.provisioned())
        self.assertEqual(3, len({offers.engine_of(driver).identity() for driver in drivers}))  # type: ignore[union-attr]

    def test_without_tables_a_call_says_so_or_makes_them(self) -> None:
        driver = load_unconfigured(self.backend.name, self.database())
        self.addCleanup(driver.close)
        engine = offers.engine_of(driver)
        calls: dict[str, Callable[[], Any]] = {
            "read": lambda: driver.key_pair_get_all_by_user(self.user, "u1"),
            "write": lambda: driver.key_pair_create(self.user, {"user_id": "u1", "name": "early"}),
            "transaction": lambda: driver.run(
                self.user, lambda session: driver.key_pair_count_by_user(self.user, "u1")
            ),
        }
        for name, call in calls.items():
            with self.subTest(name=name), contextlib.suppress(DBError):
                call()
        if engine is not None:
            engine.create_schema()
        early = driver.key_pair_get_all_by_user(self.user, "u1")
        driver.key_pair_create(self.user, {"user_id": "u1", "name": "later"})
        names = [each["name"] for each in driver.key_pair_get_all_by_user(self.user, "u1")]
        self.assertEqual(sorted([*(each["name"] for each in early), "later"]), sorted(names))

    def test_what_is_discarded_is_gone(self) -> None:
        connection = self.database()
        discarding = offers.DISCARD.of(find_backend(self.backend.name)) or offers.DISCARD.of(type(self.driver))
        if discarding is None:
            self.skipTest(f"backend {self.backend} does not offer discard()")
        assert discarding is not None
        driver: Any = load_unconfigured(self.backend.name, connection)
        offers.engine_of(driver).create_schema()  # type: ignore[union-attr] # what provisions has one
        driver.key_pair_create(self.user, {"user_id": "u1", "name": "mine"})
        driver.close()
        discarding.discard(connection)
        after = load_unconfigured(self.backend.name, connection)
        self.addCleanup(after.close)
        with contextlib.suppress(DBError):
            self.assertEqual([], after.key_pair_get_all_by_user(self.user, "u1"))

    def test_an_emptied_database_counts_ids_from_one(self) -> None:
        empty = offers.emptier(self.driver)
        if empty is None:
            self.skipTest(f"the driver of {self.backend} has nothing that empties a database")
        assert empty is not None
        self.make.key_pair(name="one")
        self.make.key_pair(name="two")
        empty()
        self.assertEqual([], self.db.key_pair_get_all_by_user(self.user, "u1"))
        self.assertEqual(1, self.make.key_pair()["id"])


class TestHealth(OffersTestCase):
    def test_a_database_that_answers_is_reachable(self) -> None:
        found = self.offered(offers.HEALTH).health()
        self.assertIs(True, found["reachable"])
        self.assertNotIn("problem", found)
        self.assertIn("revision", found)
        self.assertIsInstance(found["location"], str)

    def test_a_look_waits_for_no_transaction(self) -> None:
        health = self.offered(offers.HEALTH).health
        with self.db.transaction(self.admin):
            self.make.key_pair(name="open")
            self.assertIs(True, health()["reachable"])


class TestSnapshots(OffersTestCase):
    def names(self) -> list[str]:
        return sorted(each["name"] for each in self.db.key_pair_get_all_by_user(self.user, "u1"))

    def test_the_database_goes_back_any_number_of_times(self) -> None:
        driver = self.offered(offers.SNAPSHOT)
        kept = self.make.key_pair(name="kept")
        snapshot = driver.snapshot()
        ids = set()
        for _ in range(2):  # one story
            ids.add(self.make.key_pair(name="later")["id"])
            self.db.key_pair_destroy(self.user, "u1", "kept")
            self.assertEqual(["later"], self.names())
            driver.restore(snapshot)
            self.assertEqual(["kept"], self.names())
        self.assertEqual({kept["id"] + 1}, ids, "the counters of ids go back, too")

    def test_a_snapshot_is_of_a_moment(self) -> None:
        driver = self.offered(offers.SNAPSHOT)
        empty = driver.snapshot()
        self.make.key_pair(name="one")
        one = driver.snapshot()
        driver.restore(empty)
        self.assertEqual([], self.names())
        driver.restore(one)
        self.assertEqual(["one"], self.names())


class TestSchema(OffersTestCase):
    def test_a_schema_that_is_there_is_made_again_without_harm(self) -> None:
        driver = self.offered(offers.SYNC)
        self.make.key_pair(name="kept")
        if offers.SCHEMA_VERSION.of(self.driver) is not None:
            self.skipTest("a schema with revisions refuses tables that were not made by them")
        self.assertTrue(driver.sync())
        self.assertEqual("kept", self.db.key_pair_get(self.user, "u1", "kept")["name"])

    def test_a_driver_describes_itself_in_texts(self) -> None:
        found = self.offered(offers.DESCRIBE).describe()
        self.assertTrue(found)
        for name, value in found.items():
            with self.subTest(name=name):
                self.assertIs(str, type(value))
