"""Hash indexes follow rows many at a time as they follow them one by one."""

from __future__ import annotations

import random
from typing import Any

import pytest

from nova_db.engine import Row
from nova_db.engine.rows import HashIndex, layout

COLUMNS = [("host",), ("host", "node")]


def some(chance: random.Random, keys: int) -> dict[int, Row]:
    """Rows, most of which share a value with others."""
    values = {key: chance.choice(["a", "b", "c", None]) for key in chance.sample(range(1, 60), keys)}
    return {key: {"id": key, "host": value, "node": value} for key, value in values.items()}


def index_of(columns: tuple[str, ...], rows: dict[int, Row]) -> HashIndex:
    index = HashIndex(columns, layout("instances").by_key)
    for key, row in rows.items():
        index.move(key, None, row)
    return index


def told(index: HashIndex) -> dict[Any, list[int]]:
    """What it says; which version of a row it leads to counts."""
    return {value: [*map(id, index.rows(value))] for value in index.buckets}


def follow(index: HashIndex, old: dict[int, Row], new: dict[int, Row]) -> None:
    """Let it follow the rows that go, those that come, and those that change, each at once."""
    gone, come, both = (sorted(keys) for keys in (old.keys() - new, new.keys() - old, old.keys() & new))
    if gone:
        index.follow([old[key] for key in gone], None)
    if come:
        index.follow(None, [new[key] for key in come])
    if both:
        index.follow([old[key] for key in both], [new[key] for key in both])


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("keeps_values", [False, True])
def test_many_at_a_time(columns: tuple[str, ...], keeps_values: bool) -> None:
    chance = random.Random(1)
    for _ in range(500):  # one story
        old = some(chance, chance.randrange(40))
        new = {key: dict(row) for key, row in old.items()} if keeps_values else some(chance, chance.randrange(40))
        index = index_of(columns, old)
        copy = index.copy()
        follow(index, old, new)
        assert told(index) == told(index_of(columns, new))
        assert told(copy) == told(index_of(columns, old))
        follow(index, old, new)  # as after an interruption
        assert told(index) == told(index_of(columns, new))


@pytest.mark.parametrize("columns", COLUMNS)
def test_it_is_taken_back_from_wherever_it_was_interrupted(columns: tuple[str, ...]) -> None:
    chance = random.Random(2)
    for _ in range(500):  # one story
        rows = some(chance, chance.randrange(2, 40))
        changed = {key: dict(row) for key, row in rows.items()}
        half = dict([*changed.items()][: len(rows) // 2])
        index = index_of(columns, rows)
        follow(index, {key: rows[key] for key in half}, half)
        follow(index, changed, rows)
        assert told(index) == told(index_of(columns, rows))
