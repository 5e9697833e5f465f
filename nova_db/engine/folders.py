"""The folders that databases are in, for engines over one."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nova_db.exceptions import DBConnectionError

_made: Final[set[Path]] = set()
"""The folders that were made by this process to hold those for tests."""


def make_folder(folder: Path) -> None:
    """Make the folder of a database, those above it included; nothing if it is there.

    :raises DBConnectionError: it cannot be made; the text names it.
    """
    with _making(folder):
        folder.mkdir(parents=True, exist_ok=True)


def folder_for_tests(beside: Path | None = None) -> Path:
    """Make an empty folder with a new name: beside the one that is given, there or not, or among temporary files.

    :raises DBConnectionError: it cannot be made; the text names the folder in which it would be.
    """
    above = Path(tempfile.gettempdir()) if beside is None else beside.absolute().parent
    missing = [each for each in (above, *above.parents) if not each.exists()]
    make_folder(above)
    _made.update(missing)
    with _making(above / "nova-db-..."):
        return Path(tempfile.mkdtemp(prefix="nova-db-", dir=above))


def discard_folder(folder: Path) -> None:
    """Remove a folder for tests, and those above it that were made for its like, once nothing else is in them."""
    shutil.rmtree(folder, ignore_errors=True)
    for above in folder.absolute().parents:
        if above not in _made:
            return
        try:
            above.rmdir()
        except OSError:  # another one for tests is there still, or what somebody else has put there
            return
        _made.discard(above)


@contextlib.contextmanager
def _making(folder: Path) -> Iterator[None]:
    """Tell that a folder cannot be made, in the interface's words."""
    try:
        yield
    except OSError as error:
        raise DBConnectionError(error, message=f"{folder} cannot be made: {error.strerror}").for_good() from None
