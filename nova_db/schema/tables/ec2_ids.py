"""The small integers by which the EC2 interface knows instances, volumes, snapshots and images.

They may be 0, as no function deletes a mapping; archiving moves it as it is.
"""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import belongs, index, serial, table, uuid

INSTANCE_ID_MAPPINGS: Final = table(
    "instance_id_mappings",
    "InstanceIdMapping",
    "The EC2 id of an instance.",
    serial("id"),
    uuid("uuid", null=False),
    belongs("uuid", "instances.uuid"),
    index("uuid"),
    soft_deleted=False,
)

VOLUME_ID_MAPPINGS: Final = table(
    "volume_id_mappings",
    "VolumeIdMapping",
    "The EC2 id of a volume.",
    serial("id"),
    uuid("uuid", null=False),
    belongs("uuid", "volumes.id"),
    index("uuid"),
    soft_deleted=False,
)

SNAPSHOT_ID_MAPPINGS: Final = table(
    "snapshot_id_mappings",
    "SnapshotIdMapping",
    "The EC2 id of a snapshot.",
    serial("id"),
    uuid("uuid", null=False),
    belongs("uuid", "snapshots.id"),
    index("uuid"),
    soft_deleted=False,
)

S3_IMAGES: Final = table(
    "s3_images",
    "S3Image",
    "The EC2 id of an image.",
    serial("id"),
    uuid("uuid", null=False),
    index("uuid"),
    soft_deleted=False,
)
