"""A plugin of pytest: every table is created with its columns the other way round, so that nobody can rely on places.

``pytest -p tests.migrations.backwards ...`` runs tests so, and ``make test-columns`` those of SQL servers.
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.schema import CreateTable

from nova_db_sqlalchemy.tables import creation


class CreateBackwards(CreateTable):
    """``CREATE TABLE`` with the last column first."""

    inherit_cache = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.columns.reverse()


def pytest_configure(config: pytest.Config) -> None:
    vars(creation)["CreateTable"] = CreateBackwards
