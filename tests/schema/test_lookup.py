"""The values that columns are compared with."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from nova_db.schema import NO_MATCH, TABLES

NOON = datetime(2013, 5, 9, 12)
EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "table, column, value, expected",
    [
        ("instances", "uuid", "u", "u"),
        ("instances", "uuid", "U\u00e9", "U\u00e9"),
        ("instance_types", "flavorid", 105, "105"),
        ("instance_types", "flavorid", True, "1"),
        ("instances", "id", 12, 12),
        ("instances", "id", "12", 12),
        ("instances", "id", True, 1),
        ("volume_usage_cache", "tot_reads", str(2**40), 2**40),
        ("instances", "locked", 1, True),
        ("instances", "locked", False, False),
        ("cells", "weight_scale", 2, 2.0),
        ("bw_usage_cache", "start_period", NOON, NOON),
        ("bw_usage_cache", "start_period", NOON.replace(tzinfo=EAST), NOON - timedelta(hours=2)),
        ("fixed_ips", "address", "2001:DB8:0::1", "2001:db8::1"),
        ("fixed_ips", "address", "10.0.0.1", "10.0.0.1"),
        ("networks", "cidr_v6", "2001:DB8::5/64", "2001:db8::/64"),
    ],
)
def test_values_are_coerced_as_if_stored(
    table: str, column: str, value: Any, expected: Any, subtests: pytest.Subtests
) -> None:
    for result in (TABLES[table].lookup(column, value), TABLES[table].looker(column)(value)):
        with subtests.test(result=result):
            assert result == expected
            assert type(result) is type(expected)


@pytest.mark.parametrize(
    "table, column, value",
    [
        ("instances", "id", "twelve"),
        ("instances", "id", ""),
        ("instances", "id", 12.0),
        ("instances", "id", 2**31),
        ("instances", "id", "9" * 5000),
        ("instances", "uuid", "a\0b"),
        ("instances", "uuid", "\ud800"),
        ("instances", "uuid", b"u"),
        ("instances", "uuid", ["u"]),
        ("instances", "user_data", "a\0b"),
        ("instances", "locked", "1"),
        ("instances", "locked", 2),
        ("cells", "weight_scale", float("nan")),
        ("cells", "weight_scale", "1.0"),
        ("bw_usage_cache", "start_period", date(2013, 5, 9)),
        ("bw_usage_cache", "start_period", "2013-05-09T12:00:00.000000"),
        ("fixed_ips", "address", "10.0.0.1\0"),
        ("fixed_ips", "address", ["10.0.0.1"]),
    ],
)
def test_values_that_no_row_can_have(table: str, column: str, value: Any) -> None:
    assert TABLES[table].lookup(column, value) is NO_MATCH
    assert TABLES[table].looker(column)(value) is NO_MATCH


@pytest.mark.parametrize("name", sorted(TABLES))
def test_none_stays_none(name: str) -> None:
    names = TABLES[name].names
    assert {column: TABLES[name].lookup(column, None) for column in names} == dict.fromkeys(names)


def test_text_that_is_too_long_finds_nothing() -> None:
    assert TABLES["instances"].lookup("hostname", "x" * 300) in (NO_MATCH, "x" * 300)


def test_the_marker_equals_no_value() -> None:
    assert repr(NO_MATCH) == "NO_MATCH"
    values: list[object] = [None, 0, "", "NO_MATCH", False]
    assert NO_MATCH not in values
