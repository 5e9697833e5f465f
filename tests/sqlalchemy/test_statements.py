"""Statements are built once for each shape."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from nova_db.engine import (
    Add,
    Col,
    Contains,
    Eq,
    Exists,
    IfChanged,
    In,
    NotIn,
    Order,
    Predicate,
    Query,
    Regexp,
    Transaction,
    all_of,
    any_of,
)
from nova_db.engine.regexp import compile_pattern
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.sql.variants import (
    LONGEST_KEPT,
    MOST_STATEMENTS,
    MOST_TEXT,
    Statement,
    StatementCache,
    nothing,
)
from tests.sqlalchemy.helpers import insert, reading, row, select, statements, writing


def compiled(engine: SQLEngine) -> int:
    return engine.database.statements.compiled


def asked(engine: SQLEngine, query: Query) -> list[dict[str, Any]]:
    """What a query finds."""
    with reading(engine) as tx:
        return tx.select(query)


def test_the_same_shape_is_compiled_once(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"}, {"host": "b"}, {"host": "c"})
    select(engine, "services", Eq("host", "a"), limit=5)
    before = compiled(engine)
    assert [each["host"] for each in select(engine, "services", Eq("host", "b"), limit=7)] == ["b"]
    assert compiled(engine) == before


@pytest.mark.parametrize(
    "other",
    [
        Query("services", Eq("host", None)),
        Query("services", Eq("topic", "a")),
        Query("services", Eq("host", "a"), limit=5),
        Query("services", Eq("host", "a"), limit=1),
        Query("services", Eq("host", "a"), columns=("id",)),
        Query("services", Eq("host", "a"), order=(Order("topic"),)),
        Query("services", Eq("host", "a"), order=(Order("topic"),), after=("x", 1)),
        Query("services", Eq("host", "a"), order=(Order("topic"),), after=(None, 1)),
        Query("services", Eq("host", "a"), load=("compute_node",)),
    ],
    ids=repr,
)
def test_another_shape_is_another_statement(engine: SQLEngine, other: Query) -> None:
    for query in (Query("services", Eq("host", "a")), Query("services", Eq("host", "a"), order=(Order("topic"),))):
        if repr(query) != repr(other):
            asked(engine, query)
    before = compiled(engine)
    first = asked(engine, other)
    after = compiled(engine)
    assert after > before
    assert asked(engine, other) == first
    assert compiled(engine) == after


def test_values_never_get_into_a_statement(engine: SQLEngine) -> None:
    where: Predicate = all_of(
        any_of(Contains("host", "needle"), In("topic", ["needle", "x"]), NotIn("binary", ["needle"])),
        Exists("compute_nodes", (("id", "service_id"),), Eq("hypervisor_hostname", "needle")),
    )
    with statements(engine) as sent:
        select(engine, "services", where, order=(Order("host"),), after=("needle", 1), limit=7)
        with writing(engine) as tx:
            tx.update("services", where, {"host": "needle", "report_count": Add(424242), "topic": Col("host")})
            tx.insert(("services", [row("services", host="needle", report_count=424242)]))
    assert sent
    assert not [statement for statement in sent if "needle" in statement or "424242" in statement]


def test_lists_of_any_length_work(engine: SQLEngine, subtests: pytest.Subtests) -> None:
    insert(engine, "services", *({"host": f"h{number}"} for number in range(300)))
    for length in (0, 1, 2, 3, 64, 65, 299, 5000, 40_000):
        with subtests.test(length=length):
            hosts = [f"h{number}" for number in range(length)]
            assert len(select(engine, "services", In("host", hosts))) == min(length, 300)
            assert len(select(engine, "services", NotIn("host", hosts))) == 300 - min(length, 300)
            assert len(select(engine, "services", In("id", range(1, length + 1)))) == min(length, 300)


def test_lists_of_one_length_class_share_a_statement(engine: SQLEngine) -> None:
    select(engine, "services", In("host", "abcde"))
    before = compiled(engine)
    select(engine, "services", In("host", "abcdefg"))
    assert compiled(engine) == before


def test_two_lists_in_one_condition(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a", "topic": "x"}, {"host": "b", "topic": "y"}, {"host": "c", "topic": "x"})
    found = select(engine, "services", all_of(In("host", ["a", "b", "zz"]), In("topic", ["x"])))
    assert [each["host"] for each in found] == ["a"]


def test_quotes_and_braces_in_lists(engine: SQLEngine) -> None:
    odd = ['"', "\\", "{}", "a,b", "NULL", "", "'", '\\"', "é", "\n"]
    insert(engine, "services", *({"host": host} for host in odd))
    assert [each["host"] for each in select(engine, "services", In("host", odd))] == odd
    assert [each["host"] for each in select(engine, "services", In("host", [*odd, *map(str, range(99))]))] == odd


def test_there_is_a_most_of_statements(engine: SQLEngine) -> None:
    for number in range(MOST_STATEMENTS + 10):
        engine.database.statements.keep(("test", number), lambda sizes: None)  # type: ignore[arg-type, return-value]
    assert select(engine, "services", Eq("host", "a")) == []


def of_length(length: int) -> Statement[None]:
    return Statement("x" * length, None, nothing)


def test_there_is_a_most_of_their_text(engine: SQLEngine) -> None:
    kept = engine.database.statements
    length, texts = 20_000, []
    for number in range(3 * MOST_TEXT // length):
        kept.keep(("test", number), lambda sizes: of_length(length)).fitting([])
        texts.append(kept.text)
    assert max(texts) <= MOST_TEXT
    assert max(texts) > MOST_TEXT - 2 * length, "statements are kept as long as there is room"
    assert select(engine, "services", Eq("host", "a")) == []


def test_lists_of_all_lengths_count_as_well(engine: SQLEngine) -> None:
    kept = StatementCache(lambda length: length)
    places, texts = range(4), []
    variants = kept.keep("test", lambda sizes: of_length(9999), places)
    for lengths in product(range(8), repeat=len(places)):
        variants.fitting([range(length) for length in lengths])
        if kept.text == 0:  # they were let go, and the shape with them
            variants = kept.keep("test", lambda sizes: of_length(9999), places)
        texts.append(kept.text)
    assert max(texts) <= MOST_TEXT
    assert kept.text > 0


def test_one_that_is_too_long_is_not_kept(engine: SQLEngine) -> None:
    kept = engine.database.statements
    query = Query("services", all_of(*[Eq("host", "a")] * (LONGEST_KEPT // 16)))
    before, compilations = kept.text, kept.compiled
    for _ in range(2):
        kept.select(query).fitting([])
    assert (kept.text, kept.compiled) == (before, compilations + 2)


def test_an_update_that_sets_nothing_plain_changes_nothing(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})
    with writing(engine) as tx:
        assert tx.update("services", Eq("host", "a"), {"updated_at": IfChanged(None)}) == 1


def test_only_selects_take_regular_expressions(engine: SQLEngine, subtests: pytest.Subtests) -> None:
    pattern = Regexp("host", compile_pattern("^a"))
    insert(engine, "services", {"host": "ab"}, {"host": "ba"})
    assert [each["host"] for each in select(engine, "services", pattern)] == ["ab"]
    calls: tuple[Callable[[Transaction], object], ...] = (
        lambda tx: tx.aggregate("services", pattern),
        lambda tx: tx.update("services", pattern, {"host": "a"}),
        lambda tx: tx.delete("services", all_of(Eq("host", "a"), pattern)),
        lambda tx: tx.move("services", "shadow_services", any_of(Eq("host", "a"), pattern)),
    )
    for call in calls:
        with subtests.test(call=call), pytest.raises(TypeError, match="regular expression"), writing(engine) as tx:
            call(tx)
    assert len(select(engine, "services")) == 2


def test_regular_expressions_below_semijoins_cost_one_statement_each(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"}, {"host": "b"}, {"host": "c"})
    names = [("x1", 1), ("y1", 1), ("x2", 2), ("z", 3)]
    insert(engine, "compute_nodes", *(COMPUTE_NODE | {"hypervisor_hostname": n, "service_id": s} for n, s in names))
    joined = (("id", "service_id"),)
    starts_with_x = Exists("compute_nodes", joined, Regexp("hypervisor_hostname", compile_pattern("^x")))
    no_y = Exists("compute_nodes", joined, Regexp("hypervisor_hostname", compile_pattern("^y")), negated=True)
    with statements(engine) as sent:
        assert [each["host"] for each in select(engine, "services", all_of(starts_with_x, no_y))] == ["b"]
        assert [each["host"] for each in select(engine, "services", any_of(starts_with_x, no_y))] == ["a", "b", "c"]
    assert len(sent) <= 2 * 4


COMPUTE_NODE = dict.fromkeys(("vcpus", "memory_mb", "local_gb", "vcpus_used", "memory_mb_used", "local_gb_used"), 1) | {
    "hypervisor_type": "kvm",
    "hypervisor_version": 1,
    "cpu_info": "{}",
}
