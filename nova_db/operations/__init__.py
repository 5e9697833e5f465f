"""The functions of the API, written once on the storage-engine interface; one module a family."""

from __future__ import annotations

from nova_db.operations.driver import CellDriver, EngineDriver
from nova_db.operations.rows.changes import condition_update
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.replicas import Replica
from nova_db.operations.running.sessions import Session

__all__ = ["CellDriver", "EngineDriver", "Replica", "Session", "condition_update", "reads", "writes"]
