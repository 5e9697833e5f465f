"""How values become what their columns store, and which values do not."""

from __future__ import annotations

import enum
import numbers
import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from nova_db.schema import parse_datetime
from nova_db_conformance import decision
from tests.schema.storing import Text, refusal, stored

LIMIT_32 = 2**31
LIMIT_64 = 2**63


class State(enum.StrEnum):
    ACTIVE = "active"


class OldState(str, enum.Enum):  # noqa: UP042 - the older way, whose str() is not the value
    ACTIVE = "active"


class Power(enum.IntEnum):
    RUNNING = 1
    PAUSED = 3


@numbers.Integral.register
class Integral:
    """An integer that is no int, as those of numeric libraries are."""

    def __index__(self) -> int:
        return 7


class Moment(datetime):
    """A datetime of another library."""


class NoOffset(tzinfo):
    """A zone that does not know its offset: such a datetime counts as naive."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str | None:
        return None


NOON = datetime(2013, 5, 9, 12, 0, 0, 123456)
EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    "value, expected",
    [
        (5, 5),
        (-5, -5),
        (True, 1),
        (False, 0),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("007", 7),
        ("0" * 5000 + "7", 7),
        (Text("12"), 12),
        (Power.PAUSED, 3),
        (Integral(), 7),
        (LIMIT_32 - 1, LIMIT_32 - 1),
        (-LIMIT_32, -LIMIT_32),
        (str(LIMIT_32 - 1), LIMIT_32 - 1),
    ],
)
@decision(25)
def test_integers(value: Any, expected: int) -> None:
    result = stored("instances", "vcpus", value)
    assert result == expected
    assert type(result) is int


@pytest.mark.parametrize(
    "value",
    [1.0, 1.5, Decimal(1), Fraction(1), "", " 1", "1 ", "1_000", "1.0", "0x10", "--1", "+", "\u0661", b"1", [1], NOON],
)
@decision(25)
def test_not_integers(value: Any) -> None:
    assert "expected an integer" in refusal("instances", "vcpus", value)


@pytest.mark.parametrize("value", [LIMIT_32, -LIMIT_32 - 1, str(LIMIT_32), "-2147483649", 10**400])
def test_integers_out_of_range(value: Any) -> None:
    assert "out of range, -2147483648 to 2147483647" in refusal("instances", "vcpus", value)


def test_text_of_a_number_of_thousands_of_digits_is_refused() -> None:
    assert "more than 19 digits" in refusal("instances", "vcpus", "9" * 5000)


@pytest.mark.parametrize("value", [LIMIT_64 - 1, -LIMIT_64, str(LIMIT_64 - 1), str(-LIMIT_64), LIMIT_32])
def test_large_integers(value: Any) -> None:
    assert stored("volume_usage_cache", "tot_reads", value) == int(value)


@pytest.mark.parametrize("value", [LIMIT_64, -LIMIT_64 - 1, str(LIMIT_64)])
def test_large_integers_out_of_range(value: Any) -> None:
    assert "out of range" in refusal("volume_usage_cache", "tot_reads", value)


@pytest.mark.parametrize(
    "value, expected", [(True, True), (False, False), (1, True), (0, False), (Power.RUNNING, True)]
)
@decision(25)
def test_booleans(value: Any, expected: bool) -> None:
    assert stored("instances", "locked", value) is expected


@pytest.mark.parametrize("value", [2, -1, 1.0, 0.0, "1", "0", "true", "", Decimal(1), [], NOON])
def test_not_booleans(value: Any) -> None:
    assert "expected True, False, 1 or 0" in refusal("instances", "locked", value)


@pytest.mark.parametrize(
    "value, expected",
    [
        (1, 1.0),
        (2.5, 2.5),
        (True, 1.0),
        (Decimal("0.25"), 0.25),
        (Fraction(1, 4), 0.25),
        (Power.PAUSED, 3.0),
        (-0.0, 0.0),
    ],
)
@decision(25)
def test_floats(value: Any, expected: float) -> None:
    result = stored("cells", "weight_scale", value)
    assert repr(result) == repr(expected)  # the sign of a zero, too


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("sNaN"), Decimal("inf"), 10**400]
)
def test_numbers_that_are_not_finite(value: Any) -> None:
    assert "finite" in refusal("cells", "weight_scale", value)


@pytest.mark.parametrize("value", ["1.0", "", 1j, b"1", [1.0], NOON])
def test_not_floats(value: Any) -> None:
    assert "expected a number" in refusal("cells", "weight_scale", value)


@pytest.mark.parametrize(
    "value, expected",
    [
        ("web", "web"),
        ("", ""),
        (" web ", " web "),
        ("w\u00e9b \U0001f600", "w\u00e9b \U0001f600"),
        (Text("kept"), "kept"),
        (State.ACTIVE, "active"),
        (OldState.ACTIVE, "active"),
        (105, "105"),
        (-1, "-1"),
        (True, "1"),
        (False, "0"),
        (Power.PAUSED, "3"),
        (1.5, "1.5"),
        (1.0, "1.0"),
        (Decimal("1.50"), "1.50"),
    ],
)
@decision(25)
def test_text(value: Any, expected: str, subtests: pytest.Subtests) -> None:
    for column in ("hostname", "user_data"):
        with subtests.test(column=column):
            result = stored("instances", column, value)
            assert result == expected
            assert type(result) is str


@pytest.mark.parametrize("value", [b"web", bytearray(b"web"), ["web"], {"a": 1}, object(), 1j, NOON, str])
def test_not_text(value: Any) -> None:
    assert "expected text or a number" in refusal("instances", "hostname", value)


@pytest.mark.parametrize("column", ["hostname", "user_data", "access_ip_v4"])
@decision(25)
def test_text_that_databases_cannot_hold(column: str) -> None:
    assert "NUL" in refusal("instances", column, "a\0b")
    assert "surrogate pair at index 1" in refusal("instances", column, "a\ud800")
    assert "surrogate pair" in refusal("instances", column, "\udfff\ud800")


def test_a_number_that_is_too_long_for_a_text_form() -> None:
    assert "no text form" in refusal("instances", "user_data", 10**5000)


def test_length_is_counted_in_characters(subtests: pytest.Subtests) -> None:
    for text in ("x" * 255, "\U0001f600" * 255):
        with subtests.test(text=text):
            assert stored("instances", "hostname", text) == text
    for text in ("x" * 256, "\U0001f600" * 256):
        with subtests.test(text=text):
            assert "256 characters, 255 fit" in refusal("instances", "hostname", text)
    assert "256 characters" in refusal("instances", "hostname", 10**255)
    assert "6 characters, 5 fit" in refusal("provider_fw_rules", "protocol", "icmpv6")
    assert "37 characters, 36 fit" in refusal("instances", "uuid", "x" * 37)


@pytest.mark.parametrize(
    "table, column, limit",
    [("instance_actions_events", "traceback", 65_535), ("instances", "user_data", 16_777_215)],
)
@decision(25)
def test_length_of_long_text_is_counted_in_bytes(
    table: str, column: str, limit: int, subtests: pytest.Subtests
) -> None:
    for text in ("x" * limit, "\u20ac" * (limit // 3)):
        with subtests.test(text=text):
            assert stored(table, column, text) == text
    assert f"{limit + 1} bytes in UTF-8, {limit} fit" in refusal(table, column, "x" * (limit + 1))
    assert f"{limit} fit" in refusal(table, column, "\u20ac" * (limit // 3 + 1))


@pytest.mark.parametrize(
    "value, expected",
    [
        (NOON, NOON),
        (datetime.min, datetime.min),
        (datetime.max, datetime.max),
        (NOON.replace(tzinfo=UTC), NOON),
        (NOON.replace(tzinfo=EAST), NOON - timedelta(hours=2)),
        (NOON.replace(tzinfo=NoOffset()), NOON),
        (Moment(2013, 5, 9, 12, 0, 0, 123456), NOON),
        (Moment(2013, 5, 9, 12, 0, 0, 123456, EAST), NOON - timedelta(hours=2)),
    ],
)
@decision(7, 25)
def test_datetimes(value: datetime, expected: datetime) -> None:
    result = stored("instances", "launched_at", value)
    assert result == expected
    assert result.tzinfo is None
    assert type(result) is datetime


@pytest.mark.parametrize("value", [date(2013, 5, 9), "2013-05-09T12:00:00.000000", 1368100800, 0.0, True, NOON.time()])
def test_not_datetimes(value: Any) -> None:
    assert "expected a datetime" in refusal("instances", "launched_at", value)


def test_datetimes_without_a_counterpart_in_utc() -> None:
    assert "no counterpart in UTC" in refusal("instances", "launched_at", datetime.min.replace(tzinfo=EAST))


def test_an_object_that_can_be_an_index_is_no_number_for_that() -> None:
    class Index:
        def __index__(self) -> int:
            raise AssertionError("asked")

    assert "expected an integer" in refusal("instances", "vcpus", Index())


def test_messages_show_the_beginning_of_a_text_and_nothing_else() -> None:
    assert refusal("instances", "vcpus", "many" * 99).endswith(f"not '{'many' * 10}...'")
    assert "hunter2" not in refusal("console_pools", "password", ["hunter2"])


def test_values_of_text_form() -> None:
    assert parse_datetime("2013-05-09T12:00:00.123456") == NOON
    assert parse_datetime("2013-05-09T12:00:00.5") == NOON.replace(microsecond=500_000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2013-05-09",
        "2013-05-09T12:00:00",
        "2013-05-09 12:00:00.000000",
        "2013-05-09T12:00:00.000000Z",
        "2013-05-09T12:00:00.000000+00:00",
        "2013-05-09T12:00:00.1234567",
        "2013-02-30T12:00:00.000000",
        "2013-05-09T24:00:00.000000",
    ],
)
def test_malformed_times(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{text!r} is no time of the form YYYY-MM-DDTHH:MM:SS.ffffff")):
        parse_datetime(text)
