"""The test case that conformance tests derive from: what its assertions let through, and what not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from nova_db import api, exceptions
from nova_db_conformance.harness.races import race
from nova_db_memory import MemoryDriver
from tests.suite.cases import failure, outcome, passes

SAMPLES = "tests.suite.sample_drivers"


def test_the_namespace_is_bound_while_the_test_runs() -> None:
    def test(case: Any) -> None:
        case.make.key_pair(name="mine")
        assert len(case.db.key_pair_get_all_by_user(case.user, "u1")) == 1
        assert case.driver.key_pair_get(case.user, "u1", "mine")

    outer = MemoryDriver()
    with api.binding(outer):
        assert passes(test)
        assert api.get_driver() is outer


def test_a_second_call_on_a_reader_that_was_opened_for_one_is_caught() -> None:
    def test(case: Any) -> None:
        made = case.make.key_pair(name="mine")
        assert case.db.key_pair_get(case.user, "u1", "mine")["id"] == made["id"]
        case.db.key_pair_get(case.user, "u1", "none")

    assert "HastyDriver.key_pair_get" in failure(test, f"{SAMPLES}.HastyDriver")
    with pytest.raises(AssertionError, match="a second call"):
        passes(test, f"{SAMPLES}.HastyDriver")


def test_every_test_starts_on_an_empty_database() -> None:
    def test(case: Any) -> None:
        assert case.dump() == {}
        assert case.make.service()["id"] == 1
        assert list(case.dump()) == ["services"]
        case.db.service_destroy(case.admin, 1)
        case.db.archive_deleted_rows_for_table(case.admin, "services", 1)
        assert list(case.dump()) == ["shadow_services"]

    assert passes(test)
    assert passes(test)


def test_contexts_are_who_they_claim_to_be() -> None:
    def test(case: Any) -> None:
        assert case.admin.is_admin
        assert (case.user.user_id, case.user.project_id, case.user.is_admin) == ("u1", "p1", False)
        assert (case.other.user_id, case.other.project_id, case.other.is_admin) == ("u2", "p2", False)
        assert (case.nobody.user_id, case.nobody.project_id, case.nobody.is_admin) == (None, None, False)
        assert case.seeing("yes").read_deleted == "yes"
        assert case.seeing("only", case.user).user_id == "u1"
        assert (case.admin.read_deleted, case.user.read_deleted) == ("no", "no")

    assert passes(test)


def raising(error: Exception) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize(
    "raised, expected, attributes, message",
    [
        (exceptions.AdminRequired(), exceptions.NotAuthorized, {}, "subclass AdminRequired"),
        (
            exceptions.ServiceNotFound(service_id=1),
            exceptions.ServiceNotFound,
            {"service_id": 2},
            "service_id 2, got 1",
        ),
        (exceptions.ServiceNotFound(service_id=1), exceptions.ServiceNotFound, {"host": "h"}, "got '(not given)'"),
        (exceptions.ServiceNotFound(service_id="1"), exceptions.ServiceNotFound, {"service_id": 1}, "got '1'"),
        (exceptions.DBDataError(columns=["a"]), exceptions.DBDataError, {"columns": ["b"]}, "columns ['b'], got ['a']"),
    ],
)
def test_raises_wants_the_very_class_and_its_arguments(
    raised: Exception, expected: type[Exception], attributes: dict[str, Any], message: str
) -> None:
    def test(case: Any) -> None:
        with case.raises(expected, **attributes):
            raise raised

    assert message in failure(test)


def test_raises_wants_an_exception() -> None:
    def test(case: Any) -> None:
        with case.raises(exceptions.NotFound):
            pass

    assert "NotFound was not raised" in failure(test)


def test_raises_keeps_what_was_raised() -> None:
    def test(case: Any) -> None:
        with case.raises(exceptions.ServiceNotFound, service_id=1) as caught:
            raising(exceptions.ServiceNotFound(service_id=1))()
        assert caught.exception.kwargs["service_id"] == 1

    assert passes(test)


@pytest.mark.parametrize(
    "record, columns, message",
    [
        ({"a": 1}, {"a": 2}, "a is 1, expected 2"),
        ({"a": 1}, {"a": True}, "a is 1, expected True"),
        ({"a": 1}, {"b": 2}, "lacks b"),
        ([("a", 1)], {"a": 1}, "plain dict"),
    ],
)
def test_records_are_compared_with_their_types(record: Any, columns: dict[str, Any], message: str) -> None:
    assert message in failure(lambda case: case.assertRecord(record, **columns))


def test_the_shape_of_a_record_is_its_table() -> None:
    relations = ("metadata", "system_metadata", "info_cache", "security_groups")

    def test(case: Any) -> None:
        case.assertShape(case.make.instance(), "instances", *relations)

    def too_much(case: Any) -> None:
        case.assertShape(case.make.instance(), "instances", *relations[1:])

    def too_little(case: Any) -> None:
        case.assertShape(case.make.instance(), "instances", *relations, "host_details")

    assert passes(test)
    assert "a record of instances has metadata" in failure(too_much)
    assert "a record of instances lacks host_details" in failure(too_little)


def test_a_result_that_is_shared_is_not_private() -> None:
    shared = {"a": [1]}

    def test(case: Any) -> None:
        case.assertPrivate(lambda: {"a": [1, {"b": {2}}, (3, [])]})
        case.assertPrivate(lambda: shared)

    assert "shows in the next" in failure(test)


def test_an_atomic_call_passes_and_its_result_comes_back() -> None:
    def test(case: Any) -> None:
        record = case.assertAtomic(lambda: case.make.instance(metadata={"key": "value"}))
        case.assertRecord(record, project_id="p1")
        assert len(case.dump()["instances"]) == 1

    assert passes(test)


def test_a_call_in_two_transactions_is_not_atomic() -> None:
    text = failure(lambda case: case.assertAtomic(case.make.key_pair), f"{SAMPLES}.CarelessDriver")
    assert "'key_pairs'" in text
    assert "after a failure in step" in text


def test_a_call_that_swallows_failures_is_not_atomic() -> None:
    def test(case: Any) -> None:
        case.make.key_pair(name="one")
        case.assertAtomic(lambda: case.db.key_pair_destroy(case.admin, "u1", "one"))

    assert "was swallowed" in failure(test, f"{SAMPLES}.CarelessDriver")


def test_a_call_that_writes_nothing_cannot_be_atomic() -> None:
    assert "writes nothing" in failure(
        lambda case: case.assertAtomic(lambda: case.db.key_pair_get_all_by_user(case.user, "u1"))
    )


def test_a_failed_call_must_leave_everything_unchanged() -> None:
    def test(case: Any) -> None:
        def call() -> None:
            case.make.key_pair()
            raise exceptions.NotFound

        case.assertUnchanged(raising(exceptions.NotFound()), exceptions.NotFound)
        case.assertUnchanged(call, exceptions.NotFound)

    assert "although it raised NotFound" in failure(test)


def test_admin_only_calls_are_refused_for_everyone_else() -> None:
    assert passes(lambda case: case.assertAdminOnly(case.db.service_get_all))
    assert "AdminRequired was not raised" in failure(lambda case: case.assertAdminOnly(case.db.compute_node_statistics))


def test_options_and_clock_are_set_for_one_test() -> None:
    moment = dt.datetime(2020, 1, 2, 3, 4, 5)

    def test(case: Any) -> None:
        case.set_option("enable_new_services", False)
        case.set_time(moment)
        case.assertRecord(case.make.service(), disabled=True, created_at=moment)
        assert case.advance(1.5) == moment + dt.timedelta(seconds=1.5)

    def afterwards(case: Any) -> None:
        record = case.make.service()
        case.assertRecord(record, disabled=False)
        assert record["created_at"] > moment + dt.timedelta(days=1)

    assert passes(test)
    assert passes(afterwards)


def test_rows_can_be_put_past_the_api() -> None:
    def test(case: Any) -> None:
        (row,) = case.insert("key_pairs", {"name": "old", "user_id": "u1"})
        case.assertRecord(row, id=1, name="old", deleted=0)
        case.assertRecord(case.db.key_pair_get(case.user, "u1", "old"), id=1)

    assert passes(test)


def test_threads_of_a_race_work_on_the_database_of_the_test() -> None:
    def test(case: Any) -> None:
        race(lambda number: case.make.key_pair(), rounds=2)
        assert len(case.db.key_pair_get_all_by_user(case.user, "u1")) == 16

    assert passes(test)


def test_what_a_backend_lacks_is_skipped_with_a_reason() -> None:
    def another(case: Any) -> None:
        case.another_driver()

    ((_, skipped),) = outcome(another).skipped
    assert "memory of one process" in skipped


@pytest.mark.parametrize("backend", ["memory", "sqlalchemy"])
def test_statements_are_noted_without_those_of_transactions(backend: str) -> None:
    def test(case: Any) -> None:
        with case.statements() as sent:
            case.make.key_pair()
        (statement,) = sent
        assert statement.upper().startswith("INSERT")
        case.make.key_pair()
        assert len(sent) == 1

    assert passes(test, backend)


def test_calls_that_stand_for_statements_tell_what_is_read() -> None:
    def test(case: Any) -> None:
        instance = case.make.instance()
        with case.statements() as sent:
            case.db.instance_get_by_uuid(case.user, instance["uuid"])
        (call,) = sent
        assert call.startswith("select instances (")
        assert "user_data" in call

    assert passes(test)


def test_another_driver_works_on_the_same_database() -> None:
    def test(case: Any) -> None:
        created = case.make.key_pair(name="one")
        assert case.another_driver().key_pair_get(case.admin, "u1", "one") == created

    assert passes(test, "sqlalchemy")


def test_a_failing_clean_up_does_not_hide_the_failure_before_it() -> None:
    def test(case: Any) -> None:
        case.addCleanup(raising(RuntimeError("in the clean-up")))
        case.fail("in the test")

    ((_, text),) = outcome(test).errors
    assert "in the clean-up" in text
    assert "in the test" in text
