"""The right to write, for stores whose writers take turns among processes."""

from __future__ import annotations

import fcntl
import os
import random
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from nova_db import forking
from nova_db.engine.turns import Turn
from nova_db.exceptions import DBConnectionError, DBDeadlock

_T = TypeVar("_T")
_PAUSE: Final = 0.002
"""How many seconds a process waits at most before it asks again: others stop writing without telling."""


class FileTurn:
    """A right that one transaction of all processes has at a time: a ``Turn`` among threads, then a lock on a file.

    A process that dies gives it back.  In a forked child it is nobody's, or the parent's.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = Turn()
        self._file: _LockFile | None = None
        forking.register(after_in_child=self._after_fork_in_child)

    def acquire(self, timeout: float) -> None:
        """Take the turn, or wait for it, at most for so many seconds.

        :raises DBDeadlock: it was not given back in time; the text names who has it, as far as it can be told.
        :raises DBTransactionError: the calling thread has it itself, and would wait for itself.
        :raises DBConnectionError: the file cannot be opened, or not be locked; the text names it.
        """
        end = time.monotonic() + timeout
        self._turn.acquire(timeout)
        try:
            if self._file is None:  # only who has the turn among threads comes here
                self._file = _LockFile(self._path)
            while not self._file.lock():  # ends with the lock, or with the time
                if time.monotonic() >= end:
                    message = f"Another process has been writing; this one waited {timeout:g} seconds for its turn."
                    raise DBDeadlock(message=message).for_good()
                time.sleep(random.uniform(0, _PAUSE))
        except BaseException:
            self._turn.release()
            raise

    def begun(self, timeout: float, begin: Callable[[], _T]) -> _T:
        """What begins with the turn, which is given back if that fails; else by whoever ends it."""
        self.acquire(timeout)
        try:
            return begin()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the turn back, in whatever thread."""
        if self._file is not None:
            self._file.unlock()
        self._turn.release()

    def _after_fork_in_child(self) -> None:
        self._turn.after_fork_in_child()
        if self._file is not None:
            # What a process has locked is so for as long as any has the file open that it was opened as.
            self._file.close()
            self._file = None


class _LockFile:
    """An open file that can be locked; closed with its last reference."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise DBConnectionError(error, message=f"{path} cannot be opened: {error.strerror}").for_good() from None
        self.close = weakref.finalize(self, os.close, self._number)

    def lock(self) -> bool:
        """Lock it, unless somebody else has; whether it is locked now."""
        try:
            fcntl.flock(self._number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise DBConnectionError(error, message=f"{self._path} cannot be locked: {error.strerror}") from None
        return True

    def unlock(self) -> None:
        """Let others lock it."""
        fcntl.flock(self._number, fcntl.LOCK_UN)
