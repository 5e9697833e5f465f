"""Drivers to compare with the contract."""

from __future__ import annotations

import inspect
from typing import Any

from nova_db.driver import FUNCTIONS, Driver


def complete_driver(**overrides: Any) -> type[Driver]:
    """A driver class whose functions all have the contract's signatures and return None, the overrides apart."""
    return type("Complete", (Driver,), {name: _like_the_contract(name) for name in FUNCTIONS} | overrides)


def _like_the_contract(name: str) -> Any:
    def method(self: object, *args: Any, **kwargs: Any) -> None:
        """Does nothing."""

    method.__name__ = name
    method.__signature__ = inspect.signature(getattr(Driver, name))  # type: ignore[attr-defined]
    return method
