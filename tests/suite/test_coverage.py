"""Counting which functions were called, and what is missing."""

from __future__ import annotations

import json

from nova_db import exceptions
from nova_db.driver import FUNCTIONS
from nova_db_conformance import decision
from nova_db_conformance.harness.coverage import ALL_FUNCTIONS, CallLog, gaps, named_errors, uncalled


def test_the_api_has_254_functions() -> None:
    assert len(ALL_FUNCTIONS) == len(set(ALL_FUNCTIONS)) == 254


@decision(29)
def test_functions_that_were_never_called_are_listed() -> None:
    log = CallLog()
    log.succeeded("memory", "service_get")
    log.failed("memory", "service_update", exceptions.ServiceNotFound(service_id=1))
    missing = uncalled(log, "memory")
    assert len(missing) == 252
    assert not {"service_get", "service_update"} & set(missing)
    assert len(uncalled(log, "sqlite")) == 254


def test_the_errors_of_a_function_are_read_from_its_contract() -> None:
    assert named_errors("service_get") == {"AdminRequired", "ServiceNotFound"}
    assert named_errors("key_pair_get") == {"NotAuthorized", "KeypairNotFound"}
    assert named_errors("compute_node_get") == {"ComputeHostNotFound"}
    assert named_errors("constraint") == frozenset()


def test_every_error_that_a_contract_names_exists() -> None:
    known = {name for name in dir(exceptions) if isinstance(getattr(exceptions, name), type)}
    named = {error for function in FUNCTIONS for error in named_errors(function)}
    assert named - known <= {"KeyError", "TypeError", "ValueError"}


def test_a_function_lacks_nothing_once_it_succeeded_and_raised_all_that_is_named() -> None:
    log = CallLog()
    assert list(gaps(log, "memory", ["service_get"])) == [
        "service_get never succeeded",
        "service_get never raised AdminRequired, ServiceNotFound",
    ]
    log.succeeded("memory", "service_get")
    log.failed("memory", "service_get", exceptions.ServiceNotFound(service_id=1))
    assert list(gaps(log, "memory", ["service_get"])) == ["service_get never raised AdminRequired"]
    log.failed("memory", "service_get", exceptions.AdminRequired())
    assert list(gaps(log, "memory", ["service_get"])) == []


def test_an_exception_counts_for_the_classes_that_it_is_derived_from() -> None:
    log = CallLog()
    log.succeeded("memory", "key_pair_get")
    log.failed("memory", "key_pair_get", exceptions.KeypairNotFound())
    log.failed("memory", "key_pair_get", exceptions.AdminRequired())
    assert list(gaps(log, "memory", ["key_pair_get"])) == []


def test_a_run_that_called_nothing_has_shown_nothing() -> None:
    assert len([gap for gap in gaps(CallLog(), "memory") if gap.endswith("never succeeded")]) == 254


def test_backends_are_counted_apart() -> None:
    log = CallLog()
    log.succeeded("memory", "service_get")
    log.succeeded("sqlite", "cell_get")
    assert log.backends == ["memory", "sqlite"]
    assert not log.was_called("memory", "cell_get")
    assert log.successes("sqlite", "service_get") == 0


def test_the_counts_of_other_processes_are_added() -> None:
    workers = [CallLog(), CallLog()]
    for log in workers:
        log.succeeded("memory", "service_get")
        log.failed("memory", "service_get", exceptions.ServiceNotFound(service_id=1))
    together = CallLog()
    for log in workers:
        together.merge(json.loads(json.dumps(log.as_data())))
    assert together.successes("memory", "service_get") == 2
    assert together.failures("memory", "service_get")["ServiceNotFound"] == 2
