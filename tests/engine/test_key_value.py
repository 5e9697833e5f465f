"""The key-value engine passes the whole suite of the primitives."""

from __future__ import annotations

import importlib
import pkgutil

from nova_db_conformance import engine as suite
from nova_db_conformance.engine.cases import PrimitivesTestCase
from tests.engine.cases import KEY_VALUE


def _on_key_value() -> dict[str, type[PrimitivesTestCase]]:
    """The suite's classes for this one backend, named after their modules too, for names repeat."""
    found: dict[str, type[PrimitivesTestCase]] = {}
    for module in pkgutil.iter_modules(suite.__path__):
        for name, value in vars(importlib.import_module(f"{suite.__name__}.{module.name}")).items():
            if isinstance(value, type) and issubclass(value, PrimitivesTestCase) and name.startswith("Test"):
                label = f"{name}_{module.name}"
                attributes = {"backend": KEY_VALUE, "scenarios": None, "__module__": __name__, "__doc__": value.__doc__}
                found[label] = type(label, (value,), attributes)
    return found


globals().update(_on_key_value())


def test_the_suite_was_found() -> None:
    tests = [name for value in _on_key_value().values() for name in dir(value) if name.startswith("test_")]
    assert len(tests) > 250
