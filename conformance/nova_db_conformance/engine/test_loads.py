"""A backend that loads: its engine says what it is, makes its tables, and opens and ends transactions."""

from __future__ import annotations

from nova_db import offers
from nova_db.engine import INTERFACE_VERSION, Capability
from nova_db.schema import TABLES
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.harness.scenarios import required_capabilities


class TestDeclared(PrimitivesTestCase):
    """What an engine says of itself."""

    promise = "Engine.describe"

    def test_the_engine_tells_of_itself(self) -> None:
        self.assertLessEqual(set(TABLES), set(self.engine.tables()))
        description = self.engine.describe()
        self.assertIn("engine", description)
        self.assertTrue(all(isinstance(value, str) for value in description.values()))

    def test_each_capability_is_there_or_missing_for_a_reason(self) -> None:
        capabilities, missing = self.engine.capabilities, self.engine.missing
        self.assertEqual(set(Capability), {*capabilities, *missing})
        self.assertFalse(set(capabilities) & set(missing))
        for capability, reason in missing.items():
            with self.subTest(capability=capability, reason=reason):
                self.assertTrue(reason.strip(), f"no reason is given why {capability.name} is missing")

    def test_capabilities_that_are_required_are_there(self) -> None:
        required = required_capabilities()
        if required and offers.engine_of(self.driver) is None:
            self.fail(f"the driver of {self.backend} has no storage engine that could have capabilities")
        for capability in required:
            with self.subTest(capability=capability.name):
                self.require(capability)
        self.assertLessEqual(required, self.engine.capabilities)

    def test_the_interface_is_the_one_tested_here(self) -> None:
        self.assertEqual(2, INTERFACE_VERSION)


class TestEmpty(PrimitivesTestCase):
    """A database without rows."""

    promise = "Engine.create_schema"

    def test_the_schema_is_made_and_made_again(self) -> None:
        self.engine.create_schema()
        self.engine.create_schema()
        self.assertLessEqual(set(TABLES), set(self.engine.tables()))

    def test_it_is_cleared(self) -> None:
        self.engine.clear()
        self.engine.clear()
        self.assertLessEqual(set(TABLES), set(self.engine.tables()))

    def test_transactions_are_opened_and_undone(self) -> None:
        self.engine.read().rollback()
        self.engine.read(snapshot=False).rollback()
        self.engine.write().rollback()
        self.engine.write().rollback()
