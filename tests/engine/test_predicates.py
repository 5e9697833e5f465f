"""Predicates as data: shapes, values, combination, splitting."""

from __future__ import annotations

import pytest

from nova_db.engine import (
    FALSE,
    TRUE,
    And,
    Col,
    Contains,
    Eq,
    Exists,
    ExistsEach,
    Gt,
    In,
    Lt,
    Ne,
    NotIn,
    Or,
    Predicate,
    Regexp,
    all_of,
    any_of,
    exists_each,
    split,
)
from nova_db.engine.forms import Form
from nova_db.engine.regexp import compile_pattern

A, B, C = Eq("a", 1), Eq("b", 2), Gt("c", 3)


class TestShape:
    def test_values_are_no_part_of_the_shape(self) -> None:
        assert Eq("a", 1).shape() == Eq("a", 2).shape()
        assert In("a", [1]).shape() == In("a", range(1000)).shape()
        assert all_of(A, B).shape() == all_of(Eq("a", 5), Eq("b", "x")).shape()
        assert hash(Exists("t", (("a", "b"),), all_of(A, Or((B, C)))).shape())

    def test_nor_is_how_many_there_are_to_be_found(self) -> None:
        shapes = {
            exists_each("t", (("a", "b"),), ("c", "d"), [(number, 1) for number in range(count)], A).shape()
            for count in range(200)
        }
        assert len(shapes) == 4  # of none, of one, of two, of more

    def test_columns_operators_and_nulls_are(self) -> None:
        shapes = [
            Eq("a", 1),
            Eq("b", 1),
            Ne("a", 1),
            Eq("a", None),
            Ne("a", None),
            Eq("a", Col("b")),
            Lt("a", 1),
            In("a", [1]),
        ]
        assert len({predicate.shape() for predicate in shapes}) == len(shapes)
        on = (("a", "b"),)
        joins = [
            Exists("t", on),
            Exists("u", on),
            Exists("t", (*on, *on)),
            Exists("t", on, A),
            ExistsEach("t", on, ("c",), [(1,)], A),
            ExistsEach("t", on, ("d",), [(1,)], A),
            ExistsEach("t", on, ("c",), [(1,)]),
            Exists("t", on, negated=True),
        ]
        assert len({predicate.shape() for predicate in joins}) == len(joins)

    def test_values_bind_in_the_order_of_the_shape(self) -> None:
        where = all_of(
            Eq("a", 1),
            Eq("b", None),
            any_of(In("c", [2, 3, 2, None]), Exists("t", (("a", "b"),), Gt("d", 4))),
            Lt("e", 5),
        )
        assert where.parameters() == [1, (2, 3), 4, 5]
        assert Eq("a", Col("b")).parameters() == []

    def test_lists_of_nothing_become_constants(self) -> None:
        assert In("a", []).shape() == In("a", [None]).shape() == FALSE.shape()
        assert NotIn("a", []).shape() == Ne("a", None).shape()
        assert In("a", []).parameters() == NotIn("a", []).parameters() == []

    def test_lists_are_read_once(self) -> None:
        predicate = In("a", (number for number in (3, 1, 3)))
        assert predicate.parameters() == predicate.parameters() == [(3, 1)]

    def test_equality_is_of_shape_and_values(self) -> None:
        assert all_of(A, B) == all_of(Eq("a", 1), Eq("b", 2))
        assert Eq("a", 1) != Eq("a", 2)
        assert Eq("a", 1) != Ne("a", 1)
        assert Eq("a", 1) != 1
        with pytest.raises(TypeError, match="unhashable"):
            hash(A)

    def test_what_it_shows(self) -> None:
        assert repr(all_of(A, C)) == "<('and', ('eq', 'a'), ('gt', 'c')) [1, 3]>"


class TestCombination:
    def test_trivial_parts_vanish(self) -> None:
        assert all_of() is TRUE
        assert any_of() is FALSE
        assert all_of(TRUE, A) is A
        assert any_of(FALSE, A) is A
        assert all_of(A, FALSE, B) is FALSE
        assert any_of(A, TRUE, B) is TRUE

    def test_nested_parts_become_one(self) -> None:
        assert all_of(A, all_of(B, C)) == And((A, B, C))
        assert any_of(any_of(A, B), C) == Or((A, B, C))
        assert all_of(A, any_of(B, C)) == And((A, Or((B, C))))

    def test_operators(self) -> None:
        assert all_of(A, B, C) == A & B & C
        assert any_of(A, B, C) == A | B | C
        assert all_of(any_of(A, B), C) == (A | B) & C


class TestSplit:
    """Here an engine is able to do everything but regular expressions."""

    hard = Regexp("d", compile_pattern("x"))

    def split(self, predicate: Predicate) -> tuple[Predicate, Predicate]:
        return split(predicate, lambda leaf: not isinstance(leaf, Regexp))

    def test_an_able_engine_leaves_nothing(self, subtests: pytest.Subtests) -> None:
        for predicate in (TRUE, A, all_of(A, any_of(B, C)), Exists("t", (("a", "b"),), B), Contains("a", "x")):
            with subtests.test(predicate=predicate):
                assert self.split(predicate) == (predicate, TRUE)

    def test_of_a_conjunction_the_hard_parts_are_left(self) -> None:
        assert self.split(all_of(A, self.hard, B)) == (all_of(A, B), self.hard)
        assert self.split(self.hard) == (TRUE, self.hard)

    def test_a_disjunction_with_a_hard_part_is_left_whole(self) -> None:
        either = any_of(A, self.hard)
        assert self.split(all_of(B, either)) == (B, either)
        assert self.split(all_of(B, any_of(A, C))) == (all_of(B, any_of(A, C)), TRUE)
        nested = any_of(A, all_of(B, self.hard))
        assert self.split(nested) == (TRUE, nested)

    def test_a_semijoin_with_a_hard_condition_is_left(self) -> None:
        join = Exists("t", (("a", "b"),), all_of(A, self.hard))
        assert self.split(all_of(B, join)) == (B, join)

    def test_an_engine_without_semijoins(self) -> None:
        join = Exists("t", (("a", "b"),), A)
        assert split(all_of(B, join), lambda leaf: not isinstance(leaf, Exists)) == (B, join)


class TestForms:
    FORM = Form(And((Eq("a", ""), Eq("b", ""), Ne("c", 0))), 2)

    def test_it_is_what_it_stands_for(self) -> None:
        made, said = self.FORM(1, "x"), all_of(Eq("a", 1), Eq("b", "x"), Ne("c", 0))
        assert made == said
        assert made.parameters() == [1, "x", 0]
        assert made.shape() is self.FORM(2, "y").shape()

    def test_what_it_is_part_of_has_its_parts(self) -> None:
        assert all_of(self.FORM(1, "x"), C) == all_of(Eq("a", 1), Eq("b", "x"), Ne("c", 0), C)
        assert any_of(self.FORM(1, "x"), C) == any_of(all_of(Eq("a", 1), Eq("b", "x"), Ne("c", 0)), C)
        assert split(self.FORM(1, "x"), lambda part: not isinstance(part, Ne)) == (
            all_of(Eq("a", 1), Eq("b", "x")),
            Ne("c", 0),
        )

    def test_each_part_compares_a_column_with_a_value(self, subtests: pytest.Subtests) -> None:
        for part in (Eq("b", None), Eq("b", Col("a")), In("b", [1]), any_of(B, C)):
            with subtests.test(part=part), pytest.raises(AssertionError):
                Form(And((A, part)), 1)
