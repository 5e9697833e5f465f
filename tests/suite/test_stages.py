"""Every test of the suite has its stage, and takes no more of an engine than stages that have come by then."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import nova_db.engine
import nova_db_conformance
from nova_db.engine import Engine, Transaction
from nova_db_conformance.harness.base import BackendTestCase, EngineTestCase
from nova_db_conformance.harness.promises import PROMISES, contract_of, declared, text_of
from nova_db_conformance.harness.stages import STAGES, SUITE, is_at_level, stage_of

FOLDER = Path(nova_db_conformance.__file__).parent


def modules() -> Iterator[str]:
    for path in sorted(FOLDER.rglob("test_*.py")):
        yield ".".join((SUITE, *path.relative_to(FOLDER).with_suffix("").parts))


def classes() -> Iterator[type]:
    """The classes of tests, where they are made."""
    for name in modules():
        for found in vars(importlib.import_module(name)).values():
            if inspect.isclass(found) and issubclass(found, BackendTestCase) and found.__module__ == name:
                yield found


def test_every_test_has_a_stage() -> None:
    assert [found.__qualname__ for found in classes() if stage_of(found) is None] == []
    assert {stage_of(found) for found in classes()} == set(STAGES)


def test_every_place_that_a_stage_names_is_there(subtests: pytest.Subtests) -> None:
    from nova_db_conformance.harness.stages import _PLACES

    names = {name.removeprefix(f"{SUITE}.") for name in modules()}
    for place in _PLACES:
        with subtests.test(place=place):
            module = next((name for name in names if place == name or place.startswith(f"{name}.")), None)
            if module is None:
                assert any(name.startswith(f"{place}.") for name in names)
                continue
            found = importlib.import_module(f"{SUITE}.{module}")
            for part in filter(None, place.removeprefix(module).split(".")):  # one story
                found = getattr(found, part)


def test_every_primitive_belongs_to_a_stage() -> None:
    named = {name for stage in STAGES for name in stage.primitives}
    abstract = {
        f"{interface.__name__}.{name}" for interface in (Engine, Transaction) for name in interface.__abstractmethods__
    }
    assert abstract <= named
    assert all(hasattr(getattr(nova_db.engine, name.partition(".")[0]), name.partition(".")[2]) for name in named)


def test_every_test_of_the_engine_has_a_promise_and_every_promise_a_sentence(subtests: pytest.Subtests) -> None:
    engine_tests = [found for found in classes() if issubclass(found, EngineTestCase)]
    assert [found.__qualname__ for found in engine_tests if declared(found) is None] == []
    for promise in {declared(found) for found in engine_tests} | set(PROMISES.values()):
        with subtests.test(promise=promise):
            assert promise is not None
            assert len(text_of(promise).partition(": ")[2]) > 10


def test_a_promise_is_told_in_the_words_of_the_interface() -> None:
    assert text_of(5) == "promise 5: Counts are rows matched, not rows whose values differ."
    assert text_of("Keys") == "Keys: ids are counted from 1 to 2**31 - 1, each table for itself."
    assert text_of("Transaction.delete") == "Transaction.delete: Remove rows."
    assert contract_of("quota_update") == "quota_update: Change the limit of project_id on resource."


def test_the_level_core_leaves_out_what_takes_long() -> None:
    left_out = {found.__module__.removeprefix(f"{SUITE}.") for found in classes() if not is_at_level(found, "core")}
    assert {"recordings.test_recordings", "hostile.test_hostile", "functions.networks.test_races"} <= left_out
    assert not any(name.startswith(("engine.", "decisions.")) for name in left_out)
    assert all(is_at_level(found, "full") for found in classes())
