"""Whose a transaction is: of the process that began it, and of none that was forked while it was open."""

from __future__ import annotations

import os
from typing import Final

from nova_db.exceptions import DBConnectionError

INHERITED: Final = "The transaction was opened before a fork and belongs to the parent process."


class OneProcess:
    """A latch that lets no call through in another process than the one that has made it."""

    __slots__ = ("_process",)

    def __init__(self) -> None:
        self._process = os.getpid()

    @property
    def is_inherited(self) -> bool:
        """Whether this is another process."""
        return os.getpid() != self._process

    def __enter__(self) -> None:
        if os.getpid() != self._process:
            raise DBConnectionError(message=INHERITED)

    def __exit__(self, *_: object) -> None:
        """Let errors through as they are."""
