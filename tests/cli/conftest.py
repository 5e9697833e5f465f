"""What holds for every test of the command."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from unittest import mock

import pytest

from nova_db.cli import failures, main
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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a database of a demo's day, and an empty one with a schema."""
    folder = tmp_path_factory.mktemp("made")
    for name in ("first", "second"):
        assert main(["--connection", f"sqlite:///{folder}/nova_db_test_{name}.sqlite", "sync"]) == 0
    url = f"sqlite:///{folder}/nova_db_test_first.sqlite"
    assert main(["--connection", url, "demo", "--instances", "12", "--hosts", "3", "--quiet"]) == 0
    return folder
