"""The plug: which driver a call goes to, in which thread, and that it is loaded once."""

from __future__ import annotations

import contextvars
import inspect
import os
import subprocess
import sys
import threading
import time
import typing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

import nova_db
from nova_db import api
from nova_db.driver import FUNCTIONS, Driver
from nova_db.exceptions import BackendLoadError, BackendNotFound, IncompleteDriver
from tests.plug.sample_backends import GoodDriver, MissignedDriver, Slow

ROOT = Path(nova_db.__file__).parents[1]
CONTEXT: Any = object()


@pytest.fixture
def configured(backends: None, options: cfg.ConfigOpts) -> cfg.ConfigOpts:
    """A configuration that names a good backend."""
    options.set_override("backend", "good", group="database")
    options.set_override("connection", "there", group="database")
    return options


def called() -> Any:
    """The driver that a call of the API reaches."""
    reached: Any = nova_db.instance_get(CONTEXT, 1)
    return reached[0]


def in_thread(function: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


# The functions


@pytest.mark.parametrize("name", [*FUNCTIONS, "transaction", "run"])
def test_functions_look_like_the_contract_s(name: str) -> None:
    function, contract = getattr(api.LazyDriver(), name), getattr(Driver, name)
    expected = inspect.signature(contract)

    assert inspect.signature(function) == expected.replace(parameters=list(expected.parameters.values())[1:])
    assert inspect.signature(function).return_annotation == expected.return_annotation
    assert function.__annotations__ == contract.__annotations__
    assert (function.__name__, function.__qualname__, function.__module__) == (name, name, "nova_db")
    assert function.__doc__ == contract.__doc__
    assert not getattr(function, "__isabstractmethod__", False)


def test_arguments_are_forwarded_as_given() -> None:
    driver = GoodDriver()
    constraint = nova_db.constraint()
    with api.binding(driver):
        assert nova_db.instance_get(CONTEXT, instance_id=5) == (driver, CONTEXT, 5)  # type: ignore[comparison-overlap]
        found: Any = nova_db.instance_destroy(CONTEXT, "u", constraint, update_cells=False)
        assert found == (driver, CONTEXT, "u", constraint, False)
        found = nova_db.instance_destroy(CONTEXT, "u")
        assert found == (driver, CONTEXT, "u", None, True)
        with pytest.raises(TypeError, match="instance_get"):
            nova_db.instance_get(CONTEXT)  # type: ignore[call-arg]


def test_transaction_and_run_are_forwarded(subtests: pytest.Subtests) -> None:
    driver = GoodDriver()
    with api.binding(driver):
        plugs: list[Any] = [api, nova_db, api.API]
        for plug in plugs:
            with subtests.test(plug=plug):
                assert plug.transaction(CONTEXT) == (driver, "transaction", CONTEXT)
                assert plug.run(CONTEXT, lambda session: session) == (driver, CONTEXT)


def test_a_function_that_was_kept_follows_the_driver() -> None:
    plug = api.LazyDriver()
    kept = plug.instance_get
    first, second = GoodDriver(), GoodDriver()

    assert plug.instance_get is kept
    with api.binding(first):
        assert kept(CONTEXT, 1)[0] is first
    with api.binding(second):
        assert kept(CONTEXT, 1)[0] is second


def test_unknown_functions(subtests: pytest.Subtests) -> None:
    with pytest.raises(AttributeError, match=r"'instance_gett'; did you mean 'instance_get'\?"):
        api.API.instance_gett  # noqa: B018 - looking it up is the test
    for name in ("close", "__wrapped__", "_private", "zzz"):
        with subtests.test(name=name):
            assert not hasattr(api.API, name)


def test_dir_lists_the_functions() -> None:
    assert {*FUNCTIONS, "transaction", "run"} <= set(dir(api.API))


def test_type_hints_of_the_contract_can_be_resolved_where_it_can() -> None:
    hints = typing.get_type_hints(api.API.instance_get)
    assert hints == typing.get_type_hints(Driver.instance_get)


# The configured driver


def test_the_configured_driver_is_loaded_on_first_use(configured: cfg.ConfigOpts) -> None:
    made = GoodDriver.made
    assert repr(api.API) == "<LazyDriver, not loaded>"
    driver = called()

    assert (type(driver), driver.connection, driver.conf) == (GoodDriver, "there", configured)
    assert called() is api.get_driver() is driver
    assert GoodDriver.made == made + 1
    assert repr(driver) in repr(api.API)


def test_sixteen_threads_load_it_once(configured: cfg.ConfigOpts) -> None:
    configured.set_override("backend", "slow", group="database")
    made = GoodDriver.made
    barrier = threading.Barrier(17)
    Slow.begun.clear()
    Slow.go_on.clear()

    def first_use() -> Any:
        barrier.wait()
        return called()

    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(first_use) for _ in range(16)]
        barrier.wait()
        Slow.begun.wait()
        time.sleep(0.05)  # gives the others the chance to do wrong
        Slow.go_on.set()
        drivers = [future.result() for future in futures]

    assert len({id(driver) for driver in drivers}) == 1
    assert GoodDriver.made == made + 1


