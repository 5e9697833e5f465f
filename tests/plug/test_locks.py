"""Every lock of ours is one that a forked child gets anew."""

from __future__ import annotations

import ast
import functools
import importlib
import pkgutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Final

import pytest

from nova_db import forking
from nova_db.api import load_backend
from nova_db_sqlalchemy.connections.connection import Connection

PACKAGES: Final = ("nova_db", "nova_db_memory", "nova_db_sqlalchemy", "nova_db_conformance")
SUITE: Final = "nova_db_conformance"
FACTORIES: Final = {"Lock", "RLock", "Condition", "Event", "Semaphore", "BoundedSemaphore"}
QUEUES: Final = {"Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"}
LOCKS: Final = (
    *(type(make()) for make in (threading.Lock, threading.RLock)),
    threading.Condition,
    threading.Event,
    threading.Semaphore,
)
OPTIONAL: Final = ("MySQLdb",)
"""Libraries that need not be there; the module that uses one has no locks of its own but its classes'."""
REPLACED_WITH_ITS_HOLDER: Final = {
    "nova_db.aio.threads: queue.SimpleQueue",
    "nova_db.engine.turns: threading.Lock",
    "nova_db_sqlalchemy.connections.pool: threading.Lock",
}
"""Locks of objects that no child goes on with: a waiter lives as long as it waits, in a thread of the parent."""


def modules() -> Iterator[ModuleType]:
    """All modules of the framework, the backends and the suite; revisions, which only Alembic can load, left out."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if ".versions." not in found.name and not found.name.endswith((".env", ".__main__")):
                try:
                    yield importlib.import_module(found.name)
                except ModuleNotFoundError as error:
                    if error.name not in OPTIONAL:
                        raise


def parts(thing: object) -> Iterator[tuple[str, object]]:
    """What a module, a class of ours, an instance of one or a container holds, by name."""
    if isinstance(thing, (list, tuple, set, frozenset)):
        yield from ((f"[{number}]", each) for number, each in enumerate(thing))
    elif isinstance(thing, dict):
        yield from ((f"[{key!r}]", each) for key, each in list(thing.items()))
    elif isinstance(thing, FunctionType):
        yield from ((f"()[{number}]", cell.cell_contents) for number, cell in enumerate(thing.__closure__ or ()))
    elif isinstance(thing, (ModuleType, type)) or is_ours(type(thing)):
        yield from ((f".{name}", each) for name, each in list(getattr(thing, "__dict__", {}).items()))
        slots = () if isinstance(thing, (ModuleType, type)) else getattr(type(thing), "__slots__", ())
        yield from ((f".{name}", getattr(thing, name)) for name in slots if hasattr(thing, name))


def is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in PACKAGES


def reachable(name: str, root: object) -> Iterator[tuple[str, object]]:
    """Everything that a module or object leads to within our packages, other modules left to themselves.

    Connections are left out: a child leaves the parent's to the parent, with what their libraries have in them.
    """
    seen: set[int] = {id(root)}
    kept: list[object] = []  # what is made on the way must not make room for something else at its address
    pending: list[tuple[str, object]] = [(name, root)]
    while pending:
        path, thing = pending.pop()
        yield path, thing
        for name, part in parts(thing):
            is_foreign = isinstance(part, (ModuleType, Connection)) or (isinstance(part, type) and not is_ours(part))
            if not is_foreign and id(part) not in seen:
                seen.add(id(part))
                kept.append(part)
                pending.append((path + name, part))


def test_no_module_leads_to_a_lock_that_a_child_would_find_held() -> None:
    found = {path: lock for module in modules() for path, lock in locks(module.__name__, module)}
    assert {"nova_db.conf._lock", "nova_db.cells._lock", "nova_db.api._lock"} <= found.keys()
    assert [path for path, lock in found.items() if not forking.is_renewed(lock)] == []


@pytest.mark.parametrize(
    "url", ["memory://", "sqlite://", "sqlite:///a", "postgresql:///a", "mariadb:///nova?host=a&host=b"]
)
def test_no_driver_leads_to_one_either(url: str) -> None:
    driver = load_backend("memory" if url.startswith("memory") else "sqlalchemy", url)
    found = dict(locks(url, driver))
    assert found or url.startswith("memory")
    assert [path for path, lock in found.items() if not forking.is_renewed(lock)] == []


def locks(name: str, root: object) -> Iterator[tuple[str, object]]:
    """The locks that a module or object leads to."""
    return (each for each in reachable(name, root) if isinstance(each[1], LOCKS))


def sources() -> Iterator[tuple[str, ast.Module]]:
    """The modules' texts, but that of what makes locks for all others."""
    for name in PACKAGES:
        root = Path(str(importlib.import_module(name).__file__)).parent
        for path in sorted(root.rglob("*.py")):
            module = ".".join([name, *path.relative_to(root).with_suffix("").parts])
            if module != forking.__name__:
                yield module, ast.parse(path.read_text())


def kept_calls(tree: ast.Module) -> Iterator[ast.expr]:
    """What is assigned to something that outlives a call: to an attribute, or outside of functions."""
    inside = {id(each) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for each in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            is_attribute = any(isinstance(each, ast.Attribute) for target in targets for each in ast.walk(target))
            if is_attribute or id(node) not in inside:
                yield node.value


def offences(module: str, tree: ast.Module) -> Iterator[str]:
    """Locks that are made, and hooks that are registered, without the help of forking."""
    # Tests make locks for the time that they run; no child that outlives them needs one.
    places = list(kept_calls(tree)) if module.startswith(SUITE) else [tree]
    for node in (node for place in places for node in ast.walk(place)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = {"threading": FACTORIES, "queue": QUEUES, "os": {"register_at_fork"}}.get(node.value.id, set())
            if node.attr in names and node not in types_in(tree):
                yield f"{module}: {node.value.id}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module in ("threading", "queue", "_thread", "os"):
            bad = FACTORIES | QUEUES | {"register_at_fork", "allocate_lock"}
            yield from (f"{module}: {node.module}.{each.name}" for each in node.names if each.name in bad)


@functools.cache
def types_in(tree: ast.Module) -> frozenset[ast.AST]:
    """Where a name is only the type of something."""
    notes = [getattr(each, name, None) for each in ast.walk(tree) for name in ("annotation", "returns")]
    return frozenset(part for note in notes if note is not None for part in ast.walk(note))


def test_no_source_makes_a_lock_or_registers_a_hook_by_itself() -> None:
    found = {offence for module, tree in sources() for offence in offences(module, tree)}
    assert found - REPLACED_WITH_ITS_HOLDER == set()


@pytest.mark.parametrize(
    "text",
    [
        "import threading\n_lock = threading.Lock()",
        "import threading\nclass A:\n    def __init__(self) -> None:\n        self.lock = threading.Condition()",
        "import threading\nmake = threading.RLock",
        "from threading import Event",
        "import os\nos.register_at_fork(before=print)",
    ],
)
def test_such_a_source_would_be_found(text: str) -> None:
    assert list(offences("nova_db.sample", ast.parse(text)))
