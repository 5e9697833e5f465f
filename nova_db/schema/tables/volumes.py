"""Volumes, snapshots and iSCSI targets; no function of the API touches them."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import (
    HOST,
    SOURCE,
    TARGET,
    computed,
    holds,
    index,
    integer,
    names,
    one,
    secret,
    serial,
    string,
    table,
    text_key,
    time,
    uuid,
)

DELETED: Final = string("deleted", 36, default="", doc="empty while the row is live, its own id once soft-deleted")

VOLUMES: Final = table(
    "volumes",
    "Volume",
    "A block storage volume.",
    text_key("id", 36),
    string("ec2_id"),
    string("user_id"),
    string("project_id"),
    uuid("snapshot_id"),
    string("host"),
    integer("size", doc="GB"),
    string("availability_zone"),
    uuid("instance_uuid", doc="not enforced"),
    string("mountpoint"),
    time("attach_time"),
    string("status"),
    string("attach_status"),
    time("scheduled_at"),
    time("launched_at"),
    time("terminated_at"),
    string("display_name"),
    string("display_description"),
    string("provider_location", 256),
    secret(string("provider_auth", 256), "the credentials of the storage, such as CHAP user and secret"),
    integer("volume_type_id"),
    names("snapshot_id", "snapshots.id", "a volume outlives the snapshot that it was made of"),
    names("instance_uuid", "instances.uuid", "a volume is attached to one instance after another"),
    names("host", "services.host", HOST),
    index("instance_uuid"),
    one("iscsi_target", "id", "iscsi_targets.volume_id", live=TARGET),
    computed("name", "option volume_name_template applied to the id", in_record=False),
    deleted=DELETED,
    soft_deleted=False,
)

SNAPSHOTS: Final = table(
    "snapshots",
    "Snapshot",
    "A snapshot of a volume.",
    text_key("id", 36),
    string("user_id"),
    string("project_id"),
    uuid("volume_id", null=False),
    string("status"),
    string("progress"),
    integer("volume_size", doc="GB"),
    string("display_name"),
    string("display_description"),
    names("volume_id", "volumes.id", "a snapshot outlives its volume"),
    computed("name", "option snapshot_name_template applied to the id", in_record=False),
    computed("volume_name", "option volume_name_template applied to volume_id", in_record=False),
    deleted=DELETED,
    soft_deleted=False,
)

ISCSI_TARGETS: Final = table(
    "iscsi_targets",
    "IscsiTarget",
    "The number of an iSCSI target on a host, and the volume that has it.",
    serial("id"),
    integer("target_num"),
    string("host"),
    uuid("volume_id", references="volumes.id"),
    names("host", "services.host", HOST),
    holds("volume_id", "volumes.id", "a target serves one volume after another"),
    index("host"),
    index("host", "volume_id", "deleted"),
    index("volume_id"),
    one("volume", "volume_id", "volumes.id", live=SOURCE),
    soft_deleted=False,
)
