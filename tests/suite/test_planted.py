"""The suite catches engines that are wrong in ways that are easily missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from nova_db.engine import Add, Col, IfChanged, IfNew, Row, assignments
from nova_db.engine.rows import transaction
from nova_db.engine.rows.cells import packing
from nova_db.engine.rows.transaction import RowTransaction
from nova_db_conformance.engine import test_assignments, test_scans, test_texts_alike, test_transactions
from nova_db_conformance.isolation import test_killed_processes, test_processes, test_waiting
from tests.suite import planted


@pytest.mark.parametrize(
    "find, case, test",
    [
        (planted.finding_by_value, test_scans.TestUpdates, "test_sums_that_stay_within_the_condition"),
        (planted.finding_by_value, test_scans.TestUpdates, "test_moments_that_move_on"),
        (planted.finding_by_value, test_scans.TestUpdates, "test_rows_come_once_and_by_what_they_are_now"),
        (planted.finding_by_place, test_scans.TestUpdates, "test_rows_that_are_deleted_softly"),
        (planted.finding_by_place, test_scans.TestRemovals, "test_all_that_match_go"),
    ],
)
def test_rows_changed_while_they_are_looked_for(find: Callable[..., Any], case: Any, test: str) -> None:
    with planted.changing_lazily(find):
        assert planted.problems(case, test, "memory")


def test_claims_that_come_by_key() -> None:
    claim = RowTransaction.claim

    def claim_by_key(self: RowTransaction, *args: Any, **kwargs: Any) -> Any:
        return sorted(claim(self, *args, **kwargs), key=lambda row: row["id"])

    with mock.patch.object(RowTransaction, "claim", claim_by_key):
        assert planted.problems(test_scans.TestClaims, "test_values_that_move_on_in_the_order", "memory")


@pytest.mark.parametrize("name", ["serialize", "select"])
def test_readers_that_serialize_or_lock(name: str) -> None:
    original, require = getattr(RowTransaction, name), RowTransaction.require_usable

    def lenient(self: RowTransaction, *, for_writing: bool = False) -> None:
        require(self, for_writing=for_writing and self.writes)

    def call(self: RowTransaction, *args: Any) -> Any:
        with mock.patch.object(RowTransaction, "require_usable", lenient):
            return original(self, *args)

    with mock.patch.object(RowTransaction, name, call):
        assert planted.problems(test_transactions.TestReaders, "test_a_reader_takes_neither_names_nor_locks", "memory")


@pytest.mark.parametrize(
    "driver, case, test",
    [
        ("UnlockedUncheckedDriver", test_processes.TestProcesses, "test_single_calls_of_processes"),
        (
            "UnlockedUncheckedDriver",
            test_killed_processes.TestKilledProcesses,
            "test_whatever_is_killed_the_books_are_right",
        ),
        ("HalfDriver", test_killed_processes.TestKilledProcesses, "test_whatever_is_killed_the_books_are_right"),
        ("UnlockedDriver", test_waiting.TestWaiting, "test_another_process_is_told"),
        ("EndlessDriver", test_waiting.TestWaiting, "test_another_process_is_told"),
        ("EndlessDriver", test_waiting.TestWaiting, "test_another_thread_is_told"),
    ],
)
def test_writers_that_do_not_take_turns_as_they_should(driver: str, case: Any, test: str) -> None:
    with mock.patch.object(test_waiting, "PATIENCE", 4.0):
        assert planted.problems(case, test, f"tests.suite.planted_lmdb.{driver}")


@pytest.mark.parametrize("length", [60, 127, 254, 255, 510])
@pytest.mark.parametrize("test", ["test_every_column_tells_them_apart", "test_rules_and_keys_hold_for_each"])
def test_long_keys_that_collide(length: int, test: str) -> None:
    def cut(value: str) -> bytes:
        return b"\x03" + value.encode()[:length].replace(b"\x00", b"\x00\xff") + b"\x00\x00"

    with mock.patch.object(packing, "_text", cut), mock.patch.object(packing, "LONGEST_KEY", 2000):
        assert planted.problems(test_texts_alike.TestTextsAlike, test, "lmdb")


@pytest.mark.parametrize("kind", [Add, Col, IfNew])
def test_computed_values_that_count_as_changes(kind: type) -> None:
    update = assignments.updater

    def updater(table: Any, values: Any) -> Any:
        new_of = update(table, values)
        stamps = {column: value.value for column, value in values.items() if type(value) is IfChanged}
        counts = [column for column, value in values.items() if type(value) is kind]

        def new(row: Row) -> Row:
            made = new_of(row)
            return made | stamps if any(row[column] != made[column] for column in counts) else made

        return new

    with mock.patch.object(assignments, "updater", updater), mock.patch.object(transaction, "updater", updater):
        assert planted.problems(test_assignments.TestWhatIsAChange, "test_what_is_computed_is_none", "memory")


def test_changes_of_a_key_that_comes_twice() -> None:
    update_each = RowTransaction.update_each

    def last_only(self: RowTransaction, table: str, changes: Any, *where: Any) -> int:
        return update_each(self, table, list(dict(changes).items()), *where)

    with mock.patch.object(RowTransaction, "update_each", last_only):
        assert planted.problems(
            test_assignments.TestAKeyTwice, "test_the_later_one_builds_on_the_earlier_one", "memory"
        )
