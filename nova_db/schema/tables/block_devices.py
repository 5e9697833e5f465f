"""The block devices of instances."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import (
    SOURCE,
    boolean,
    index,
    integer,
    mediumtext,
    names,
    one,
    secret,
    serial,
    string,
    table,
    uuid,
)

BLOCK_DEVICE_MAPPING: Final = table(
    "block_device_mapping",
    "BlockDeviceMapping",
    "How one device of an instance is backed: by a volume, a snapshot, an ephemeral disk, swap, or by nothing.",
    serial("id"),
    uuid("instance_uuid", references="instances.uuid"),
    string("device_name", null=False, doc="as the guest sees it, such as /dev/vdb"),
    boolean("delete_on_termination", default=False),
    string("virtual_name", doc="swap, ephemeral0, ephemeral1, ... or a name of the caller's"),
    uuid("snapshot_id"),
    uuid("volume_id"),
    integer("volume_size", doc="GB"),
    boolean("no_device", doc="true: the image's device of this name is left out"),
    secret(mediumtext("connection_info", doc="JSON"), "credentials of the storage, such as a CHAP secret"),
    names("snapshot_id", "snapshots.id", "a device is its instance's"),
    names("volume_id", "volumes.id", "a device is its instance's"),
    index("instance_uuid"),
    index("instance_uuid", "device_name"),
    index("instance_uuid", "virtual_name", "device_name"),
    index("instance_uuid", "volume_id"),
    index("snapshot_id"),
    index("volume_id"),
    one("instance", "instance_uuid", "instances.uuid", live=SOURCE),
)
