"""An empty database for a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_db_lmdb import LMDBDriver


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where it is, or will be."""
    return f"lmdb:///{tmp_path / 'cloud'}"


@pytest.fixture
def driver(url: str) -> Iterator[LMDBDriver]:
    """A driver of one whose tables are there."""
    made = LMDBDriver(url)
    made.engine.create_schema()
    yield made
    made.close()
