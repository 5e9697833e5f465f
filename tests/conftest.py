"""What holds for all tests of this repository."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nova_db.engine import guards


@pytest.fixture(scope="session", autouse=True)
def watched() -> Iterator[None]:
    """Check what engines take on trust, in whatever is called."""
    with guards.enforced():
        yield
