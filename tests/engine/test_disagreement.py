"""An engine that decides otherwise than what it shows: calls end, and say so; they neither spin nor hold a writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nova_db import exceptions
from nova_db.context import RequestContext, get_admin_context
from nova_db.engine import Ne, Predicate, Query
from nova_db.exceptions import DBDisagreement
from nova_db.moving.database import Database
from nova_db.operations import EngineDriver
from nova_db.schema import TABLES
from nova_db.upkeep import archive, purge
from nova_db_memory import MemoryEngine

CACHES = "instance_info_caches"
ALWAYS = 1000
Denials = dict[tuple[str, str], int]


class Denying:
    """A transaction that finds no row, as often as it was told, in some calls on some tables."""

    _tx: Any

    def __init__(self, tx: Any, engine: DenyingEngine) -> None:
        self._tx = tx
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def update(self, table: str, where: Any, values: Any) -> Any:
        return 0 if self._is_denied("update", table) else self._tx.update(table, where, values)

    def update_returning(self, query: Query, values: Any) -> Any:
        if self._is_denied("update_returning", query.table):
            return []
        return self._tx.update_returning(query, values)

    def update_each(self, table: str, changes: Any, where: Any) -> Any:
        return 0 if self._is_denied("update_each", table) else self._tx.update_each(table, changes, where)

    def select(self, query: Query) -> Any:
        if query.lock and query.limit and self._is_denied("lock", query.table):
            return []
        if self._engine.shown is not None:
            query = query.replace(where=self._engine.shown, after=None)
        return self._tx.select(query)

    def move(self, source: str, *arguments: Any, **options: Any) -> Any:
        return 2 if self._engine.shown is not None else self._tx.move(source, *arguments, **options)

    def delete(self, *arguments: Any) -> Any:
        return 2 if self._engine.shown is not None else self._tx.delete(*arguments)

    def _is_denied(self, call: str, table: str) -> bool:
        denials = self._engine.denials
        left = denials.get((call, table), 0)
        if left:
            denials[call, table] = left - 1
        return bool(left)


class DenyingEngine(MemoryEngine):
    """An engine of such transactions."""

    def __init__(self) -> None:
        super().__init__()
        self.denials: Denials = {}
        self.shown: Predicate | None = None
        """The rows that are shown whatever is asked for, and stay whatever is done to them."""

    def read(self, **options: Any) -> Any:
        return Denying(super().read(**options), self)

    def write(self, **options: Any) -> Any:
        return Denying(super().write(**options), self)


@pytest.fixture
def engine() -> DenyingEngine:
    return DenyingEngine()


@pytest.fixture
def driver(engine: DenyingEngine) -> EngineDriver:
    return EngineDriver(engine)


@pytest.fixture
def context() -> RequestContext:
    return get_admin_context()


@pytest.fixture
def uuid(driver: EngineDriver, context: RequestContext) -> str:
    values = {"task_state": "spawning", "metadata": {"a": "1"}}
    made: str = driver.instance_create(context, values)["uuid"]
    return made


Call = Callable[[EngineDriver, RequestContext, str], object]


def set_if(driver: EngineDriver, context: RequestContext, uuid: str) -> object:
    return driver.instance_test_and_set(context, uuid, "task_state", [None, "spawning"], "resizing")


def update(driver: EngineDriver, context: RequestContext, uuid: str) -> object:
    values = {"expected_task_state": ["spawning"], "task_state": "resizing"}
    return driver.instance_update(context, uuid, values)


def update_nothing(driver: EngineDriver, context: RequestContext, uuid: str) -> object:
    return driver.instance_update(context, uuid, {"expected_task_state": "spawning"})


def update_cache(driver: EngineDriver, context: RequestContext, uuid: str) -> object:
    return driver.instance_info_cache_update(context, uuid, {"network_info": "new"})


def update_metadata(driver: EngineDriver, context: RequestContext, uuid: str) -> object:
    return driver.instance_metadata_update(context, uuid, {"a": "2"}, False)


CASES = {
    "test_and_set": (set_if, ("update", "instances"), "task_state", "'spawning'"),
    "update": (update, ("update_returning", "instances"), "task_state", "'spawning'"),
    "update_nothing": (update_nothing, ("lock", "instances"), "task_state", "'spawning'"),
    "update_cache": (update_cache, ("update_returning", CACHES), "deleted", "'deleted': 0"),
    "update_metadata": (update_metadata, ("update_each", "instance_metadata"), "deleted", "0 of 1"),
}


@pytest.mark.parametrize("call, denied, column, found", CASES.values(), ids=CASES)
def test_a_database_that_disagrees_with_itself_is_an_error(
    engine: DenyingEngine,
    driver: EngineDriver,
    context: RequestContext,
    uuid: str,
    call: Call,
    denied: tuple[str, str],
    column: str,
    found: str,
) -> None:
    engine.denials[denied] = ALWAYS
    with pytest.raises(DBDisagreement) as caught:
        call(driver, context, uuid)
    assert caught.value.table == denied[1]
    assert caught.value.columns == [column]
    told = str(caught.value)
    assert told.startswith(f"{denied[1]}: asked ")
    assert uuid in told
    assert found in told
    assert ALWAYS - 3 <= engine.denials.pop(denied) < ALWAYS
    call(driver, context, uuid)  # the writer was given back


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("call, denied", [case[:2] for case in CASES.values()], ids=CASES)
def test_who_was_only_too_late_is_not_accused(
    engine: DenyingEngine,
    driver: EngineDriver,
    context: RequestContext,
    uuid: str,
    call: Call,
    denied: tuple[str, str],
    times: int,
) -> None:
    if denied[0] == "update_each":
        times = 1  # the second look holds the rows, so that no third one is due
    engine.denials[denied] = times
    call(driver, context, uuid)
    assert engine.denials[denied] == 0


def test_a_state_that_is_not_accepted_is_told_as_ever(
    engine: DenyingEngine, driver: EngineDriver, context: RequestContext, uuid: str
) -> None:
    engine.denials["update", "instances"] = ALWAYS
    with pytest.raises(exceptions.InstanceInvalidState):
        driver.instance_test_and_set(context, uuid, "task_state", [None], "resizing")
    with pytest.raises(exceptions.UnexpectedTaskStateError):
        driver.instance_update(context, uuid, {"expected_task_state": [None], "task_state": "resizing"})
    assert engine.denials["update", "instances"] == ALWAYS - 1


def deleted_services(driver: EngineDriver, context: RequestContext, count: int) -> None:
    for number in range(count):
        values = {"host": f"h{number}", "binary": "b", "topic": "t"}
        driver.service_destroy(context, driver.service_create(context, values)["id"])


def test_archiving_ends_where_rows_do_not_come_in_order(
    engine: DenyingEngine, driver: EngineDriver, context: RequestContext
) -> None:
    deleted_services(driver, context, 3)
    engine.shown = Ne("deleted", 0)
    with pytest.raises(DBDisagreement, match=r"services: asked for rows .* of id, after 2, .* from 1 to 2\."):
        archive(driver, batch_rows=2)


def test_purging_ends_where_rows_do_not_come_in_order(
    engine: DenyingEngine, driver: EngineDriver, context: RequestContext
) -> None:
    deleted_services(driver, context, 3)
    archive(driver)
    engine.shown = Ne("id", 0)
    with pytest.raises(DBDisagreement, match=r"shadow_services: asked for rows .* of id, after 2, .* from 1 to 2\."):
        purge(driver, everything=True, batch_rows=2)


def test_copies_end_where_rows_do_not_come_in_order(
    engine: DenyingEngine, driver: EngineDriver, context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted_services(driver, context, 3)
    monkeypatch.setattr("nova_db.moving.database.FIRST_ROWS", 2)
    engine.shown = Ne("id", 0)
    with pytest.raises(DBDisagreement, match=r"services: asked for rows .* of id, after 2, .* from 1 to 3\."):
        list(Database(engine).batches(TABLES["services"]))
