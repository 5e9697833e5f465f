"""What a run was made on: figures and versions, and nothing that names a machine or a folder of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.databases import EMBEDDED
from benchmarks.lanes import Lane

SETTINGS = {
    "postgresql": {name: f"SHOW {name}" for name in ("shared_buffers", "synchronous_commit", "fsync")},
    "mariadb": {
        name: f"SELECT @@GLOBAL.{name}" for name in ("innodb_buffer_pool_size", "innodb_flush_log_at_trx_commit")
    },
}
"""Settings of servers that figures depend on."""


def machine() -> dict[str, Any]:
    """The processor, memory and system, and how busy the machine is."""
    found = re.search(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    return {
        "processor": found[1] if found else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(memory[1]) / 2**20, 1) if memory else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def versions() -> dict[str, str]:
    """Of the libraries that our backends use."""
    found = {}
    for name in ("SQLAlchemy", "psycopg", "PyMySQL", "mysqlclient", "lmdb"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def load() -> float:
    """How many processes have wanted a core, on average of the last minute."""
    return round(os.getloadavg()[0], 1)


def today() -> str:
    """The day, by UTC."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def settings(lane: Lane) -> dict[str, str]:
    """What a server says of itself that figures depend on."""
    if lane.connection in EMBEDDED:
        return {}
    url = sa.make_url(lane.connection)
    wanted = SETTINGS[url.get_backend_name()]
    # The library that each server's own documentation begins with, by what it documents.
    driver = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql"}[url.get_backend_name()]
    engine = sa.create_engine(url.set(drivername=driver), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return {name: str(connection.exec_driver_sql(statement).scalar()) for name, statement in wanted.items()}


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
