"""Random sequences find what is planted, make it small, and show it in a program; what is equal differs in nothing."""

from __future__ import annotations

import datetime as dt
import runpy
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from nova_db.constraints import constraint, equal_any, not_equal
from nova_db.exceptions import ConsoleNotFoundForInstance
from nova_db.fixtures import DatabaseFixture
from nova_db_conformance.sequences.comparing import Comparison
from nova_db_conformance.sequences.likely import HOSTILE
from nova_db_conformance.sequences.machine import search
from nova_db_conformance.sequences.playing import Bench
from nova_db_conformance.sequences.snippet import spelled
from nova_db_conformance.sequences.steps import Made
from tests.suite import planted_drivers

CALLS = 2000
MOST_ASKED = 12
"""How many calls a program should have at most, however long the sequence was that it was made of."""


def searched(driver: str, calls: int = CALLS, seed: int = 0) -> tuple[str | None, Bench]:
    """What is found of a driver of ``planted_drivers``."""
    name = f"{planted_drivers.__name__}.{driver}"
    with DatabaseFixture(name, strict_filters=False) as database:
        bench = Bench(name, database.driver, database.reset)
        return search(bench, calls, seed), bench


@pytest.mark.parametrize(
    "driver, word",
    [
        ("Disordered", "cell_get_all["),
        ("Unfiltered", "service_get_all"),
        ("OtherPayload", "KeypairNotFound.kwargs.name"),
        ("OtherText", "text of FlavorNotFound"),
        ("HalfDeleted", "agent_build"),
        ("Committing", ""),
        ("Late", "certificate_create.updated_at"),
        ("DisorderedDirect", "cell_get_all["),
    ],
)
def test_a_planted_fault_is_found_and_a_small_program_shows_it(
    driver: str, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, _ = searched(driver)
    assert program is not None
    assert word in program.partition("\n")[0]
    assert program.count("    ask(") <= MOST_ASKED
    (tmp_path / "program.py").write_text(program)
    capsys.readouterr()
    runpy.run_path(str(tmp_path / "program.py"))
    shown = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    there, here = shown["memory"], shown[f"{planted_drivers.__name__}.{driver}"]
    assert there != here


def test_a_driver_without_an_engine_that_is_equal_differs_in_nothing() -> None:
    found, bench = searched("Direct", 300)
    assert found is None
    assert bench.counts["calls"] >= 300


@pytest.mark.parametrize(
    "one, other, instance, is_same",
    [
        (2, 1, Fraction(1, 3), True),
        (2, 1, "x 2 of 1, 2.5", True),
        (2, 1, "u1", True),
        (1, 1, 1, True),
        (2, 1, None, True),
        (2, 1, (2, 3), False),
    ],
)
def test_ids_that_stand_for_each_other_do_so_in_texts_and_other_numbers_do_not(
    one: int, other: int, instance: Any, is_same: bool
) -> None:
    there, here = (
        ConsoleNotFoundForInstance(f"the console {number} of {told}", console_id=number)
        for number, told in ((one, instance), (other, instance if is_same else (2, 4)))
    )
    found = Comparison().errors(there, here, [(one, other)])
    assert (found is None) is is_same, found


def test_the_same_calls_are_made_whenever_a_seed_is_used() -> None:
    counts = [searched("Direct", 100, seed)[1].counts for seed in (1, 1, 2)]
    assert counts[0] == counts[1]
    assert counts[0] != counts[2]


@pytest.mark.parametrize(
    "value",
    [
        *(
            {"a": [1, (2,), {3}, set(), frozenset("a")]},
            dt.datetime(2030, 1, 1, tzinfo=dt.UTC),
            Decimal("1.5"),
            "é" * 99,
        ),
        constraint(host=equal_any("a", None), id=not_equal()),
    ],
)
def test_a_program_spells_values_as_they_are(value: Any) -> None:
    assert evaluated(spelled(value)) == value


def test_every_hostile_value_is_spelled_so_that_it_is_the_same() -> None:
    for value in HOSTILE:  # one story
        again = evaluated(spelled(value))
        assert (type(again), repr(again) if type(value) is not int else again) == (
            type(value),
            repr(value) if type(value) is not int else value,
        )


def test_what_an_earlier_answer_has_is_spelled_by_the_way_to_it() -> None:
    assert spelled({"id": Made(3, ("rules", 0, "id"))}) == "{'id': answer_3['rules'][0]['id']}"


def evaluated(text: str) -> Any:
    """The value that a text spells, as the program that has it."""
    lines = (
        "import datetime",
        "from decimal import Decimal",
        "from fractions import Fraction",
        "from ipaddress import *",
        "from uuid import UUID",
        "from nova_db.constraints import constraint, equal_any, not_equal",
        f"value = {text}",
    )
    made: dict[str, Any] = {}
    code = compile("\n".join(lines), "program", "exec")
    exec(code, made)  # noqa: S102 - the text is our own, and is made to be run
    return made["value"]
