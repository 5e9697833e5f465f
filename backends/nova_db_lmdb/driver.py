"""The backend on LMDB as a driver."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from nova_db.conf import get_conf
from nova_db.engine.folders import discard_folder, folder_for_tests
from nova_db.operations import CellDriver
from nova_db_lmdb.engine import LMDBEngine

_OPTIONS = {"map_size": ("[1-9][0-9]{0,17}", "map_size=BYTES"), "sync": ("true|false", "sync=true or sync=false")}


class LMDBDriver(CellDriver):
    """All functions of the API on an LMDB database.

    :param connection: ``"lmdb:///FOLDER"``, relative to the working directory, or ``"lmdb:////FOLDER"``; ``nova-db
        sync`` makes the folder.  ``?map_size=BYTES``: how large it may grow; ``?sync=false``: a commit does not wait
        for the disk, so a crash of the machine, though none of the process, may damage the database.
    :param conf: the configuration; None: ``nova_db.conf.get_conf()``.  Its ``lock_timeout`` bounds how long a writer
        waits for others.

    :raises ValueError: the connection is something else.
    """

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        conf, (folder, options) = conf or get_conf(), _read(connection)
        super().__init__(LMDBEngine(folder, lock_timeout=conf["database"]["lock_timeout"], **options), conf)

    @classmethod
    def provision(cls, connection: str | None) -> str:
        """Make a database of its own for tests: beside the one that is given, or among temporary files."""
        beside = None if connection is None else _read(connection)[0]
        made = cls(f"lmdb:///{quote(str(folder_for_tests(beside)))}?sync=false")
        made.engine.create_schema()
        return f"{made.engine.location()}?sync=false"

    @classmethod
    def discard(cls, connection: str) -> None:
        """Remove the folder."""
        discard_folder(_read(connection)[0])


def _read(connection: str | None) -> tuple[Path, dict[str, Any]]:
    url = urlsplit(connection or "")
    if url.scheme != "lmdb" or url.netloc or url.fragment or len(url.path) < 2:
        found = f"begins with {url.scheme}:" if connection else "is missing"
        raise ValueError(f"The database's URL {found}; expected lmdb:///FOLDER, or lmdb:////FOLDER from the root")
    options: dict[str, Any] = {}
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        read, expected = _OPTIONS.get(name, (None, f"one of {', '.join(_OPTIONS)}"))
        if read is None or not re.fullmatch(read, value):
            raise ValueError(f"The database's URL has {name}={value!r}; expected {expected}")
        options[name] = int(value) if value.isdigit() else value == "true"
    return Path(unquote(url.path[1:])), options
