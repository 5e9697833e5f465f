"""The promise that a test holds a backend to: a sentence of the engine's interface, or of a function's contract.

What a test of the engine asks for, the attribute ``promise`` of its class says, or else the table of its module here:

- a number: the promise of that number at the head of ``nova_db.engine.interface``;
- ``"Keys"``, ``"Errors"`` or ``"Rows"``: the paragraph there that is about them;
- a method, ``"Transaction.update"`` or ``"Rows.get"``, or a class of ``nova_db.engine``: the first sentence of its
  docstring.

Of a test of the functions it is the contract of the function that was called last when it failed; before any call, the
contracts of its family.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
from collections.abc import Iterator

import nova_db.engine
from nova_db.driver import Driver
from nova_db.engine import Engine, Transaction, interface
from nova_db.engine.rows import Rows, RowTransaction
from nova_db.engine.rows.cells import CellEngine, Cells, CellTransaction
from nova_db_conformance.harness.stages import SUITE, family_of

Promise = int | str

PROMISES: dict[str, Promise] = {
    "isolation": 4,
    "test_after_errors": "Errors",
    "test_aggregate": "Transaction.aggregate",
    "test_assignments": "Transaction.update",
    "test_capabilities": "Capability",
    "test_claim": "Transaction.claim",
    "test_closing": 9,
    "test_counters": "Engine.counters",
    "test_fork": 9,
    "test_insert": "Transaction.insert",
    "test_integrity": "Errors",
    "test_isolated_writers": 4,
    "test_isolation": 2,
    "test_keys": "Keys",
    "test_long_texts": "Order",
    "test_many_values": "Transaction.select",
    "test_pages": "Order",
    "test_predicate_logic": "Predicate",
    "test_predicates": "Predicate",
    "test_races": 3,
    "test_readers": 1,
    "test_relations": "Transaction.related",
    "test_remove": "Transaction.delete",
    "test_scans": 3,
    "test_schema_relations": "Transaction.related",
    "test_select": "Transaction.select",
    "test_semijoins": "Exists",
    "test_servers": "Rows",
    "test_sums": "Errors",
    "test_texts_alike": "Rows",
    "test_transactions": "Transaction.commit",
    "test_update": "Transaction.update",
    "test_values": "Rows",
}
"""Modules of ``engine/``, and folders, to what their tests ask for, unless a class of theirs says otherwise."""

PARTS: dict[type, frozenset[str]] = {
    Engine: frozenset(vars(Engine)),
    Transaction: frozenset(vars(Transaction)),
    **{part: part.__abstractmethods__ for part in (Rows, RowTransaction, Cells, CellEngine, CellTransaction)},
}
"""What authors write, the base of row stores included, to the names of its methods."""

BREAKS = "breaks "
"""How the note begins that says with an error which promise it breaks."""

_PARAGRAPHS = {"Keys": "Keys: ", "Errors": "Errors: ", "Rows": "An engine stores them exactly"}
_SENTENCE = re.compile(r".+?[.](?=\s|$)", re.DOTALL)
_MARKUP = re.compile(r":\w+:(?=`)|`+")


def promise_of(test_class: type, function: str | None = None) -> str | None:
    """What a class of tests holds a backend to, in a sentence; ``function`` is the one that was called last."""
    promise = declared(test_class)
    if promise is not None:
        return text_of(promise)
    if function is not None:
        return contract_of(function)
    family = family_of(test_class)
    return None if family is None else f"{family}: the contracts in nova_db.driver.{family}"


@contextlib.contextmanager
def about(promise: Promise) -> Iterator[None]:
    """A part of a test that asks for something else than the rest of it; what fails there is told with that."""
    try:
        yield
    except Exception as error:
        error.add_note(f"{BREAKS}{text_of(promise)}")
        raise


def declared(test_class: type) -> Promise | None:
    """The promise of the engine that a class of tests names, or the table for its module or folder."""
    own: Promise | None = getattr(test_class, "promise", None)
    if own is not None:
        return own
    within = test_class.__module__.removeprefix(f"{SUITE}.")
    return PROMISES.get(within.removeprefix("engine."), PROMISES.get(within.partition(".")[0]))


@functools.cache
def text_of(promise: Promise) -> str:
    """A promise of the engine, in a sentence that says where it stands."""
    if isinstance(promise, int):
        return f"promise {promise}: {first_sentence(_numbered()[promise])}"
    if promise in _PARAGRAPHS:
        start = _PARAGRAPHS[promise]
        text = _head()[_head().index(start) :].removeprefix(f"{promise}: ")
        return f"{promise}: {first_sentence(text)}"
    name, _, method = promise.partition(".")
    part = next((part for part in PARTS if part.__name__ == name), None) or getattr(nova_db.engine, name)
    found = getattr(part, method) if method else part
    return f"{promise}: {first_sentence(inspect.getdoc(found) or '')}"


@functools.cache
def contract_of(function: str) -> str:
    """A function's name, and the first sentence of its contract."""
    return f"{function}: {first_sentence(inspect.getdoc(getattr(Driver, function, None)) or '')}".removesuffix(": ")


@functools.cache
def _head() -> str:
    return inspect.getdoc(interface) or ""


@functools.cache
def _numbered() -> dict[int, str]:
    """The numbered promises."""
    found = re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |^\S|\n\n)", _head(), re.DOTALL | re.MULTILINE)
    return {int(number): text for number, text in found}


def first_sentence(text: str) -> str:
    """The first sentence, in one line and without markup."""
    found = _SENTENCE.match(text)
    return " ".join(_MARKUP.sub("", found[0] if found else text).split())
