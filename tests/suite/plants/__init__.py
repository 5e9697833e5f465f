"""Backends with one plausible mistake each, and the stage of the suite that has to find it.

Each is a class that ``nova-db conformance --backend`` takes by its import path; what is wrong with it stands in its
docstring. ``python -m tests.suite.plants NAME ...`` tries some, or all.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.suite.plants.registry import PLANTS, Plant

MODULES = (
    "rows",
    "predicates",
    "changes",
    "integrity",
    "transactions",
    "stores",
    "projects",
    "hosts",
    "networks",
    "instances",
    "later",
)
"""Where they stand."""


def plants() -> Iterator[Plant]:
    """All of them."""
    import importlib

    for name in MODULES:
        importlib.import_module(f"{__name__}.{name}")
    yield from PLANTS.values()
