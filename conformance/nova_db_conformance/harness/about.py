"""What a report says of where it comes from: versions, and what the backend tells of its store."""

from __future__ import annotations

import contextlib
import datetime as dt
import platform

from nova_db import offers
from nova_db.exceptions import DBError
from nova_db.exceptions.redaction import without_secrets
from nova_db.version import __version__
from nova_db_conformance.harness.coverage import CALLS
from nova_db_conformance.harness.matrix import function_scores
from nova_db_conformance.harness.seeds import seed_in_use
from nova_db_conformance.harness.verdict import Verdict


def complete(verdict: Verdict) -> Verdict:
    """The verdict with what this process, and those that reported to it, know of functions, versions and the run."""
    verdict.functions = list(function_scores(verdict.backend, verdict.results, CALLS))
    verdict.about = {**of_this_run(), **CALLS.facts.get(verdict.backend, {}), "seed": str(seed_in_use())}
    return verdict


def of_this_run() -> dict[str, str]:
    """Versions and the time, which is UTC."""
    now = dt.datetime.now(dt.UTC).isoformat(sep=" ", timespec="seconds")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"date": now, "nova_db": __version__, "python": python, "platform": platform.platform(terse=True)}


def of_driver(driver: object) -> dict[str, str]:
    """What a driver offers to tell of its engine and its server; no URL, nor where its database is."""
    found: dict[str, object] = {"driver": f"{type(driver).__module__}.{type(driver).__qualname__}"}
    describing, health = offers.DESCRIBE.of(driver), offers.HEALTH.of(driver)
    with contextlib.suppress(DBError, NotImplementedError):  # of an engine that is not written yet
        found |= describing.describe() if describing else {}
        found |= health.health() if health else {}
    return {name: without_secrets(str(found[name])) for name in ("driver", "engine", "server") if found.get(name)}
