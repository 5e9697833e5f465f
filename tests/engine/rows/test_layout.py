"""What row stores find rows by."""

from __future__ import annotations

import itertools

import pytest

from nova_db.engine.rows import layout
from nova_db.schema import TABLES

NAMES = (*TABLES, *(table.shadow.name for table in TABLES.values() if table.shadow is not None))


@pytest.mark.parametrize("name", NAMES)
def test_every_declared_index_is_kept_or_stood_for_by_another(name: str) -> None:
    """By one that begins with its columns, or by a unique rule that it begins with, which leads to one row."""
    table, kept = layout(name).table, list(layout(name).indexes.values())
    uniques = [rule.columns for rule in table.uniques]
    declared = [index.columns for index in table.indexes if not index.servers_only]
    for wanted in [*declared, *uniques]:  # one story
        stood_for = any(wanted == each[: len(wanted)] for each in kept)
        assert stood_for or any(wanted[: len(rule)] == rule for rule in uniques), wanted


def test_what_servers_alone_have_is_neither_kept_nor_looked_up_by() -> None:
    found = layout("instances")
    left_out = [index.columns for index in found.table.indexes if index.servers_only]
    assert ("user_id", "created_at", "id") in left_out
    assert [columns for columns in left_out if columns in found.indexes.values()] == []
    assert "user_id" not in found.lookups


@pytest.mark.parametrize("name", NAMES)
def test_no_index_is_kept_that_another_begins_with(name: str) -> None:
    table, kept = layout(name).table, list(layout(name).indexes.values())
    uniques = {rule.columns for rule in table.uniques}
    pairs = [(one, other) for one, other in itertools.permutations(kept, 2) if one == other[: len(one)]]
    assert [pair for pair in pairs if pair[0] not in uniques] == []


@pytest.mark.parametrize("name", NAMES)
def test_of_unique_rules_there_is_an_index_and_none_that_says_more(name: str) -> None:
    found = layout(name)
    uniques, kept = [rule.columns for rule in found.table.uniques], list(found.indexes.values())
    assert [rule for rule in uniques if rule not in kept] == []
    assert [pair for pair in itertools.product(uniques, kept) if pair[0] == pair[1][: len(pair[0])] != pair[1]] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_refers_to_others_or_is_referred_to_can_be_looked_for(name: str) -> None:
    found = layout(name)
    columns = [*(reference.column for reference in found.foreign_keys), *(column for column, _ in found.referred)]
    first = {each[0] for each in found.indexes.values()} | {found.key}
    assert [column for column in columns if column not in first] == []
