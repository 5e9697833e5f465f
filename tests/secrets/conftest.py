"""The SQL servers that the run is on."""

from __future__ import annotations

from tests.sqlalchemy.conftest import engine, opened, pytest_generate_tests, server

__all__ = ["engine", "opened", "pytest_generate_tests", "server"]
