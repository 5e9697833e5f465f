"""The file behind a SQLite database in memory: this process's own, and gone with it.

A database that SQLite keeps in memory lives in one connection, so threads would have to take turns, readers included.
A file in memory, which only this process knows of, behaves as any other file does.

A child of a fork goes on with a copy of what was committed.  The parent takes it just before the fork, as pages in its
memory, which costs reading the database once; the child makes a file of them when it first connects.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from nova_db import forking
from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy.sqlite.cursor import inside

try:
    import fcntl
except ImportError:  # a system that has none leaves it to its users to remove what a crash left
    _HAS_LOCKS = False
else:
    _HAS_LOCKS = True

PREFIX: Final = "nova_db_memory_"
"""How the names of the folders begin."""
MEMORY: Final = Path("/dev/shm")
ROOM: Final = 256 * 2**20
"""With less space left in memory the folder for temporary files is used."""


class PrivateFile:
    """A database file in a folder of its own, made when it is first asked for and removed with the object."""

    def __init__(self) -> None:
        self._lock = forking.lock(self, "_lock")
        self._path: str | None = None
        self._end: weakref.finalize[Any, PrivateFile] | None = None
        self._descriptor = -1
        self._forks = 0
        self._image: bytes | None = None
        """What the file will consist of: during a fork, and in a child until it is made."""
        self._is_lost = False
        forking.register(
            before=self.before_fork,
            after_in_parent=self.after_fork_in_parent,
            after_in_child=self.after_fork_in_child,
        )

    @property
    def path(self) -> str:
        """The file's path; OSError where there is no room for it, DBConnectionError where a fork has lost it."""
        return self._path or self._make()

    def _make(self) -> str:
        with self._lock:
            if self._is_lost:
                message = "The database in memory could not be copied when this process was forked; the log says why."
                raise DBConnectionError(message=message).for_good()
            if self._path is not None:
                return self._path
            folder, self._descriptor = _new_folder()
            file = Path(folder, "database")
            try:
                file.write_bytes(self._image or b"")
            except BaseException:
                _remove(folder, self._descriptor)
                raise
            self._end = weakref.finalize(self, _remove, folder, self._descriptor)
            # Children of multiprocessing end without what other processes do at their end.
            util = sys.modules.get("multiprocessing.util")
            if util is not None:
                util.Finalize(self, self._end, exitpriority=0)
            if not self._forks:
                self._image = None
            self._path = str(file)
            return self._path

    def before_fork(self) -> None:
        """Take the copy.  The server lets no thread write by now; a transaction of this one is not in it."""
        with self._lock:
            self._forks += 1
            if self._path is not None:
                with inside(), contextlib.closing(sqlite3.connect(self._path)) as connection:
                    self._image = connection.serialize()

    def after_fork_in_parent(self) -> None:
        """Forget the copy, unless another thread is about to fork."""
        with self._lock:
            self._forks = max(self._forks - 1, 0)
            if self._path is not None and not self._forks:
                self._image = None

    def after_fork_in_child(self) -> None:
        """Leave the file, and its removal, to the parent."""
        self._forks = 0
        if self._path is None:
            return
        self._is_lost = self._image is None
        self._path = None
        if self._end is not None:
            self._end.detach()
        if self._descriptor >= 0:
            os.close(self._descriptor)


def private_file(url: sa.URL) -> PrivateFile:
    """The file for a database in memory; with ``cache=shared`` the same one for the same name."""
    if url.query.get("cache") != "shared" and "cache=shared" not in str(url.database):
        return PrivateFile()
    with _lock:
        # setdefault() would not do: what it is given might be gone before it is returned.
        file = _shared.get(str(url.database))
        if file is None:
            file = _shared[str(url.database)] = PrivateFile()
        return file


def sweep(place: str) -> None:
    """Remove the folders that processes of this user left in a place because they were killed."""
    with os.scandir(place) as entries:
        left = [entry.path for entry in entries if entry.name.startswith(PREFIX)]
    for path in left:
        with contextlib.suppress(OSError):  # another user's, or gone meanwhile
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(descriptor).st_uid == os.geteuid() and _is_locked_now(descriptor):
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(descriptor)


def _new_folder() -> tuple[str, int]:
    """A folder, and the descriptor whose lock says that its process is alive; -1 on systems without such locks."""
    global _is_swept
    place = _place()
    if not _HAS_LOCKS:
        return tempfile.mkdtemp(prefix=PREFIX, dir=place), -1
    if not _is_swept:
        _is_swept = True
        sweep(place)
    while True:  # ends with the first folder that no other process is just sweeping away
        folder = tempfile.mkdtemp(prefix=PREFIX, dir=place)
        # From here on, another process may take it for one that was left, and remove it.
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        if _is_locked_now(descriptor) and Path(folder).exists():
            return folder, descriptor
        os.close(descriptor)


def _is_locked_now(descriptor: int) -> bool:
    """Lock a folder, unless a living process has; it ends with the descriptor."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _place() -> str:
    """Where files are kept in memory, if there is room; else the folder for temporary files."""
    try:
        space = os.statvfs(MEMORY)
    except (AttributeError, OSError):
        return tempfile.gettempdir()
    fits = space.f_bavail * space.f_frsize >= ROOM and MEMORY.is_mount() and os.access(MEMORY, os.W_OK | os.X_OK)
    return str(MEMORY) if fits else tempfile.gettempdir()


def _remove(folder: str, descriptor: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if descriptor >= 0:
        os.close(descriptor)


_lock = forking.lock(__name__, "_lock")
_shared: weakref.WeakValueDictionary[str, PrivateFile] = weakref.WeakValueDictionary()
_is_swept = False


def _sweep_again() -> None:
    """Let a child look, too: of children that end at once, one after the other, each finds what the last one left."""
    global _is_swept
    _is_swept = False


forking.register(after_in_child=_sweep_again)
