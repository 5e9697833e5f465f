"""Leaving out of a sequence what its difference does not need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nova_db_conformance.hostile.right import parameters
from nova_db_conformance.sequences.playing import Bench, Different, Play
from nova_db_conformance.sequences.steps import Begin, Call, End, NoSuchAnswer, Step, made_in

Steps = list[Step | None]


def smallest(bench: Bench, found: Different) -> Different:
    """The same difference, or another one in the same place, after fewer steps with fewer arguments."""
    size = max(len(found.steps) // 2, 1)
    while size:  # ends, as pieces become smaller when nothing of a size can be left out
        fewer = _first(bench, _without_piece(found.steps, size), found.place)
        found, size = (fewer, size) if fewer is not None else (found, size // 2)
    while (plainer := _first(bench, _plainer(found.steps), found.place)) is not None:  # ends: each has less to say
        found = plainer
    return found


def replayed(bench: Bench, steps: Steps) -> Different | None:
    """What differs when these steps are taken."""
    play = Play(bench)
    try:
        for step in steps:
            play.take(step)
        play.finish()
    except Different as different:
        return different
    except NoSuchAnswer:
        return None  # no sequence that a program could make
    finally:
        play.close()
    return None


def _first(bench: Bench, candidates: Iterator[Steps], place: str) -> Different | None:
    """What differs after the first of some steps that show a difference in a place."""
    found = (replayed(bench, steps) for steps in candidates)
    return next((different for different in found if different is not None and different.place == place), None)


def _without_piece(steps: Steps, size: int) -> Iterator[Steps]:
    """The steps without so many of them; the last one is what differs, unless it is the rows that do."""
    kept = [number for number, step in enumerate(steps) if step is not None]
    for start in range(0, len(kept), size):
        gone = _with_other_ends(steps, set(kept[start : start + size]))
        left: Steps = [None if number in gone else step for number, step in enumerate(steps)]
        if not _lacks(left):
            yield left


def _with_other_ends(steps: Steps, gone: set[int]) -> set[int]:
    """Also the beginnings of transactions whose ends go, and the ends of those whose beginnings do."""
    opened: list[int] = []
    further: set[int] = set()
    for number, step in enumerate(steps):
        if isinstance(step, Begin):
            opened.append(number)
        elif isinstance(step, End):
            pair = {opened.pop(), number}
            further |= pair if pair & gone else set()
    return gone | further


def _lacks(steps: Steps) -> bool:
    """Whether a call takes something from the answer of a step that is gone."""
    named = {made.step for step in steps if isinstance(step, Call) for made in made_in(step.arguments)}
    return any(steps[number] is None for number in named)


def _plainer(steps: Steps) -> Iterator[Steps]:
    """The steps with one argument less, or with less in it."""
    for number, step in enumerate(steps):
        if isinstance(step, Call):
            for plainer in _plainer_calls(step):
                yield [*steps[:number], plainer, *steps[number + 1 :]]


def _plainer_calls(call: Call) -> Iterator[Call]:
    if call.in_run:
        yield replace(call, in_run=False)
    optional = {each.name for each in parameters(call.function) if each.default is not each.empty}
    for name, value in call.arguments.items():
        if name in optional:
            yield replace(call, arguments={key: each for key, each in call.arguments.items() if key != name})
        for less in _less(value):
            yield replace(call, arguments={**call.arguments, name: less})


def _less(value: Any) -> Iterator[Any]:
    """A dict or a list without one of its items."""
    if type(value) is dict:
        for key in value:
            yield {other: item for other, item in value.items() if other != key}
    elif type(value) is list:
        for place in range(len(value)):
            yield value[:place] + value[place + 1 :]
