"""The in-memory backend as a driver."""

from __future__ import annotations

import re
from typing import Any

from nova_db.conf import DEFAULT_CONNECTION
from nova_db.operations import EngineDriver
from nova_db_memory.engine import MemoryEngine

_URL = re.compile(r"memory://([A-Za-z0-9_.-]*)")
_NO_NAME = (None, "", DEFAULT_CONNECTION)
"""What ``connection`` is when nobody has set it."""

_named: dict[str, MemoryEngine] = {}


class MemoryDriver(EngineDriver):
    """All functions of the API over dicts.

    :param connection: ``"memory://"`` or None: a database of the driver's own, empty, gone with it;
        ``"memory://NAME"``: the one of that name, which all drivers of the process share.
    :param conf: the configuration; None: ``nova_db.conf.get_conf()``.

    :raises ValueError: the connection is something else.
    """

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(_engine(connection), conf)


def _engine(connection: str | None) -> MemoryEngine:
    if connection in _NO_NAME:
        return MemoryEngine()
    match = _URL.fullmatch(str(connection))
    if match is None:
        scheme = str(connection).partition(":")[0]
        raise ValueError(f"The in-memory backend takes memory:// or memory://NAME as its connection, not {scheme}:...")
    name = match[1]
    return _named.setdefault(name, MemoryEngine(name)) if name else MemoryEngine()
