"""Limits, what counts against them, and what is set aside."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import TARGET, computed, index, integer, one, serial, string, table, time, uuid

QUOTAS: Final = table(
    "quotas",
    "Quota",
    "A project's limit of one resource; without a row its quota class's limit holds, then the configured one.",
    serial("id"),
    string("project_id"),
    string("resource", null=False),
    integer("hard_limit", doc="null and negative: no limit"),
    index("project_id", "resource"),
)

QUOTA_CLASSES: Final = table(
    "quota_classes",
    "QuotaClass",
    "A quota class's limit of one resource.",
    serial("id"),
    string("class_name"),
    string("resource"),
    integer("hard_limit", doc="null and negative: no limit"),
    index("class_name"),
    soft_deleted=False,
)

QUOTA_USAGES: Final = table(
    "quota_usages",
    "QuotaUsage",
    "How much of one resource a project uses and has set aside.",
    serial("id"),
    string("project_id"),
    string("resource"),
    integer("in_use", null=False, doc="negative: count anew at the next reservation"),
    integer("reserved", null=False, doc="the sum of the open positive reservations"),
    integer("until_refresh", doc="reservations left before a recount; null: not counted down"),
    index("project_id"),
    computed("total", "in_use + reserved", type="int"),
)

RESERVATIONS: Final = table(
    "reservations",
    "Reservation",
    "A change of a usage that waits to be committed, rolled back or expired.",
    serial("id"),
    uuid("uuid", null=False),
    integer("usage_id", null=False, references="quota_usages.id"),
    string("project_id"),
    string("resource"),
    integer("delta", null=False),
    time("expire"),
    index("uuid"),
    index("usage_id"),
    index("project_id"),
    index("deleted", "expire"),
    one("usage", "usage_id", "quota_usages.id", live=TARGET),
)
