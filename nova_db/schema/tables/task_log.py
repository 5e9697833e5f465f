"""Runs of periodic tasks."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import HOST, index, integer, names, serial, string, table, time, unique
from nova_db.schema.types import NOW

TASK_LOG: Final = table(
    "task_log",
    "TaskLog",
    "A host's run of a periodic task for one period.",
    serial("id"),
    string("task_name", null=False),
    string("state", null=False, doc="RUNNING or DONE"),
    string("host", null=False),
    time("period_beginning", null=False, default=NOW),
    time("period_ending", null=False, default=NOW),
    string("message", null=False),
    integer("task_items", default=0),
    integer("errors", default=0),
    names("host", "services.host", HOST),
    unique(
        "task_name",
        "host",
        "period_beginning",
        "period_ending",
        name="uniq_task_name_x_host_x_period_beginning_x_period_ending",
    ),
    index("host"),
    index("period_beginning"),
    index("period_ending"),
    soft_deleted=False,
)
