"""``nova_db``, as callers see it."""

from __future__ import annotations

import ast
import inspect
import pydoc
import re
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import pytest

import nova_db
from nova_db import constraints, exceptions, version
from nova_db import records as typed_records
from nova_db.driver import FUNCTIONS, Driver
from nova_db.driver import records as contract_records
from nova_db.driver.types import Record
from nova_db.schema import TABLES
from nova_db.stubs import namespace, records

ROOT = Path(nova_db.__file__).parents[1]
HEAVY = ("sqlalchemy", "alembic", "pytest", "oslo_config", "oslo_utils", "stevedore", "fixtures", "testtools", "re2")
FORWARDED = [*FUNCTIONS, "transaction", "run"]
STUB = ast.parse(namespace.stub()).body
STUBBED = [node for node in STUB if isinstance(node, ast.FunctionDef)]
TYPED = typed_records.__all__
LIGHT = (*HEAVY, "nova_db.records", "nova_db.stubs", "nova_db.schema")


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
    assert [name for name in nova_db.__all__ if not hasattr(nova_db, name)] == []


def test_nothing_else_looks_public() -> None:
    public = {name for name, value in vars(nova_db).items() if not name.startswith("_") and not inspect.ismodule(value)}

    assert public - {*nova_db.__all__} == {"annotations"}


def test_the_names_are_made_when_one_is_used() -> None:
    program = """
import sys
from unittest import mock
import nova_db
assert [name for name in sys.modules if name.startswith("nova_db")] == ["nova_db"]
assert "instance_get" in dir(nova_db)
with mock.patch("nova_db.instance_get", 1):
    assert nova_db.instance_get == 1
assert nova_db.exceptions.DBError and nova_db.instance_get.__name__ == "instance_get" in vars(nova_db)
from nova_db import *
assert instance_get is nova_db.instance_get
try:
    nova_db.instance_gt
except AttributeError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("module 'nova_db' has no attribute 'instance_gt'\n", "")


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


@pytest.mark.parametrize("generated", [namespace, records], ids=["namespace", "records"])
def test_the_generated_files_are_up_to_date(generated: Any) -> None:
    assert generated.PATH.read_text(encoding="utf-8") == generated.stub(), "run python -m nova_db.stubs"


def test_the_stub_has_what_the_module_has() -> None:
    listed = next(node.value for node in STUB if isinstance(node, ast.Assign))

    assert sorted(ast.literal_eval(listed)) == sorted(nova_db.__all__)
    assert list(dict.fromkeys(function.name for function in STUBBED)) == ["transaction", "run", *FUNCTIONS]


def test_the_stub_shows_the_docstrings_of_the_contract() -> None:
    shown = [(function.name, ast.get_docstring(function)) for function in STUBBED]
    assert shown == [(name, inspect.getdoc(getattr(Driver, name))) for name, _ in shown]


@pytest.mark.parametrize("name", TYPED)
def test_records_can_be_imported_and_their_types_resolve(name: str) -> None:
    record = getattr(typed_records, name)

    assert typing.is_typeddict(record)
    assert set(typing.get_type_hints(record)) == record.__required_keys__ | record.__optional_keys__


def test_there_is_a_record_of_each_table(subtests: pytest.Subtests) -> None:
    columns = [frozenset(typing.get_type_hints(getattr(typed_records, name))) for name in TYPED]

    for table in TABLES.values():
        with subtests.test(table=table):
            assert any(keys.issuperset(table.names) for keys in columns), table


def test_to_drivers_records_are_plain_dicts(subtests: pytest.Subtests) -> None:
    for name in records.SHAPES:
        with subtests.test(name=name):
            assert typing.get_args(getattr(contract_records, name))[0] in (Record, dict[str, int])
            assert name in typed_records.__all__


def test_importing_it_imports_nothing_heavy() -> None:
    script = f"import sys, nova_db; print(*[name for name in {LIGHT!r} if name in sys.modules])"

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert result.stdout.split() == []
