"""The values of inserts and updates: complete rows, defaults, what is required, names that are no columns."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from oslo_utils import timeutils

from nova_db.exceptions import DBDataError, Invalid, UnknownColumn
from nova_db.schema import NOW, TABLES

FIXED = datetime(2013, 5, 9, 12, 0, 0, 123456)
REQUIRED: dict[str, dict[str, Any]] = {
    "aggregate_metadata": {"key": "k", "value": "v", "aggregate_id": 1},
    "compute_nodes": {
        "service_id": 1,
        "vcpus": 1,
        "memory_mb": 1,
        "local_gb": 1,
        "vcpus_used": 0,
        "memory_mb_used": 0,
        "local_gb_used": 0,
        "hypervisor_type": "",
        "hypervisor_version": 1,
        "cpu_info": "",
    },
    "dns_domains": {"domain": "example.org"},
    "instance_faults": {"code": 500},
    "instance_types": {"memory_mb": 1, "vcpus": 1},
    "services": {},
    "task_log": {"task_name": "t", "state": "RUNNING", "host": "h", "message": ""},
    "volumes": {"id": "v"},
}


@pytest.fixture(autouse=True)
def _fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeutils, "utcnow", lambda: FIXED)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_an_insert_gives_the_whole_row_in_order(name: str) -> None:
    table = TABLES[name]
    row = table.insert_values(dict(reversed(REQUIRED[name].items())))
    generated = {table.primary_key} if table.autoincrement else set()
    assert list(row) == [column for column in table.names if column not in generated]
    defaults = {column.name: FIXED if column.default is NOW else column.default for column in table.columns}
    given = REQUIRED[name].keys() | generated
    assert {**row, **dict.fromkeys(given)} == {**defaults, **dict.fromkeys(given)}


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_none_counts_as_absent_in_an_insert(name: str) -> None:
    nothing = dict.fromkeys(TABLES[name].names)
    assert TABLES[name].insert_values({**nothing, **REQUIRED[name]}) == TABLES[name].insert_values(REQUIRED[name])


@pytest.mark.parametrize("name, column", [(name, column) for name in sorted(REQUIRED) for column in REQUIRED[name]])
def test_what_an_insert_requires(name: str, column: str, subtests: pytest.Subtests) -> None:
    values = {key: value for key, value in REQUIRED[name].items() if key != column}
    for lacking in (values, {**values, column: None}):
        with subtests.test(lacking=lacking):
            with pytest.raises(DBDataError, match=f"{name}.{column}: a value is required") as caught:
                TABLES[name].insert_values(lacking)
            assert (caught.value.table, caught.value.columns, caught.value.value) == (name, [column], None)


def test_a_given_key_comes_first(subtests: pytest.Subtests) -> None:
    for key in (7, "7", -1):
        with subtests.test(key=key):
            row = TABLES["instances"].insert_values({"host": "h", "id": key})
            assert row["id"] == int(key)
            assert list(row) == list(TABLES["instances"].names)
    assert "id" not in TABLES["instances"].insert_values({"id": None})


def test_explicit_values_of_base_columns_are_kept() -> None:
    earlier = FIXED - timedelta(days=1)
    given = {"created_at": earlier, "updated_at": earlier, "deleted_at": earlier, "deleted": 5}
    row = TABLES["instances"].insert_values(given)
    assert {column: row[column] for column in given} == given


def test_the_clock_is_read_once_for_a_row(monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests) -> None:
    times = [FIXED, FIXED + timedelta(seconds=1)]
    monkeypatch.setattr(timeutils, "utcnow", iter(times).__next__)
    rows = [TABLES["task_log"].insert_values(REQUIRED["task_log"]) for _ in range(2)]
    for column in ("period_beginning", "period_ending", "created_at"):
        with subtests.test(column=column):
            assert [row[column] for row in rows] == times


def test_the_clock_is_not_read_for_a_row_that_has_its_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeutils, "utcnow", pytest.fail)
    assert TABLES["instances"].insert_values({"created_at": FIXED})["created_at"] == FIXED


def test_rows_do_not_share_anything_with_the_values() -> None:
    values = {"host": "h"}
    first, second = (TABLES["instances"].insert_values(MappingProxyType(values)) for _ in range(2))
    first["host"] = "changed"
    assert values == {"host": "h"}
    assert second["host"] == "h"
    assert type(first) is dict


def test_live_values() -> None:
    assert TABLES["instances"].insert_values({})["deleted"] == 0
    assert TABLES["dns_domains"].insert_values({"domain": "d"})["deleted"] is False
    assert TABLES["volumes"].insert_values({"id": "v"})["deleted"] == ""


def test_an_update_gives_its_own_keys_coerced() -> None:
    values = MappingProxyType({"vcpus": "3", "host": None, "shutdown_terminate": None, "locked": 1})
    changes = TABLES["instances"].update_values(values)
    assert changes == {"vcpus": 3, "host": None, "shutdown_terminate": None, "locked": True}
    assert list(changes) == list(values)
    assert changes["locked"] is True
    assert type(changes) is dict
    assert TABLES["instances"].update_values({}) == {}


@pytest.mark.parametrize(
    "name, column",
    [("instances", "id"), ("services", "report_count"), ("instance_faults", "code"), ("dns_domains", "domain")],
)
def test_an_update_does_not_clear_what_is_required(name: str, column: str) -> None:
    with pytest.raises(DBDataError, match=f"{name}.{column}: a value is required") as caught:
        TABLES[name].update_values({column: None})
    assert (caught.value.table, caught.value.columns, caught.value.value) == (name, [column], None)


def test_an_update_names_the_first_of_several_nulls(subtests: pytest.Subtests) -> None:
    names = ["vcpus", "memory_mb", "cpu_info", "hypervisor_type", "local_gb"]
    for values in (dict.fromkeys(names), dict.fromkeys(reversed(names))):
        with subtests.test(values=values):
            with pytest.raises(DBDataError) as caught:
                TABLES["compute_nodes"].update_values(values)
            assert caught.value.columns == [next(iter(values))]


def test_keys_and_base_columns_can_be_updated() -> None:
    changes = {"id": 9, "uuid": "u", "created_at": FIXED, "deleted": None}
    assert TABLES["instances"].update_values(changes) == changes


@pytest.mark.parametrize(
    "name, column, nearest",
    [
        ("instances", "hots", "host"),
        ("instances", "display-name", "display_name"),
        ("instances", "vcpu", "vcpus"),
        ("networks", "vlan_id", "vlan"),
    ],
)
def test_names_that_are_no_columns(name: str, column: str, nearest: str, subtests: pytest.Subtests) -> None:
    values: dict[str, Any] = {column: None}
    for method in (TABLES[name].insert_values, TABLES[name].update_values):
        with subtests.test(method=method):
            with pytest.raises(UnknownColumn) as caught:
                method(values)
            check_unknown(caught.value, name, column)
            assert caught.value.kwargs["nearest"] == nearest
    with pytest.raises(UnknownColumn) as caught:
        TABLES[name].looker(column)
    check_unknown(caught.value, name, column)
    with pytest.raises(UnknownColumn) as caught:
        TABLES[name].lookup(column, 1)
    check_unknown(caught.value, name, column)


@pytest.mark.parametrize("key", [5, None, ("host",), ""])
def test_keys_that_are_no_names(key: Any) -> None:
    with pytest.raises(UnknownColumn):
        TABLES["instances"].insert_values({key: "x"})


@pytest.mark.parametrize("column", ["zzz", "1", "x" * 1000])
def test_what_is_like_no_column_has_no_nearest(column: str) -> None:
    with pytest.raises(UnknownColumn) as caught:
        TABLES["aggregates"].insert_values({column: 1})
    assert caught.value.kwargs["nearest"] is None
    assert "did you mean" not in str(caught.value)


def check_unknown(error: UnknownColumn, table: str, column: str) -> None:
    assert isinstance(error, Invalid)
    assert error.code == 400
    assert (error.kwargs["table"], error.kwargs["column"]) == (table, column)
    assert error.kwargs["nearest"] in TABLES[table].names
    for word in (table, column, error.kwargs["nearest"]):
        assert word in str(error)
