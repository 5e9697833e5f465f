"""The engine as a backend, named by its import path: ``tests.kv_engine.driver.KVDriver``."""

from __future__ import annotations

from typing import Any

from nova_db.operations import EngineDriver
from tests.kv_engine.engine import KVEngine


class KVDriver(EngineDriver):
    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(KVEngine(), conf)
