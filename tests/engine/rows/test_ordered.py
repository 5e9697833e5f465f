"""Entries in order: in parts that stay short, and changed once, however often they are told."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from nova_db.engine.rows.ordered import SortedEntries


@pytest.mark.parametrize("order", [range(9000), range(8999, -1, -1), random.Random(1).sample(range(9000), 9000)])
def test_parts_stay_short_in_whatever_order_entries_come(order: Sequence[int]) -> None:
    found = SortedEntries()
    for number in order:
        found.add((number,))
    assert max(map(len, found.parts)) <= 2048
    assert list(found.upwards(None)) == [(number,) for number in range(9000)]


def test_what_is_done_again_changes_nothing() -> None:
    found = SortedEntries((number,) for number in range(0, 4000, 2))
    for _ in range(2):
        found.add((1001,))
        found.remove((2000,))
        found.remove((3999,))
    assert list(found.upwards((996,))) == [
        (998,),
        (1000,),
        (1001,),
        *((number,) for number in range(1002, 4000, 2) if number != 2000),
    ]
    assert list(found.downwards((1002,)))[:2] == [(1001,), (1000,)]
