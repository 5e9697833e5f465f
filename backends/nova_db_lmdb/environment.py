"""The files of a database: one LMDB environment a process, and what goes wrong with it."""

from __future__ import annotations

import ctypes
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Final

import lmdb
from lmdb import _envid

from nova_db import forking
from nova_db.engine.file_turns import FileTurn
from nova_db.exceptions import DBConnectionError, DBError

_READERS: Final = 1024  # at once, in all processes
_CLOSING: Final = 10.0  # seconds that the closing of files may take


class Environment:
    """An LMDB environment, shared by all engines of the process that work on its folder.

    It closes with the last engine and transaction that refer to it.  Writers take turns: LMDB's own wait has no end.
    """

    def __init__(self, folder: Path, *, map_size: int, sync: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.lmdb = lmdb.open(str(folder), map_size=map_size, max_readers=_READERS, sync=sync)
        self.lmdb.reader_check()  # the readers of a killed process would keep what they saw for ever
        self.turn = FileTurn(folder / "writer.lock")
        self.is_inherited = False  # the parent's, in a forked child: neither to be used there nor to be closed

    def __enter__(self) -> None:
        if self.is_inherited:
            message = "The transaction was opened before a fork and belongs to the parent process."
            raise DBConnectionError(message=message)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Let LMDB's errors come out as those of the interface."""
        if isinstance(error, lmdb.MapFullError):
            message = "The database has reached its map_size; a greater one may be given: lmdb:///FOLDER?map_size=BYTES"
            raise DBError(error, message=message) from None
        if isinstance(error, lmdb.ReadersFullError):
            raise DBConnectionError(error, message=f"There are {_READERS} readers, and no more may be.") from None
        if isinstance(error, lmdb.Error):
            raise DBError(error, message=f"LMDB: {error}") from None


class _Environments:
    """The environments of this process, by folder; LMDB may not open one twice."""

    def __init__(self) -> None:
        self._lock = forking.lock(self, "_lock")
        self._open: weakref.WeakValueDictionary[Path, Environment] = weakref.WeakValueDictionary()
        forking.register(after_in_child=self._leave_to_parent)

    def get(self, folder: Path, *, map_size: int, sync: bool) -> Environment:
        """The environment of a folder; the options count for the one who opens it.

        :raises DBConnectionError: it cannot be opened.
        """
        with self._lock:
            found, end = self._open.get(folder), time.monotonic() + _CLOSING
            while found is None:  # ends with the environment, or with an error, be it that the time is over
                try:
                    found = self._open[folder] = Environment(folder, map_size=map_size, sync=sync)
                except (lmdb.Error, OSError) as error:
                    if type(error) is not lmdb.Error or time.monotonic() > end:
                        raise DBConnectionError(error, message=f"{folder} cannot be opened: {error}") from None
                    time.sleep(0.001)  # one that nobody refers to any more is being closed
            return found

    def _leave_to_parent(self) -> None:
        for environment in self._open.values():
            environment.is_inherited = True
            # Never to be closed here, which would take readers from the parent.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(environment.lmdb))
        self._open = weakref.WeakValueDictionary()
        # The library remembers what is open by the files, and takes what the parent has open for the child's own.
        keys: Callable[..., tuple[object, ...]] = _envid.env_keys
        process = os.getpid()
        _envid.env_keys = lambda *args: tuple((process, key) for key in keys(*args))


environments = _Environments()
