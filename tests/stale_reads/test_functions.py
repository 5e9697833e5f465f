"""Each function of the API in the block: those that only read ask the replica, all others the primary alone."""

from __future__ import annotations

import contextlib
import datetime as dt
import inspect
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

import pytest

import nova_db
from nova_db.context import get_admin_context
from nova_db.driver import FUNCTIONS, Driver
from nova_db.engine import Isolation
from nova_db.engine.rows.inplace import InPlaceReader, InPlaceWriter
from nova_db.exceptions import DBError, NovaException
from nova_db.operations import EngineDriver, Replica
from nova_db_memory.engine import MemoryEngine

_READING: Final = re.compile(r"_(get|list|search|count|statistics|exists|in_use)(_|$)|^get_|^fixed_ips_by")
_WRITING_TOO: Final = {"instance_update_and_get_original", "project_get_networks"}
_ARGUMENTS: Final[Mapping[str, Any]] = {
    "Context": get_admin_context(),
    "Values": {
        **dict.fromkeys(("id", "name", "flavorid", "availability_zone", "event", "result"), "1"),
        **dict.fromkeys(("instance_uuid", "request_id", "device_name", "virtual_name"), "1"),
    },
    **dict.fromkeys(("str", "Uuid", "Word"), "instances"),  # a table, where one is asked for
    "Id": "1",
    "Id | None": "1",
    "Text": "1",
    "str | int | None": "1",
    **dict.fromkeys(("datetime", "Moment"), dt.datetime(2030, 1, 1)),
    "bool": True,
    "int": 1,
    **dict.fromkeys(("float", "Seconds"), 1.0),
    "int | None": 1,
    "float | None": 1.0,
    "Any": "1",
    "Collection[Any]": ["1"],
    "Iterable[TextT]": ["1"],
    "Iterable[Values]": [{"address": "10.0.0.1"}],
    "Iterable[Uuid]": ["1"],
    "Sequence[Uuid]": ["1"],
    "Mapping[str, Any]": {"1": "1"},
    "Mapping[str, int]": {"cores": 1},
    "Mapping[str, int | None]": {"cores": 10},
    "Mapping[str, QuotaResource]": {"cores": SimpleNamespace(sync=lambda *_: {"cores": 1})},
}


class Spy(MemoryEngine):
    """An engine that notes who is asked."""

    def __init__(self, name: str, asked: set[str]) -> None:
        super().__init__()
        self._name, self._asked = name, asked

    def read(self, *, snapshot: bool = True) -> InPlaceReader:
        self._asked.add(self._name)
        return super().read(snapshot=snapshot)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> InPlaceWriter:
        self._asked.add(self._name)
        return super().write()


@pytest.fixture
def asked() -> set[str]:
    """Who was asked: ``primary``, ``replica``."""
    return set()


@pytest.fixture
def spied(asked: set[str]) -> EngineDriver:
    return EngineDriver(Spy("primary", asked), replica=Replica(Spy("replica", asked), name="memory"))


def _arguments(name: str) -> list[Any]:
    parameters = list(inspect.signature(getattr(Driver, name)).parameters.values())[1:]
    required = [each for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
    return [_ARGUMENTS[each.annotation] for each in required]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_asks_one_server(spied: EngineDriver, asked: set[str], name: str) -> None:
    only_reads = _READING.search(name) is not None and name not in _WRITING_TOO
    # What is asked for is there on neither: to be told so is an answer.
    with nova_db.allow_stale_reads(), contextlib.suppress(NovaException, DBError):
        getattr(spied, name)(*_arguments(name))
    assert asked == ({"replica"} if only_reads else {"primary"})
