"""The in-memory backend as a driver."""

from __future__ import annotations

import re
from typing import Any

from nova_db.conf import get_conf
from nova_db.operations import EngineDriver
from nova_db_memory.engine import MemoryEngine, Snapshot

_URL = re.compile(r"memory://([A-Za-z0-9_.-]*)")

_named: dict[str, MemoryEngine] = {}


class MemoryDriver(EngineDriver):
    """All functions of the API over dicts.

    :param connection: ``"memory://"`` or None: a database of the driver's own, empty, gone with it;
        ``"memory://NAME"``: the one of that name, which all drivers of the process share.
    :param conf: the configuration; None: ``nova_db.conf.get_conf()``.  Its ``lock_timeout`` bounds, for a database that
        is made here, how long a writer waits for another one.

    :raises ValueError: the connection is something else.
    """

    engine: MemoryEngine

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        conf = conf or get_conf()
        super().__init__(_engine(connection, conf["database"]["lock_timeout"]), conf)

    def snapshot(self) -> Snapshot:
        """The rows as they are, in microseconds: a table is copied when it is next written to.  Waits for a writer."""
        return self.engine.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to the rows and id counters of a snapshot.  Waits for a writer; readers keep what they had."""
        self.engine.restore(snapshot)


def _engine(connection: str | None, lock_timeout: float) -> MemoryEngine:
    if not connection:
        return MemoryEngine(lock_timeout=lock_timeout)
    match = _URL.fullmatch(str(connection))
    if match is None:
        scheme = str(connection).partition(":")[0]
        raise ValueError(f"The in-memory backend takes memory:// or memory://NAME as its connection, not {scheme}:...")
    name = match[1]
    engine = MemoryEngine(name, lock_timeout=lock_timeout)
    return _named.setdefault(name, engine) if name else engine
