"""The in-memory backend: the whole API over dicts, with the semantics of the SQL backends.

Read ``storage`` (rows and indexes), ``changes`` (a writer's), ``versions`` (what readers see beside it), then
``transaction`` (the primitives), then ``engine`` (turns, snapshots, fork).
"""

from __future__ import annotations

from nova_db_memory.driver import MemoryDriver
from nova_db_memory.engine import MemoryEngine, Snapshot

__all__ = ["MemoryDriver", "MemoryEngine", "Snapshot"]
