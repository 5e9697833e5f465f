"""The stages of the suite, from a backend that loads to one that keeps its budgets, and which test belongs to which.

A stage rests on those before it: while one is broken, what comes after tells little.  Where a test lives says to which
stage it belongs; a class whose module has tests of several has the attribute ``stage``, the key of its own, and single
tests that take more of an engine than those around them stand in a table here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SUITE = "nova_db_conformance"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: its place, and what it takes of an engine that the stages before it did not."""

    key: str
    title: str
    modules: tuple[str, ...]
    """Modules and packages below the suite's; of several that hold a test the longest counts."""
    primitives: tuple[str, ...] = ()
    """The methods of ``Engine`` and ``Transaction`` to write for it."""
    level: str = "core"
    """``full`` where a run of the level ``core`` leaves it out."""

    def __str__(self) -> str:
        return self.title


STAGES: tuple[Stage, ...] = (
    Stage(
        "loads",
        "loads",
        ("engine.test_loads",),
        ("Engine.create_schema", "Engine.clear", "Engine.read", "Engine.write", "Transaction.rollback"),
    ),
    Stage(
        "rows",
        "insert and select",
        ("engine.test_insert", "engine.test_select"),
        ("Transaction.insert", "Transaction.select", "Transaction.commit"),
    ),
    Stage(
        "predicates",
        "predicates and order",
        (
            "engine.test_aggregate",
            "engine.test_predicate_logic",
            "engine.test_predicates",
            "engine.test_relations",
            "engine.test_semijoins",
        ),
        ("Transaction.select", "Transaction.aggregate", "Transaction.update"),
    ),
    Stage(
        "changes",
        "update and delete",
        (
            "engine.test_absent_rows",
            "engine.test_assignments",
            "engine.test_claim",
            "engine.test_counters",
            "engine.test_keys",
            "engine.test_long_texts",
            "engine.test_many_values",
            "engine.test_remove",
            "engine.test_scans",
            "engine.test_schema_relations",
            "engine.test_servers",
            "engine.test_shadow_tables",
            "engine.test_texts_alike",
            "engine.test_update",
            "engine.test_values",
        ),
        (
            "Transaction.update",
            "Transaction.update_returning",
            "Transaction.update_each",
            "Transaction.claim",
            "Transaction.delete",
            "Transaction.move",
        ),
    ),
    Stage("integrity", "integrity", ("engine.test_integrity",), ("Transaction.insert", "Transaction.update")),
    Stage(
        "transactions",
        "transactions",
        ("engine.test_after_errors", "engine.test_closing", "engine.test_sums", "engine.test_transactions"),
        ("Transaction.savepoint", "Transaction.commit", "Transaction.rollback", "Engine.close"),
    ),
    Stage(
        "isolation",
        "isolation, races, processes, fork",
        (
            "engine.test_capabilities",
            "engine.test_fork",
            "engine.test_isolated_writers",
            "engine.test_isolation",
            "engine.test_pages",
            "engine.test_races",
            "engine.test_readers",
            "isolation",
        ),
        ("Transaction.serialize", "Engine.read", "Engine.write"),
    ),
    Stage("functions", "functions by family", ("functions", "transactions", "decisions", "aio", "offers")),
    Stage("sequences", "sequences against the reference", ("hostile", "sequences"), level="full"),
    Stage("recordings", "recordings", ("recordings",), level="full"),
    Stage("budgets", "budgets", ("budgets", "functions.instances.test_statements"), level="full"),
)