def test_a_failure_is_not_remembered(configured: cfg.ConfigOpts) -> None:
    configured.set_override("backend", "goood", group="database")
    for _ in range(2):
        with pytest.raises(BackendNotFound, match="did you mean 'good'"):
            called()
    configured.set_override("backend", "good", group="database")

    assert type(called()) is GoodDriver


def test_the_default_backend(backends: None) -> None:
    with pytest.raises(BackendNotFound, match="'sqlalchemy'"):
        called()


def test_reset_closes_and_forgets(configured: cfg.ConfigOpts) -> None:
    first = called()
    api.reset()
    second = called()

    assert second is not first
    assert (first.closed, second.closed) == (1, 0)
    api.reset()
    api.reset()
    assert (first.closed, second.closed) == (1, 1)


def test_set_driver_installs_one_and_returns_the_other(configured: cfg.ConfigOpts) -> None:
    mine: Any = GoodDriver()
    assert api.set_driver(mine) is None
    assert called() is mine
    other: Any = GoodDriver()
    assert [api.set_driver(other)] == [mine]
    assert called() is in_thread(called) is other
    assert mine.closed == 0


@pytest.mark.parametrize("driver", [object(), MissignedDriver()])
def test_set_driver_checks(driver: Any, configured: cfg.ConfigOpts) -> None:
    with pytest.raises(IncompleteDriver):
        api.set_driver(driver)
    assert type(called()) is GoodDriver


def test_a_backend_that_uses_the_api_while_it_is_loaded(configured: cfg.ConfigOpts) -> None:
    configured.set_override("backend", "recursive", group="database")

    with pytest.raises(BackendLoadError, match="it calls functions of the API while it is being loaded"):
        called()


# Bindings


def test_bindings_nest_and_come_before_the_configured_driver(configured: cfg.ConfigOpts) -> None:
    outer, inner = GoodDriver(), GoodDriver()
    before = called()
    with api.binding(outer) as bound:
        assert bound is called() is outer
        with api.binding(inner):
            assert called() is inner
        assert called() is outer
    assert called() is before
    assert (outer.closed, inner.closed) == (0, 0)


def test_a_binding_comes_before_a_driver_that_has_been_used_already(configured: cfg.ConfigOpts) -> None:
    kept = nova_db.instance_get
    used: Any = kept(CONTEXT, 1)
    mine = GoodDriver()

    with api.binding(mine):
        bound: Any = kept(CONTEXT, 1)

    assert used[0] is api.get_driver()
    assert bound[0] is mine


def test_a_binding_ends_with_an_exception_too(configured: cfg.ConfigOpts) -> None:
    driver = GoodDriver()
    with pytest.raises(ZeroDivisionError), api.binding(driver):
        raise ZeroDivisionError
    assert called() is not driver


def test_bind_lasts_until_release(configured: cfg.ConfigOpts) -> None:
    configured_driver = called()
    outer, inner = GoodDriver(), GoodDriver()
    first = api.bind(outer)
    second = api.bind(inner)
    assert (second.outer, second.driver, second.released) == (first, inner, False)
    assert called() is inner

    first.release()
    assert first.released is True
    assert called() is inner
    first.release()
    second.release()
    assert called() is configured_driver


