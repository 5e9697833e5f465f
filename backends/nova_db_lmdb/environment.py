"""The files of a database: one LMDB environment a process, and what goes wrong with it."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import lmdb
import msgspec

from nova_db.engine.file_turns import FileTurn
from nova_db.engine.per_process import PerProcess
from nova_db.exceptions import DBConnectionError, DBError

try:
    from lmdb import _envid
except ImportError:  # it is private: in a forked child such a release may refuse what the parent has open
    _envid = None  # type: ignore[assignment]
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

    def leave_to_parent(self) -> None:
        self.is_inherited = True
        # Never to be closed here, which would take readers from the parent.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.lmdb))
        # The library remembers what is open by the files, and takes what the parent has open for the child's own.
        if _envid is not None:
            keys: Callable[..., tuple[object, ...]] = _envid.env_keys
            _envid.env_keys = lambda *args: tuple((os.getpid(), key) for key in keys(*args))

    def __enter__(self) -> None:
        if self.is_inherited:
            raise DBConnectionError(message="It was opened before a fork and belongs to the parent process.")

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Let LMDB's errors come out as those of the interface."""
        if error is None:
            return
        if isinstance(error, lmdb.MapFullError):
            message = "The database has reached its map_size; a greater one may be given: lmdb:///FOLDER?map_size=BYTES"
            raise DBError(error, message=message) from None
        if isinstance(error, lmdb.ReadersFullError):
            raise DBConnectionError(error, message=f"There are {_READERS} readers, and no more may be.") from None
        if isinstance(error, lmdb.Error | msgspec.MsgspecError):
            raise DBError(error, message=f"LMDB: {error}") from None


def opened(folder: Path, *, map_size: int, sync: bool) -> Environment:
    """The environment of a folder, one for all of the process, with the options of who opens it; DBConnectionError."""
    return _environments.get(folder.resolve(), lambda: _open(folder, map_size=map_size, sync=sync))


def _open(folder: Path, *, map_size: int, sync: bool) -> Environment:
    end = time.monotonic() + _CLOSING
    while True:  # ends with the environment, or with an error, be it that the time is over
        try:
            return Environment(folder, map_size=map_size, sync=sync)
        except (lmdb.Error, OSError) as error:
            if type(error) is not lmdb.Error or time.monotonic() > end:
                raise DBConnectionError(error, message=f"{folder} cannot be opened: {error}") from None
            time.sleep(0.001)  # one that nobody refers to any more is being closed


_environments: Final = PerProcess[Environment]()
