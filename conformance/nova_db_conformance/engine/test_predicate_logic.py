"""Any combination of predicates, compared with three-valued logic written down here."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nova_db.engine import (
    FALSE,
    TRUE,
    And,
    Col,
    Contains,
    Eq,
    EqFold,
    Ge,
    Gt,
    In,
    Le,
    Lt,
    Ne,
    NotIn,
    Or,
    Predicate,
    Row,
    all_of,
    any_of,
)
from nova_db_conformance.engine.cases import PrimitivesTestCase

_numbers = itertools.count()


class TestLogic(PrimitivesTestCase):
    """A row is found where the condition is true: not where it is false, and not where it is unknown."""

    def test_any_combination_agrees_with_three_valued_logic(self) -> None:
        columns = {
            "host": st.sampled_from([None, "", "a", "A", "b", "\u00e4", "\U0001f600"]),
            "node": st.sampled_from([None, "a", "b"]),
            "vcpus": st.sampled_from([None, -1, 0, 1, 2]),
            "locked": st.sampled_from([None, False, True]),
        }
        predicates = st.recursive(
            st.one_of(*(_leaves(column, values.filter(lambda v: v is not None)) for column, values in columns.items())),
            lambda parts: st.one_of(
                st.lists(parts, min_size=1, max_size=3).map(lambda found: all_of(*found)),
                st.lists(parts, min_size=1, max_size=3).map(lambda found: any_of(*found)),
            ),
            max_leaves=6,
        )

        @settings(
            max_examples=80, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        @given(rows=st.lists(st.fixed_dictionaries(columns), max_size=8), where=predicates)
        def check(rows: list[Row], where: Predicate) -> None:
            mine = f"example {next(_numbers)}"
            inserted = self.insert("instances", *(row | {"project_id": mine} for row in rows))
            expected = [row["id"] for row in inserted if holds(where, row) is True]
            self.assertEqual(expected, self.ids("instances", all_of(Eq("project_id", mine), where)))

        check()


def _leaves(column: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Predicate]:
    """Predicates on one column."""
    lists = st.lists(values, max_size=3)
    kinds: list[st.SearchStrategy[Predicate]] = [
        st.builds(Eq, st.just(column), st.none() | values),
        st.builds(Ne, st.just(column), st.none() | values),
        st.builds(In, st.just(column), lists),
        st.builds(NotIn, st.just(column), lists),
    ]
    if column != "locked":
        kinds += [st.builds(kind, st.just(column), values) for kind in (Lt, Le, Gt, Ge)]
    if column == "host":
        kinds += [st.builds(kind, st.just(column), values) for kind in (EqFold, Contains)]
        kinds.append(st.just(Eq("host", Col("node"))))
    return st.one_of(kinds)


def _ascii_lower(text: str) -> str:
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in text)


_COMPARISONS: dict[type[Predicate], Any] = {
    Eq: lambda mine, value: mine == value,
    Ne: lambda mine, value: mine != value,
    Lt: lambda mine, value: mine < value,
    Le: lambda mine, value: mine <= value,
    Gt: lambda mine, value: mine > value,
    Ge: lambda mine, value: mine >= value,
    EqFold: lambda mine, value: _ascii_lower(mine) == _ascii_lower(value),
    Contains: lambda mine, value: _ascii_lower(value) in _ascii_lower(mine),
}


def holds(predicate: Predicate, row: Row) -> bool | None:
    """True, False or unknown (None): three-valued logic, written down independently of every engine."""
    if predicate is TRUE or predicate is FALSE:
        return predicate is TRUE
    if isinstance(predicate, And | Or):
        results = [holds(part, row) for part in predicate.parts]
        decisive = isinstance(predicate, Or)
        return decisive if decisive in results else None if None in results else not decisive
    assert isinstance(predicate, Eq | Ne | In | Lt | Le | Gt | Ge | EqFold | Contains)
    mine = row[predicate.column]
    if isinstance(predicate, In):
        if mine is None:
            return None
        return (mine in predicate.values) is (type(predicate) is In)
    value = predicate.value
    if value is None:
        return (mine is None) is (type(predicate) is Eq)
    if isinstance(value, Col):
        value = row[value.name]
    if mine is None or value is None:
        return None
    return bool(_COMPARISONS[type(predicate)](mine, value))
