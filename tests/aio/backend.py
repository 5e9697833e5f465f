"""A backend that tells where it was loaded."""

from __future__ import annotations

import threading
from typing import Any

from nova_db_memory import MemoryDriver


class LoadedDriver(MemoryDriver):
    """Memory's, with the name of the thread."""

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(connection, conf)
        self.loaded_in = threading.current_thread().name
