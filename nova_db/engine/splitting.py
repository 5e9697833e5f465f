"""Predicates taken apart by what an engine is able to evaluate."""

from __future__ import annotations

from collections.abc import Callable

from nova_db.engine.predicates import TRUE, And, Exists, Predicate, Several, all_of


def split(predicate: Predicate, able: Callable[[Predicate], bool]) -> tuple[Predicate, Predicate]:
    """Split a predicate in what an engine is ``able`` to evaluate and the residue, both to be met.

    ``able`` is asked for leaves and semijoins.  A disjunction with one unable part is residue as a whole.
    """
    if isinstance(predicate, And):
        halves = [split(part, able) for part in predicate.parts]
        return all_of(*[half[0] for half in halves]), all_of(*[half[1] for half in halves])
    if _is_able(predicate, able):
        return predicate, TRUE
    return TRUE, predicate


def _is_able(predicate: Predicate, able: Callable[[Predicate], bool]) -> bool:
    if isinstance(predicate, Several):
        return all(_is_able(part, able) for part in predicate.parts)
    if isinstance(predicate, Exists) and not _is_able(predicate.where, able):
        return False
    return able(predicate)
