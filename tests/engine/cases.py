"""The backend that the suite runs on here."""

from __future__ import annotations

from nova_db_conformance.harness.scenarios import Backend

KEY_VALUE = Backend("kv", "tests.kv_engine.driver.KVDriver")