_TESTS = {
    "predicates": (
        "engine.test_insert.TestInsert.test_own_rows_are_seen",
        "engine.test_select.TestSelect.test_rows_found_by_a_value_come_by_primary_key",
    ),
    "changes": (
        "engine.test_aggregate.TestAggregate.test_sees_the_writes_of_its_transaction",
        "engine.test_insert.TestClear.test_clear_removes_everything_and_counts_anew",
        "engine.test_insert.TestKeys.test_a_given_id_counts_although_its_row_is_gone",
        "engine.test_insert.TestKeys.test_ids_are_not_used_again_after_a_delete",
        "engine.test_insert.TestKeys.test_ids_are_not_used_again_after_a_move",
        "engine.test_relations.TestLoad.test_the_writes_of_the_transaction_are_seen",
        "engine.test_semijoins.TestExists.test_in_what_changes_and_removes",
        "engine.test_semijoins.TestExists.test_sees_the_writes_of_its_transaction",
    ),
    "integrity": (
        "engine.test_shadow_tables.TestShadowTables.test_a_key_is_there_once",
        "engine.test_keys.TestGivenBesideCounted.test_an_id_that_was_counted_before_it_is_given_is_taken",
        "engine.test_keys.TestGivenBesideCounted.test_the_rule_that_the_first_rows_break_is_told",
        "engine.test_remove.TestMove.test_rows_that_are_in_the_target_stay",
        "engine.test_remove.TestMove.test_rows_that_others_refer_to_stay",
        "engine.test_servers.TestStatements.test_a_failed_statement_among_many_changes_nothing",
        "engine.test_servers.TestText.test_texts_that_look_alike_are_unique_each",
        "engine.test_texts_alike.TestTextsAlike.test_rules_and_keys_hold_for_each",
    ),
    "transactions": (
        "engine.test_counters.TestAdvance.test_what_is_undone_leaves_nothing",
        "engine.test_insert.TestKeys.test_ids_that_are_kept_go_on_growing_after_what_is_undone",
        "engine.test_keys.TestGivenBesideCounted.test_a_savepoint_takes_it_back",
        "engine.test_keys.TestHighestId.test_a_savepoint_takes_it_back",
        "engine.test_keys.TestKeysInUpdates.test_nothing_of_a_refused_transaction_stays",
    ),
    "isolation": (
        "engine.test_claim.TestClaimRaces",
        "engine.test_keys.TestGivenBesideCounted.test_two_writers_at_once_get_different_ids",
        "engine.test_remove.TestMove.test_rows_move_once_whoever_moves_them",
    ),
}
"""Tests, and classes, that take what only a later stage than that of their module does."""

_BY_KEY = {stage.key: stage for stage in STAGES}
_PLACES = {module: stage for stage in STAGES for module in stage.modules}
_PLACES |= {name: _BY_KEY[key] for key, names in _TESTS.items() for name in names}
_LONG = ("isolation", "aio.test_races")
"""What the level ``core`` leaves out of its stages, beside the races of the functions: it takes long."""


def stage_named(key: str) -> Stage:
    """The stage that has this key."""
    return _BY_KEY[key]


def stage_of(test_class: type, test: str = "") -> Stage | None:
    """The stage of a test, or of a class of them; None of one that is not of the suite, such as a project's own."""
    within = _within(test_class.__module__)
    name = f"{within}.{test_class.__name__}" if within else ""
    if f"{name}.{test}" in _PLACES:
        return _PLACES[f"{name}.{test}"]
    key = getattr(test_class, "stage", None)
    if key is not None:
        return _BY_KEY[key]
    return next((_PLACES[place] for place in _ways_up(name) if place in _PLACES), None)


def first_modules() -> tuple[str, ...]:
    """The modules of the first stage."""
    return STAGES[0].modules


def is_at_level(test_class: type, level: str) -> bool:
    """Whether a run of this level has the tests of a class."""
    stage = stage_of(test_class)
    if level == "full" or stage is None:
        return True
    within = _within(test_class.__module__)
    is_race = within.startswith("functions.") and within.endswith("races")
    return stage.level == level and not is_race and not any(place in _LONG for place in _ways_up(within))


def family_of(test_class: type) -> str | None:
    """The family whose functions a class tests, if it stands in the folder of one."""
    folder, _, rest = _within(test_class.__module__).partition(".")
    return rest.partition(".")[0] if folder == "functions" and rest else None


def _within(module: str) -> str:
    """A module's name below the suite; empty of one that is not there."""
    return module.removeprefix(f"{SUITE}.") if module.startswith(f"{SUITE}.") else ""


def _ways_up(place: str) -> Iterator[str]:
    """A module, its package, and so on."""
    while place:
        yield place
        place = place.rpartition(".")[0]
