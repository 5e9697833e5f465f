"""What an operator may tune, read once from the configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from nova_db.conf import secret_option

PLAIN_LIBRARIES: Final = "NOVA_DB_PLAIN_LIBRARIES"
"""The environment variable that sets what `plain_libraries` is by default."""


def plain_by_default() -> bool:
    """What the environment says."""
    return os.environ.get(PLAIN_LIBRARIES, "") not in ("", "0")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an engine; times are in seconds, and -1 means without end or bound."""

    max_pool_size: int = 5
    """Connections that are kept open; 0 means any number."""
    max_overflow: int = 10
    """Connections beyond those, which are closed after use."""
    pool_timeout: float = 30
    """How long a call waits for a connection."""
    recycle_time: float = 3600
    """The age at which a connection is replaced before its next use."""
    connect_timeout: float = 10
    """How long an attempt to connect may take."""
    lock_timeout: float = 30
    """How long a statement waits for what another transaction holds."""
    read_timeout: float | None = None
    """How long a server may be silent while an answer is awaited; None: any time."""
    connect_retries: int = 0
    """Further attempts when the first connection fails."""
    connect_interval: float = 10
    """The time between those."""
    wsrep_sync_wait: int | None = None
    """What a node of a Galera cluster waits for before it answers; None: for what its own setting says."""
    sqlite_synchronous: bool = True
    """Whether a commit waits for the disk on SQLite."""
    transaction_pooling: bool | None = None
    """Whether a pooler on the way to PostgreSQL has a session for each transaction; None: that is found out."""
    plain_libraries: bool = field(default_factory=plain_by_default)
    """Whether DB-API libraries are used by what they document alone, as they are anyway where they are not as known."""
    debug: int = 0
    """From 50 on statements are logged, from 100 on the rows too."""
    parameters: str = field(default="", repr=False)
    """Further parameters for the URL, as in a URL; there may be a secret among them."""

    @classmethod
    def from_conf(cls, conf: Any) -> Settings:
        """The settings in ``[database]``; what is unset keeps its default."""
        database = conf["database"]
        parameters = secret_option(conf, "connection_parameters") or ""
        return _settings(plain_by_default(), parameters, tuple([database[option] for option in _OPTIONS.values()]))

    def for_replica(self) -> Settings:
        """The settings for a replica of the database, which nobody has to wait for: the primary is there."""
        return replace(self, connect_retries=0, wsrep_sync_wait=None)


_OPTIONS: Final = {
    "max_pool_size": "max_pool_size",
    "max_overflow": "max_overflow",
    "pool_timeout": "pool_timeout",
    "recycle_time": "connection_recycle_time",
    "connect_timeout": "connect_timeout",
    "lock_timeout": "lock_timeout",
    "read_timeout": "read_timeout",
    "connect_retries": "max_retries",
    "connect_interval": "retry_interval",
    "wsrep_sync_wait": "mysql_wsrep_sync_wait",
    "sqlite_synchronous": "sqlite_synchronous",
    "transaction_pooling": "postgresql_transaction_pooling",
    "debug": "connection_debug",
}
"""The option of ``[database]`` for each field that has one, but for the parameters."""


@lru_cache(8)  # every new ORM session asks, and options hardly ever change
def _settings(plain_libraries: bool, parameters: str, options: tuple[Any, ...]) -> Settings:
    given = {field: value for field, value in zip(_OPTIONS, options, strict=True) if value is not None}
    return Settings(plain_libraries=plain_libraries, parameters=parameters, **given)
