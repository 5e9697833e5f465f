"""Which of the library's decisions a test proves: the numbers of ``docs/decisions.md`` in its source tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])


def decision(*numbers: int) -> Callable[[_F], _F]:
    """Note on a test function which decisions it proves, as the tuple ``decisions``; nothing else changes."""

    def note(test: _F) -> _F:
        test.__dict__["decisions"] = numbers
        return test

    return note
