"""The functions of the contract: their names, signatures, types and docstrings."""

from __future__ import annotations

import builtins
import importlib
import inspect
import pkgutil
import re
import typing
from pathlib import Path

import pytest

import nova_db.driver
from nova_db import constraints, exceptions
from nova_db.driver import CONTRACT_VERSION, EXTENSIONS, FAMILIES, FUNCTIONS, Driver
from nova_db.driver.types import Context

TABLE = Path(__file__).with_name("functions.txt").read_text(encoding="utf-8").splitlines()
PLAIN = ("constraint", "equal_any", "not_equal")
NO_FAMILY = {"checking", "kinds", "records", "types"}
CHECKS = {"anyone", "context", "admin", "own project", "own user", "own class"}


def written(function: object) -> str:
    """The signature as the table has it: without self and without types."""
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for name, parameter in inspect.signature(function).parameters.items()  # type: ignore[arg-type]
        if name != "self"
    ]
    return f"{function.__name__}{inspect.Signature(parameters)}"  # type: ignore[attr-defined]


def docstring(name: str) -> str:
    return inspect.getdoc(getattr(Driver, name)) or ""


def test_names_arguments_and_defaults_are_those_of_the_table() -> None:
    declared = [written(getattr(Driver, name)) for name in FUNCTIONS]
    plain = [written(getattr(constraints, name)) for name in PLAIN]

    assert len(TABLE) == 254
    assert sorted(declared + plain) == sorted(TABLE)


def test_each_function_is_declared_by_one_family() -> None:
    declared = [name for mixin in FAMILIES.values() for name in vars(mixin) if not name.startswith("_")]

    assert len(declared) == len(set(declared)) == 251
    assert declared == list(FUNCTIONS)
    assert set(FAMILIES) == set(FUNCTIONS.values())
    assert [name for name, family in FUNCTIONS.items() if name not in vars(FAMILIES[family])] == []


def test_each_module_of_the_package_is_a_family(subtests: pytest.Subtests) -> None:
    modules = {module.name for module in pkgutil.iter_modules(nova_db.driver.__path__)}

    assert modules - NO_FAMILY == set(FAMILIES)
    for family, mixin in FAMILIES.items():
        with subtests.test(family=family, mixin=mixin):
            module = importlib.import_module(f"nova_db.driver.{family}")
            assert getattr(module, mixin.__name__) is mixin
            assert mixin.__name__ == family.title().replace("_", "") + "Contract"


def test_every_function_is_abstract_and_no_extension_is() -> None:
    assert Driver.__abstractmethods__ == frozenset(FUNCTIONS)
    assert not set(EXTENSIONS) & set(FUNCTIONS)


def test_the_tables_of_the_contract_cannot_be_changed(subtests: pytest.Subtests) -> None:
    for table in (FAMILIES, FUNCTIONS):
        with subtests.test(table=table), pytest.raises(TypeError):
            table["another"] = "thing"  # type: ignore[index]


def test_this_is_version_1() -> None:
    assert CONTRACT_VERSION == 1


@pytest.mark.parametrize("name", [*FUNCTIONS, *EXTENSIONS])
def test_every_argument_and_result_has_a_type_that_resolves(name: str) -> None:
    method = getattr(Driver, name)
    hints = typing.get_type_hints(method)

    assert set(hints) == {*inspect.signature(method).parameters, "return"} - {"self"}
    if name != "close":
        assert hints["context"] is Context


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_docstring_tells_who_may_call_and_what_the_arguments_are(name: str) -> None:
    text = docstring(name)
    summary, blank, rest = (text + "\n\n").split("\n", 2)

    assert summary.endswith("."), summary
    assert blank == ""
    assert rest.startswith("Auth: ")
    assert re.split("[,.]", rest.removeprefix("Auth: "))[0] in CHECKS
    assert len(" ".join(text.split())) > 40
    parameters = list(inspect.signature(getattr(Driver, name)).parameters)[2:]
    assert [each for each in parameters if not re.search(rf"``{each}\b", text)] == [], "these are not explained"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_docstring_tells_which_rows_are_seen(name: str) -> None:
    makes_rows = re.search(r"_(create|create_safe|start|begin_task|add_security_group)$", name)

    if not makes_rows and FUNCTIONS[name] != "archiving":
        assert re.search(r"^Auth: .*\bRows: ", docstring(name), re.MULTILINE)


@pytest.mark.parametrize("name", [*FUNCTIONS, *EXTENSIONS])
def test_the_exceptions_in_the_docstring_exist(name: str) -> None:
    text = docstring(name)
    raised = re.findall(r"^:raises (\w+): ", text, re.MULTILINE)

    assert len(raised) == text.lower().count("raises:") + text.count(":raises")
    kinds = {each: getattr(exceptions, each, None) or getattr(builtins, each, None) for each in raised}
    assert [name for name, kind in kinds.items() if not (isinstance(kind, type) and issubclass(kind, Exception))] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_says_what_it_is_about(family: str) -> None:
    assert len(inspect.getdoc(FAMILIES[family]) or "") > 20
    assert len(importlib.import_module(f"nova_db.driver.{family}").__doc__ or "") > 60


def test_references_in_docstrings_lead_somewhere() -> None:
    known = {*FUNCTIONS, "instance_destroy"}
    modules = [importlib.import_module(f"nova_db.driver.{family}") for family in FAMILIES]
    texts = [docstring(name) for name in FUNCTIONS] + [module.__doc__ or "" for module in modules]

    references = {name for text in texts for name in re.findall(r":func:`(\w+)`", text)}
    assert references
    assert references <= known