def test_threads_of_a_test_see_its_binding(configured: cfg.ConfigOpts) -> None:
    outer, inner = GoodDriver(), GoodDriver()
    with api.binding(outer):
        assert in_thread(called) is outer
        with api.binding(inner):
            assert in_thread(called) is inner
        assert in_thread(called) is outer
    assert in_thread(called) is called()


def test_tests_in_parallel_threads_do_not_meet(configured: cfg.ConfigOpts) -> None:
    barrier = threading.Barrier(8)

    def test() -> bool:
        driver = GoodDriver()
        met = False
        for _ in range(50):
            barrier.wait()
            with api.binding(driver):
                met |= called() is not driver
                with api.binding(inner := GoodDriver()):
                    met |= called() is not inner
                met |= called() is not driver
        return met

    with ThreadPoolExecutor(8) as pool:
        assert [future.result() for future in [pool.submit(test) for _ in range(8)]] == [False] * 8
    assert called() is api.get_driver() is in_thread(called)
    assert called().connection == "there"


def test_a_copied_context_carries_its_binding() -> None:
    mine, other = GoodDriver(), GoodDriver()
    with api.binding(mine):
        carried = contextvars.copy_context()
    with api.binding(mine):
        carried = contextvars.copy_context()
        with api.binding(other):
            assert in_thread(lambda: carried.run(called)) is mine
            assert in_thread(called) is other


def test_a_binding_may_be_released_in_another_context(configured: cfg.ConfigOpts) -> None:
    driver, outer = GoodDriver(), GoodDriver()
    with api.binding(outer):
        bound = api.bind(driver)
        in_thread(bound.release)
        assert called() is outer
        assert in_thread(called) is outer
    elsewhere = contextvars.copy_context()
    bound = elsewhere.run(api.bind, driver)
    assert elsewhere.run(called) is called() is driver
    bound.release()
    assert elsewhere.run(called) is called() is api.get_driver() is not driver


def test_bindings_may_end_in_any_order(configured: cfg.ConfigOpts) -> None:
    drivers = [GoodDriver() for _ in range(3)]
    first, second, third = [api.bind(driver) for driver in drivers]

    second.release()
    assert called() is in_thread(called) is drivers[2]
    third.release()
    assert called() is in_thread(called) is drivers[0]
    first.release()
    assert called() is in_thread(called)
    assert called() not in drivers


def test_a_binding_does_not_check_its_driver() -> None:
    class Partial:
        def instance_get(self, context: Any, instance_id: Any) -> Any:
            return (self,)

    partial: Any = Partial()
    with api.binding(partial):
        assert called() is partial
        with pytest.raises(AttributeError, match="instance_get_all"):
            nova_db.instance_get_all(CONTEXT)


# Processes


def in_fork(function: Callable[[], bool]) -> bool:
    """Whether the function returns true in a child process."""
    pid = os.fork()
    if pid == 0:
        status = 2
        try:
            status = 0 if function() else 1
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_forked_child_keeps_the_driver(configured: cfg.ConfigOpts) -> None:
    driver = called()

    assert in_fork(lambda: called() is driver)
    assert called() is driver


def test_a_child_forked_while_a_thread_loads_the_driver_loads_its_own(configured: cfg.ConfigOpts) -> None:
    configured.set_override("backend", "slow", group="database")
    Slow.begun.clear()
    Slow.go_on.clear()
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(called)
        Slow.begun.wait()

        def child() -> bool:
            # New ones: those of the parent may have been in the middle of something.
            Slow.begun, Slow.go_on = threading.Event(), threading.Event()
            Slow.go_on.set()
            return type(called()) is GoodDriver

        try:
            assert in_fork(child)
        finally:
            Slow.go_on.set()
        assert loading.result() is called()


def test_importing_it_imports_nothing_that_is_not_needed_yet() -> None:
    script = (
        "import sys, nova_db.api; print([m for m in ('stevedore', 'oslo_config', 'oslo_utils') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert result.stdout == "[]\n"
