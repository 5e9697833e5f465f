"""The memory backend beside the backend under test: how long the same calls take there, in the same run.

Each test of a family's functions is run once more, right after it, on the memory backend; so both were measured on the
same machine, in the same minute and of the same calls. What comes of that run is nobody's verdict.
"""

from __future__ import annotations

import unittest
from typing import Any, Final

from nova_db_conformance.harness.scenarios import Backend
from nova_db_conformance.harness.stages import family_of, is_at_level

REFERENCE: Final = "memory"


def beside(label: str) -> str:
    """Under which label its calls are counted that were made beside a backend: no backend can be called so."""
    return f"{REFERENCE} beside {label}"


def is_timed(test_class: type) -> bool:
    """Whether the calls of a class's tests are timed: those of one family, without races, whose threads wait."""
    return family_of(test_class) is not None and is_at_level(test_class, "core")


def play(test_class: Any, backend: Backend, test: str) -> None:
    """Run a test of the suite on the memory backend, if its calls are timed and it ran on another one."""
    if backend.name == REFERENCE or not is_timed(test_class):
        return
    attributes = {
        "scenarios": None,
        "backend": Backend(beside(backend.label), REFERENCE),
        "__module__": test_class.__module__,
    }
    type(test_class.__name__, (test_class,), attributes)(test).run(unittest.TestResult())
