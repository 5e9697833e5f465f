"""``nova_db.aio``, as callers see it: the namespace of ``nova_db``, awaitable."""

from __future__ import annotations

import inspect
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import nova_db
from nova_db import aio
from nova_db.driver import FUNCTIONS
from nova_db.stubs import coroutines

ROOT = Path(nova_db.__file__).parents[1]
LATER = ("asyncio", "nova_db.aio")


def test_all_is_that_of_nova_db() -> None:
    assert sorted(aio.__all__) == sorted(nova_db.__all__)
    assert all(hasattr(aio, name) for name in aio.__all__)


@pytest.mark.parametrize("name", [*FUNCTIONS, "run"])
def test_functions_are_coroutine_functions(name: str) -> None:
    function = getattr(aio, name)

    assert inspect.iscoroutinefunction(function)
    assert function.__name__ == function.__qualname__ == name
    assert function.__doc__


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature_and_docstring_are_the_contract_s(name: str) -> None:
    function, plain = getattr(aio, name), getattr(nova_db, name)

    assert inspect.signature(function) == inspect.signature(plain)
    assert inspect.getdoc(function) == inspect.getdoc(plain)
    assert function.__module__ == "nova_db.aio"


@pytest.mark.parametrize("name", ["transaction", "run"])
def test_transactions_take_what_those_of_nova_db_take(name: str) -> None:
    expected = inspect.signature(getattr(nova_db, name)).parameters

    assert list(inspect.signature(getattr(aio, name)).parameters) == list(expected)


def test_what_is_no_function_of_a_driver_is_the_thing_itself(subtests: pytest.Subtests) -> None:
    for name in {*nova_db.__all__} - {*FUNCTIONS, "transaction", "run"}:
        with subtests.test(name=name):
            assert getattr(aio, name) is getattr(nova_db, name)


def test_help_shows_the_contract() -> None:
    text = pydoc.plain(pydoc.render_doc(aio.instance_get_all_by_filters))

    assert "async instance_get_all_by_filters(" in text
    assert (inspect.getdoc(nova_db.instance_get_all_by_filters) or "").splitlines()[0] in text


def test_the_stub_is_up_to_date() -> None:
    assert coroutines.PATH.read_text(encoding="utf-8") == coroutines.stub(), "run python -m nova_db.stubs"


def test_importing_nova_db_does_not_load_it() -> None:
    script = f"import sys, nova_db; print(*[name for name in {LATER!r} if name in sys.modules])"

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert result.stdout.split() == []


def test_importing_it_starts_no_thread_and_loads_no_backend() -> None:
    heavy = ("sqlalchemy", "oslo_config", "stevedore")
    script = f"import sys, threading, nova_db.aio; print([name for name in {heavy!r} if name in sys.modules], "
    script += "threading.active_count())"

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert result.stdout.strip() == "[] 1"
