"""Generated converters."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from nova_db.schema import Kind
from nova_db_sqlalchemy.sql.conversion import (
    FROM_BIT,
    TIME_FROM_TEXT,
    TIME_TO_TEXT,
    TO_BIT,
    array,
    document,
    nullable_array,
    pad,
    pair_reader,
    reader,
    row_binder,
)

MOMENT = dt.datetime(2024, 2, 29, 23, 59, 59, 7)
FORMS = {Kind.DATETIME: TIME_FROM_TEXT, Kind.BOOLEAN: FROM_BIT}
COLUMNS = [("id", Kind.INTEGER), ("at", Kind.DATETIME), ("on", Kind.BOOLEAN), ("it's", Kind.STRING)]


def test_rows_become_records_of_pythons_types() -> None:
    read = reader(COLUMNS, FORMS)
    assert read([(1, "2024-02-29 23:59:59.000007", 1, "x"), (2, None, None, None), (3, None, 0, "")]) == [
        {"id": 1, "at": MOMENT, "on": True, "it's": "x"},
        {"id": 2, "at": None, "on": None, "it's": None},
        {"id": 3, "at": None, "on": False, "it's": ""},
    ]


def test_truth_values_are_bools_not_numbers() -> None:
    (record,) = reader(COLUMNS, FORMS)([(1, None, 1, None)])
    assert record["on"] is True


def test_a_single_column_is_read_too() -> None:
    assert reader([("id", Kind.INTEGER)], {})([(1,), (2,)]) == [{"id": 1}, {"id": 2}]


def test_records_keep_the_order_of_the_columns() -> None:
    (record,) = reader(COLUMNS, FORMS)([(1, None, None, None)])
    assert list(record) == [name for name, _ in COLUMNS]


def test_pairs_have_the_key_that_stands_first() -> None:
    assert pair_reader([("id", Kind.INTEGER)], {})([("k", 1)]) == [("k", {"id": 1})]


def test_rows_are_bound_in_the_order_of_the_columns_whatever_their_own() -> None:
    bind = row_binder(COLUMNS, {Kind.DATETIME: TIME_TO_TEXT, Kind.BOOLEAN: TO_BIT})
    assert bind({"it's": None, "on": False, "at": MOMENT, "id": 5}) == (5, "2024-02-29 23:59:59.000007", 0, None)
    assert bind({"it's": "x", "on": None, "at": None, "id": 5}) == (5, None, None, "x")


def test_times_have_six_digits_even_when_they_are_whole() -> None:
    bind = row_binder([("at", Kind.DATETIME)], {Kind.DATETIME: TIME_TO_TEXT})
    assert bind({"at": dt.datetime(2024, 1, 1)}) == ("2024-01-01 00:00:00.000000",)


def test_padding_repeats_the_last_value() -> None:
    assert pad(("a", "b", "c"), 4) == ["a", "b", "c", "c"]
    assert pad(("a",), 1) == ["a"]


@pytest.mark.parametrize(
    "values, text",
    [
        ((), "{}"),
        (("a", "b"), '{"a","b"}'),
        ((1, -2), '{"1","-2"}'),
        (('say "hi"', "back\\slash"), '{"say \\"hi\\"","back\\\\slash"}'),
        (("", "NULL", "{x}", "a,b", '","'), '{"","NULL","{x}","a,b","\\",\\""}'),
    ],
)
def test_arrays_are_quoted(values: tuple[object, ...], text: str) -> None:
    assert array(values) == text


def test_arrays_may_have_nulls() -> None:
    assert nullable_array(["a", None, 'say "hi"', "NULL"]) == '{"a",NULL,"say \\"hi\\"","NULL"}'
    assert nullable_array([None]) == "{NULL}"
    assert nullable_array(["a"]) == '{"a"}'


def test_documents_hold_times_as_text_and_floats_exactly() -> None:
    (decoded,) = json.loads(document([{"at": MOMENT, "f": 0.1, "none": None, "t": True}]))
    assert decoded == {"at": "2024-02-29 23:59:59.000007", "f": 0.1, "none": None, "t": True}


def test_documents_refuse_what_has_no_place_in_them() -> None:
    with pytest.raises(TypeError, match="set"):
        document([{1}])
