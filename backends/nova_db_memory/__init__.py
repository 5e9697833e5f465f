"""The in-memory backend: the whole API over dicts, with the semantics of the SQL backends.

Read ``storage`` (the rows of a table), then ``engine`` (snapshots); all the rest is ``nova_db.engine.rows.inplace``.
"""

from __future__ import annotations

from nova_db_memory.driver import MemoryDriver
from nova_db_memory.engine import MemoryEngine, Snapshot

__all__ = ["MemoryDriver", "MemoryEngine", "Snapshot"]
