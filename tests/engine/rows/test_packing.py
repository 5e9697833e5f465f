"""Packed keys sort as their values do."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nova_db.engine.rows import layout
from nova_db.engine.rows.cells.packing import LONGEST_KEY, counter_name, pack, packed_name
from nova_db.engine.rows.cells.paths import indexes
from nova_db.schema import TABLES, Kind

NAMES = (*TABLES, *(table.shadow.name for table in TABLES.values() if table.shadow is not None))
NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1)
MOMENTS = st.none() | st.datetimes()
TEXTS = st.none() | st.text(st.characters(codec="utf-8"), max_size=15)


def rank(values: Sequence[object]) -> tuple[tuple[bool, object], ...]:
    """How values sort: null first."""
    return tuple((value is not None, 0 if value is None else value) for value in values)


@pytest.mark.parametrize("kind", [NUMBERS, MOMENTS, TEXTS], ids=["numbers", "moments", "texts"])
def test_order_and_equality_are_those_of_the_values(kind: st.SearchStrategy[object]) -> None:
    @given(st.lists(st.tuples(kind, kind), min_size=2, max_size=8))
    def check(pairs: list[tuple[object, object]]) -> None:
        keys = {pair: pack(pair[0]) + pack(pair[1]) for pair in pairs}
        assert sorted(keys, key=rank) == sorted(keys, key=keys.__getitem__)
        pairs_of_keys = itertools.permutations(keys.values(), 2)
        assert [pair for pair in pairs_of_keys if pair[0].startswith(pair[1])] == [], "one is another's beginning"

    check()


@given(st.text(st.characters(codec="utf-8"), max_size=300), st.text(st.characters(codec="utf-8"), max_size=300))
@example("a" * 100, "a" * 101)
@example("a" * 40, "a" * 100)
@example("\0" * 30, "\0" * 31)
def test_long_texts_do_not_collide(one: str, other: str) -> None:
    assert (pack(one) == pack(other)) is (one == other)
    if one != other:
        assert not pack(one).startswith(pack(other))


@pytest.mark.parametrize(
    "value, packed",
    [
        (None, "00"),
        (0, "01 8000000000000000"),
        (5, "01 8000000000000005"),
        (-1, "01 7fffffffffffffff"),
        (2**63, "01 ffffffffffffffff"),
        (-(2**63) - 1, "01 0000000000000000"),
        (dt.datetime(1970, 1, 1, 0, 0, 0, 1), "02 8000000000000001"),
        (dt.datetime(1969, 12, 31), "02 7fffffebe228a000"),
        ("", "03 0000"),
        ("é\0a", "03 c3a9 00ff 61 0000"),
        ("x" * 60, f"03 {'78' * 60} 0000"),
        ("\0" * 61, f"03 {'00ff' * 20} 0001 a75e596720d24f61098883dec00b75f4"),
        ("x" * 61, f"03 {'78' * 40} 0001 095e1c4057ac18a5cd2533c8747e8b38"),
    ],
    ids=lambda each: repr(each)[:20],
)
def test_they_are_what_is_in_the_databases_that_there_are(value: object, packed: str) -> None:
    """Whose rows nobody would find by other keys."""
    assert pack(value).hex() == packed.replace(" ", "")


def test_a_bool_is_the_number_that_it_equals() -> None:
    assert (pack(False), pack(True)) == (pack(0), pack(1))


@pytest.mark.parametrize("value", [1.5, b"bytes", (1,)])
def test_what_no_key_holds(value: object) -> None:
    with pytest.raises(TypeError, match=f"not {type(value).__name__}"):
        pack(value)


@pytest.mark.parametrize("name", NAMES)
def test_no_key_is_too_long_and_every_column_of_one_can_be_packed(name: str) -> None:
    longest = {Kind.INTEGER: 2**31, Kind.BIGINT: 2**63 - 1, Kind.BOOLEAN: True, Kind.DATETIME: dt.datetime.max}
    table = layout(name).table
    columns = [dict.fromkeys([*index.columns, table.primary_key]) for index in indexes(name)]
    values = [[longest.get(table.column[column].kind, "é" * 255) for column in each] for each in columns]
    assert max(len(b"1234" + b"".join(map(pack, each))) for each in values) <= LONGEST_KEY


def test_names_are_those_in_the_databases_that_there_are() -> None:
    assert (packed_name("instances").hex(), counter_name("instances").hex()) == ("80d1c597", "fe8da0c6")


def test_names_do_not_collide() -> None:
    prefixes = [index.prefix for name in NAMES for index in indexes(name)] + [counter_name(name) for name in NAMES]
    assert len(set(prefixes)) == len(prefixes)
