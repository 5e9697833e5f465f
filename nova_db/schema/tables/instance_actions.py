"""What users asked of instances, step by step."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import belongs, index, integer, serial, string, table, text, time, uuid
from nova_db.schema.types import NOW

INSTANCE_ACTIONS: Final = table(
    "instance_actions",
    "InstanceAction",
    "A user's request to an instance, found by (instance_uuid, request_id).",
    serial("id"),
    string("action"),
    uuid("instance_uuid", doc="may name no instance: not enforced"),
    string("request_id"),
    string("user_id"),
    string("project_id"),
    time("start_time", default=NOW),
    time("finish_time"),
    string("message"),
    belongs("instance_uuid", "instances.uuid"),
    index("instance_uuid"),
    index("request_id"),
)

INSTANCE_ACTIONS_EVENTS: Final = table(
    "instance_actions_events",
    "InstanceActionEvent",
    "A step of an instance action.",
    serial("id"),
    string("event"),
    integer("action_id", references="instance_actions.id"),
    time("start_time", default=NOW),
    time("finish_time"),
    string("result"),
    text("traceback"),
    index("action_id"),
)
