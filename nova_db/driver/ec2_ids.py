"""EC2 ids and S3 images: the contract of the integers that stand for uuids where a uuid cannot go.

A mapping is a row of ``id`` and ``uuid``. A uuid may be mapped more than once; a look-up then gives the lowest id,
the same to everybody. Mappings are never deleted, need no existing instance, volume or snapshot, and an id is never
given twice.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import InstanceIdMapping, S3Image, SnapshotIdMapping, VolumeIdMapping
from nova_db.driver.types import Context, Id, Uuid


class Ec2IdsContract(abc.ABC):
    """What a driver does for EC2 ids and S3 images."""

    @abc.abstractmethod
    def ec2_instance_create(self, context: Context, instance_uuid: Uuid, id: int | None = None) -> InstanceIdMapping:
        """Map the instance ``instance_uuid`` to a new integer, and return the mapping.

        Auth: context.

        ``id`` forces the integer, 0 included; later ones are above it. :func:`instance_create` does this by itself.

        :raises DBDuplicateEntry: the integer is taken.
        """

    @abc.abstractmethod
    def ec2_volume_create(self, context: Context, volume_id: Uuid, forced_id: int | None = None) -> VolumeIdMapping:
        """Map the uuid ``volume_id`` of a volume to a new integer, and return the mapping.

        Auth: context.

        ``forced_id`` forces the integer, 0 included; later ones are above it.

        :raises DBDuplicateEntry: the integer is taken.
        """

    @abc.abstractmethod
    def ec2_snapshot_create(
        self, context: Context, snapshot_id: Uuid, forced_id: int | None = None
    ) -> SnapshotIdMapping:
        """Map the uuid ``snapshot_id`` of a snapshot to a new integer, and return the mapping.

        Auth: context.

        ``forced_id`` forces the integer, 0 included; later ones are above it.

        :raises DBDuplicateEntry: the integer is taken.
        """

    @abc.abstractmethod
    def get_ec2_instance_id_by_uuid(self, context: Context, instance_id: Uuid) -> int:
        """Return the integer of the instance whose uuid is ``instance_id``.

        Auth: context. Rows: all.

        :raises InstanceNotFound: the uuid is not mapped.
        """

    @abc.abstractmethod
    def get_instance_uuid_by_ec2_id(self, context: Context, ec2_id: Id) -> str:
        """Return the uuid of the instance whose integer is ``ec2_id``.

        Auth: context. Rows: all.

        :raises InstanceNotFound: the integer is not mapped; ``instance_id`` is the integer.
        """

    @abc.abstractmethod
    def get_ec2_volume_id_by_uuid(self, context: Context, volume_id: Uuid) -> int:
        """Return the integer of the volume whose uuid is ``volume_id``.

        Auth: context. Rows: all.

        :raises VolumeNotFound: the uuid is not mapped.
        """

    @abc.abstractmethod
    def get_volume_uuid_by_ec2_id(self, context: Context, ec2_id: Id) -> str:
        """Return the uuid of the volume whose integer is ``ec2_id``.

        Auth: context. Rows: all.

        :raises VolumeNotFound: the integer is not mapped; ``volume_id`` is the integer.
        """

    @abc.abstractmethod
    def get_ec2_snapshot_id_by_uuid(self, context: Context, snapshot_id: Uuid) -> int:
        """Return the integer of the snapshot whose uuid is ``snapshot_id``.

        Auth: context. Rows: all.

        :raises SnapshotNotFound: the uuid is not mapped.
        """

    @abc.abstractmethod
    def get_snapshot_uuid_by_ec2_id(self, context: Context, ec2_id: Id) -> str:
        """Return the uuid of the snapshot whose integer is ``ec2_id``.

        Auth: context. Rows: all.

        :raises SnapshotNotFound: the integer is not mapped; ``snapshot_id`` is the integer.
        """

    @abc.abstractmethod
    def s3_image_create(self, context: Context, image_uuid: Uuid) -> S3Image:
        """Map the image ``image_uuid`` to a new integer, and return the mapping.

        Auth: anyone.

        :raises DBError: for whatever reason the row could not be inserted.
        """

    @abc.abstractmethod
    def s3_image_get(self, context: Context, image_id: Id) -> S3Image:
        """Return the mapping whose integer is ``image_id``.

        Auth: anyone. Rows: all.

        :raises ImageNotFound: the integer is not mapped.
        """

    @abc.abstractmethod
    def s3_image_get_by_uuid(self, context: Context, image_uuid: Uuid) -> S3Image:
        """Return the first mapping of the image ``image_uuid``.

        Auth: anyone. Rows: all.

        :raises ImageNotFound: the uuid is not mapped; ``image_id`` is the uuid.
        """
