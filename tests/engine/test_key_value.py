"""The key-value engine passes the whole suite of the primitives."""

from __future__ import annotations

from tests.engine.cases import KEY_VALUE, primitives_on

globals().update(primitives_on(KEY_VALUE, __name__))


def test_the_suite_was_found() -> None:
    classes = primitives_on(KEY_VALUE, __name__).values()
    assert len([name for value in classes for name in dir(value) if name.startswith("test_")]) > 250
