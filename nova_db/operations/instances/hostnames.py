"""Unique host names of instances, where the configuration asks for them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from nova_db import conf, exceptions
from nova_db.engine import TRUE, EqFold, Predicate, all_of
from nova_db.engine.matching import fold
from nova_db.operations.rows import locks
from nova_db.operations.rows.conditions import LIVE, of_project
from nova_db.operations.rows.reading import exists

if TYPE_CHECKING:
    from nova_db.driver.types import Context
    from nova_db.engine import Transaction

LOG = logging.getLogger(__name__)


def scope() -> str:
    """Within what host names are unique: '' (not at all), 'project' or 'global'; others are warned of and ignored."""
    found = conf.option("osapi_compute_unique_server_name_scope") or ""
    if found in ("", "project", "global"):
        return found
    LOG.warning(
        "osapi_compute_unique_server_name_scope must be '', 'project' or 'global', not %r: host names are not checked",
        found,
    )
    return ""


def is_renamed(old: str | None, new: str | None) -> bool:
    """Whether a host name changes in more than letter case; null counts as empty, and a change to null as none."""
    return new is not None and fold(new) != fold(old or "")


def require_free(tx: Transaction, context: Context, hostname: str | None) -> None:
    """InstanceExists when a live instance in scope has the name; null is always free."""
    within = scope()
    if not within or hostname is None:
        return
    project: Predicate = TRUE
    name = locks.hostname(fold(hostname))
    if within == "project":
        project = of_project(context)
        name = locks.hostname(fold(hostname), context.project_id)
    tx.serialize(name)
    taken = all_of(EqFold("hostname", hostname), LIVE, project)
    if exists(tx, "instances", taken):
        raise exceptions.InstanceExists(name=fold(hostname))
