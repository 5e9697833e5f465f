"""The suite finds planted mistakes, each in the stage that should: ``make test-suite``."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from nova_db.driver import FAMILIES
from nova_db_conformance.harness.stages import STAGES
from tests.suite.plants import plants
from tests.suite.plants.registry import Plant
from tests.suite.plants.trying import tried

IS_LONG = "NOVA_DB_TEST_SUITE" in os.environ
LEAST = 80


def test_they_are_of_all_families_and_stages() -> None:
    found = list(plants())
    assert len(found) >= LEAST
    assert {plant.family for plant in found} - {""} == set(FAMILIES)
    assert {plant.stage for plant in found} == {stage.key for stage in STAGES}
    assert {plant.kind for plant in found} == {"engine", "driver"}
    assert {plant.base for plant in found} == {"memory", "lmdb", "kv", "sqlite"}


def test_each_says_what_is_wrong_with_it_and_no_two_the_same() -> None:
    mistakes = Counter(plant.mistake for plant in plants())
    assert [mistake for mistake, count in mistakes.items() if count > 1 or not mistake.endswith(".")] == []


@pytest.mark.skipif(not IS_LONG, reason="takes long: make test-suite")
@pytest.mark.parametrize("plant", list(plants()), ids=lambda plant: plant.name)
def test_it_is_found_where_it_should(plant: Plant) -> None:
    found = tried(plant)
    assert found.stage == plant.stage, f"{plant.mistake} {found}"


def test_one_of_an_engine_and_one_of_a_driver_are_found() -> None:
    by_name = {plant.name: plant for plant in plants()}
    for name in ("DescribesByNumbers", "CellsAreCountedOnce"):  # one story
        found = tried(by_name[name])
        assert found.stage == by_name[name].stage, f"{name}: {found}"
