"""What holds for every test of the command."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

import pytest

from nova_db.cli import failures
from nova_db.conf import get_conf


@pytest.fixture(autouse=True)
def _no_configuration_is_left() -> Iterator[None]:
    """The process's configuration is as it was, after a command has had it read files."""
    yield
    get_conf().reset()
    get_conf().clear_default("max_retries", group="database")


@pytest.fixture(autouse=True)
def _no_bugs(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test reaches the last line of defence, but for the one that plants an error for it."""
    if request.node.get_closest_marker("planted") is not None:
        yield
        return
    with mock.patch.object(failures, "BUG", "an error that nobody has foreseen"):
        yield
