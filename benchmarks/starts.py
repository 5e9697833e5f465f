"""What it takes to import the library and make one call in memory, from a process that begins to one that ends."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.contenders import PEER, ROOT, ContenderError, in_a_line
from benchmarks.figures import Figure, Found
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


def started(side: str, program: list[str], code: str) -> tuple[float, int]:
    """The seconds that a process took, and the most KiB of memory that it had.

    :raises ContenderError: it failed.
    """
    began = time.perf_counter()
    done = subprocess.run([*program, "-c", code + MEMORY], cwd=ROOT, check=False, capture_output=True, text=True)
    taken = time.perf_counter() - began
    if done.returncode:
        said = in_a_line(done.stderr.strip().rpartition("\n")[2])
        raise ContenderError(f"{side} ended: {said}" if said else f"{side} ended")
    return taken, int(done.stdout.split()[-1])


def starts(found: Found, rounds: int, has_peer: bool) -> None:
    """Both in turn; without the peer if it fails."""
    sides = {"ours": ([sys.executable], OURS)}
    if has_peer:
        sides["the peer"] = ([str(PEER), "-W", "ignore"], THEIRS)
    taken: dict[str, list[tuple[float, int]]] = {side: [] for side in sides}
    for _ in range(rounds + 1):
        for side, (program, code) in list(sides.items()):
            try:
                taken[side].append(started(side, program, code))
            except ContenderError as error:
                if side == "ours":
                    raise
                found.failures.append(str(error))
                del sides[side]
    for side in sides:
        # The first has read the files from the disk.
        seconds, memory = (statistics.median(each) for each in zip(*taken[side][1:], strict=True))
        found.details[side.removeprefix("the ")] = {"seconds": seconds, "KiB": memory}
    if "the peer" in sides:
        mine, theirs = found.details["ours"], found.details["peer"]
        found.figures.append(Figure(FASTER, IMPORT, "memory", theirs["seconds"] / mine["seconds"]))
        found.figures.append(Figure(SMALLER, IMPORT, "memory", mine["KiB"] / theirs["KiB"]))
