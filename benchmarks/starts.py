"""What it takes to import the library and make one call in memory, from a process that begins to one that ends."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Any

from benchmarks.contenders import PEER, ROOT
from benchmarks.figures import Figure
from benchmarks.targets import FASTER, IMPORT, SMALLER

MEMORY = """
from pathlib import Path
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
OURS = """
import nova_db
from nova_db import api
from nova_db.context import get_admin_context
api.set_driver(api.load_backend("memory", connection=None))
values = {"host": "host1", "binary": "nova-compute", "topic": "compute", "report_count": 0}
nova_db.service_create(get_admin_context(), values)
"""
THEIRS = """
import nova.conf
from nova.context import RequestContext
from nova.db.main import api, models
nova.conf.CONF([], project="nova", default_config_files=[])
nova.conf.CONF.set_override("connection", "sqlite://", "database")
api.configure(nova.conf.CONF)
models.BASE.metadata.create_all(api.get_engine())
values = {"host": "host1", "binary": "nova-compute", "topic": "compute", "report_count": 0, "version": 1}
api.service_create(RequestContext("somebody", "project", is_admin=True), values)
"""
"""Its tables are made from its models, which is faster than by its migrations."""


def started(program: list[str], code: str) -> tuple[float, int]:
    """The seconds that a process took, and the most KiB of memory that it had."""
    began = time.perf_counter()
    done = subprocess.run([*program, "-c", code + MEMORY], cwd=ROOT, check=True, capture_output=True, text=True)
    return time.perf_counter() - began, int(done.stdout.split()[-1])


def starts(rounds: int, has_peer: bool) -> tuple[list[Figure], dict[str, Any]]:
    """Both in turn."""
    sides = {"ours": ([sys.executable], OURS)}
    if has_peer:
        sides["peer"] = ([str(PEER), "-W", "ignore"], THEIRS)
    found: dict[str, list[tuple[float, int]]] = {side: [] for side in sides}
    for _ in range(rounds + 1):
        for side, (program, code) in sides.items():
            found[side].append(started(program, code))
    # The first has read the files from the disk.
    medians = {
        side: [statistics.median(each) for each in zip(*taken[1:], strict=True)] for side, taken in found.items()
    }
    details = {side: {"seconds": seconds, "KiB": memory} for side, (seconds, memory) in medians.items()}
    if not has_peer:
        return [], details
    (mine, little), (theirs, much) = medians["ours"], medians["peer"]
    return [Figure(FASTER, IMPORT, "memory", theirs / mine), Figure(SMALLER, IMPORT, "memory", little / much)], details
