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

from nova_db.version import __version__


def machine() -> dict[str, Any]:
    """The processor, memory and system."""
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
    """Ours, and those of the libraries that our backends use."""
    found = {"nova-db": __version__}
    for name in ("SQLAlchemy", "psycopg", "PyMySQL", "mysqlclient", "lmdb"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def load() -> float:
    """How many processes have wanted a core, on average of the last minute."""
    return round(os.getloadavg()[0], 1)


def now() -> dt.datetime:
    """The moment, by UTC, to the second."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def _read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
