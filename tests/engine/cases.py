"""The suite of the primitives, on one backend whatever the run is for."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from nova_db_conformance import engine as suite
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.harness.scenarios import Backend

KEY_VALUE = Backend("kv", "tests.kv_engine.driver.KVDriver")
LMDB = Backend("lmdb", "lmdb")


def primitives_on(backend: Backend, module: str) -> Mapping[str, type[PrimitivesTestCase]]:
    """The suite's classes for a backend and a module of tests, named after their modules too, for names repeat."""
    found: dict[str, type[PrimitivesTestCase]] = {}
    for each in pkgutil.iter_modules(suite.__path__):
        for name, value in vars(importlib.import_module(f"{suite.__name__}.{each.name}")).items():
            if isinstance(value, type) and issubclass(value, PrimitivesTestCase) and name.startswith("Test"):
                label = f"{name}_{each.name}"
                attributes = {"backend": backend, "scenarios": None, "__module__": module, "__doc__": value.__doc__}
                found[label] = type(label, (value,), attributes)
    return found
