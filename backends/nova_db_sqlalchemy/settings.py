"""What an operator may tune, read once from the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
    connect_retries: int = 0
    """Further attempts when the first connection fails."""
    connect_interval: float = 10
    """The time between those."""
    sqlite_synchronous: bool = True
    """Whether a commit waits for the disk on SQLite."""
    debug: int = 0
    """From 50 on statements are logged, from 100 on the rows too."""

    @classmethod
    def from_conf(cls, conf: Any) -> Settings:
        """The settings in ``[database]``; what is unset keeps its default."""
        options = conf["database"]
        names = {
            "max_pool_size": "max_pool_size",
            "max_overflow": "max_overflow",
            "pool_timeout": "pool_timeout",
            "recycle_time": "connection_recycle_time",
            "connect_retries": "max_retries",
            "connect_interval": "retry_interval",
            "sqlite_synchronous": "sqlite_synchronous",
            "debug": "connection_debug",
        }
        given = {field: options[name] for field, name in names.items()}
        return cls(**{field: value for field, value in given.items() if value is not None})
