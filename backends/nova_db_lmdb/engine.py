"""The engine: a folder, opened at the first transaction."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import lmdb

from nova_db.engine import Capability
from nova_db.engine.faults import failing_calls, kinds_of
from nova_db.engine.rows.cells import CellEngine
from nova_db.engine.watching import Plan
from nova_db.exceptions import DBConnectionError
from nova_db_lmdb.environment import Environment, opened
from nova_db_lmdb.transaction import LMDBTransaction

MAP_SIZE: Final = 2**40  # bytes: so many addresses are set aside, and of the disk what is needed


class LMDBEngine(CellEngine):
    """An engine over a folder."""

    capabilities = frozenset({Capability.PERSISTENT})
    missing: Mapping[Capability, str] = {Capability.CONCURRENT_WRITERS: "writers take turns, those of all processes"}

    def __init__(self, folder: Path, *, lock_timeout: float, map_size: int = MAP_SIZE, sync: bool = True) -> None:
        self.folder = folder.absolute()
        self._lock_timeout, self._map_size, self._sync = lock_timeout, map_size, sync
        self._environment: Environment | None = None
        self._may_make = False

    def create_schema(self) -> None:
        self._may_make = True  # nothing else makes a folder
        super().create_schema()

    def close(self) -> None:
        """Let go of the folder: it is closed with the last transaction on it, and by others that use it."""
        self._environment, self._is_ready = None, False

    def describe(self) -> Mapping[str, str]:
        return {"engine": "lmdb", "url": self.location(), **self.identify()}

    def location(self) -> str:
        return f"lmdb:///{quote(str(self.folder))}"

    def identify(self) -> Mapping[str, str]:
        found = self._schema() if self.folder.exists() else None
        return {"server": "LMDB {}.{}.{}".format(*lmdb.version())} | ({"revision": found.decode()} if found else {})

    def identity(self) -> Hashable:
        return self.folder.resolve()

    def library_errors(self) -> Mapping[str, Callable[[], BaseException]]:
        return kinds_of(lmdb.Error)

    def failing_library(self, error: Callable[[], BaseException], at: int = 1) -> AbstractContextManager[Plan]:
        return failing_calls(self._opened(), "lmdb", error, at, never=("abort", "id"))

    def _is_empty(self) -> bool:
        return self.folder.exists() and not (self.folder / "data.mdb").exists()

    def _begin(self, *, writes: bool) -> LMDBTransaction:
        environment = self._opened()
        if not writes:
            return LMDBTransaction(environment, writes=False)
        return environment.turn.begun(self._lock_timeout, lambda: LMDBTransaction(environment, writes=True))

    def _opened(self) -> Environment:
        found = self._environment
        if found is None or found.is_inherited:
            if not self._may_make and not self.folder.exists():
                raise DBConnectionError(message=f"There is no folder {self.folder}; nova-db sync makes it.").for_good()
            found = opened(self.folder, map_size=self._map_size, sync=self._sync)
            self._environment, self._is_ready = found, False
        return found
