"""``nova_db``, as callers see it."""

from __future__ import annotations

import inspect
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nova_db
from nova_db import constraints, exceptions, version
from nova_db.driver import FUNCTIONS, Driver

ROOT = Path(nova_db.__file__).parents[1]
HEAVY = ("sqlalchemy", "alembic", "pytest", "oslo_config", "oslo_utils", "stevedore", "fixtures", "testtools", "re2")
FORWARDED = [*FUNCTIONS, "transaction", "run"]


def test_all_is_everything_that_is_public() -> None:
    plain = {
        "allow_stale_reads",
        "constraint",
        "detached_context",
        "equal_any",
        "not_equal",
        "NoMoreNetworks",
        "NoMoreTargets",
        "__version__",
    }

    assert len(nova_db.__all__) == len(set(nova_db.__all__))
    assert set(nova_db.__all__) == {*FORWARDED, *plain}
    for name in nova_db.__all__:
        assert hasattr(nova_db, name)


def test_nothing_else_looks_public() -> None:
    public = {name for name, value in vars(nova_db).items() if not name.startswith("_") and not inspect.ismodule(value)}

    assert public - {*nova_db.__all__} == {"TYPE_CHECKING", "annotations", "cast"}


def test_what_is_no_function_of_a_driver_is_the_thing_itself() -> None:
    assert nova_db.constraint is constraints.constraint
    assert nova_db.equal_any is constraints.equal_any
    assert nova_db.not_equal is constraints.not_equal
    assert nova_db.NoMoreNetworks is exceptions.NoMoreNetworks
    assert nova_db.NoMoreTargets is exceptions.NoMoreTargets
    assert nova_db.__version__ == version.__version__


@pytest.mark.parametrize("name", FORWARDED)
def test_signature_and_docstring_are_the_contract_s(name: str) -> None:
    function, method = getattr(nova_db, name), getattr(Driver, name)
    expected = inspect.signature(method)
    parameters = list(expected.parameters.values())[1:]

    assert inspect.signature(function) == expected.replace(parameters=parameters)
    assert inspect.getdoc(function) == inspect.getdoc(method)
    assert function.__name__ == function.__qualname__ == name
    assert function.__module__ == "nova_db"


@pytest.mark.parametrize("name", ["instance_get_all_by_filters", "quota_usage_update", "run"])
def test_help_shows_the_contract(name: str) -> None:
    text = pydoc.plain(pydoc.render_doc(getattr(nova_db, name)))
    summary = (inspect.getdoc(getattr(Driver, name)) or "").splitlines()[0]

    assert f"{name}(" in text
    assert "self" not in text.split(")")[0]
    assert re.search(r"context: '?Context\b", text)
    assert summary in text


def test_the_source_lists_each_family_in_one_place() -> None:
    source = Path(nova_db.__file__).read_text(encoding="utf-8")
    assigned = re.findall(r"^(\w+) = _driver\.(\w+)$", source, re.MULTILINE)

    assert all(name == attribute for name, attribute in assigned)
    assert [name for name, _ in assigned] == ["transaction", "run", *FUNCTIONS]


def test_importing_it_imports_nothing_heavy() -> None:
    script = f"import sys, nova_db; print(*[name for name in {HEAVY!r} if name in sys.modules])"

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert result.stdout.split() == []
