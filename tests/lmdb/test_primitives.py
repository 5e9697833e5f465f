"""LMDB passes the whole suite of the primitives, whatever the run is for; ``make test-lmdb`` runs all of the suite."""

from __future__ import annotations

from tests.engine.cases import LMDB, primitives_on

globals().update(primitives_on(LMDB, __name__))


def test_the_suite_was_found() -> None:
    classes = primitives_on(LMDB, __name__).values()
    assert len([name for value in classes for name in dir(value) if name.startswith("test_")]) > 250
