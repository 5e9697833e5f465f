"""Small integer ids, as the EC2 interface wants them, for uuids of instances, volumes, snapshots and images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import require_context
from nova_db.driver.ec2_ids import Ec2IdsContract
from nova_db.engine import Query, Row
from nova_db.exceptions import NotFound
from nova_db.operations.rows.changes import create
from nova_db.operations.rows.conditions import equals
from nova_db.operations.rows.reading import one, text
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Uuid
    from nova_db.engine import Transaction

INSTANCE_IDS = "instance_id_mappings"
VOLUME_IDS = "volume_id_mappings"
SNAPSHOT_IDS = "snapshot_id_mappings"
IMAGES = "s3_images"


class Ec2IdsOperations(TransactionalDriver, Ec2IdsContract):
    """Mappings of ids; rows are found whether deleted or not, of several the one with the lowest id."""

    @writes(require_context)
    def ec2_instance_create(
        self, tx: Transaction, context: Context, instance_uuid: Uuid, id: int | None = None
    ) -> Record:
        return create(tx, TABLES[INSTANCE_IDS], {"uuid": instance_uuid, "id": id})

    @writes(require_context)
    def ec2_volume_create(
        self, tx: Transaction, context: Context, volume_id: Uuid, forced_id: int | None = None
    ) -> Record:
        return create(tx, TABLES[VOLUME_IDS], {"uuid": volume_id, "id": forced_id})

    @writes(require_context)
    def ec2_snapshot_create(
        self, tx: Transaction, context: Context, snapshot_id: Uuid, forced_id: int | None = None
    ) -> Record:
        return create(tx, TABLES[SNAPSHOT_IDS], {"uuid": snapshot_id, "id": forced_id})

    @reads(require_context, snapshot=False)
    def get_ec2_instance_id_by_uuid(self, tx: Transaction, context: Context, instance_id: Uuid) -> int:
        return _id(tx, INSTANCE_IDS, instance_id, exceptions.InstanceNotFound, "instance_id")

    @reads(require_context, snapshot=False)
    def get_instance_uuid_by_ec2_id(self, tx: Transaction, context: Context, ec2_id: Id) -> str:
        return _uuid(tx, INSTANCE_IDS, ec2_id, exceptions.InstanceNotFound, "instance_id")

    @reads(require_context, snapshot=False)
    def get_ec2_volume_id_by_uuid(self, tx: Transaction, context: Context, volume_id: Uuid) -> int:
        return _id(tx, VOLUME_IDS, volume_id, exceptions.VolumeNotFound, "volume_id")

    @reads(require_context, snapshot=False)
    def get_volume_uuid_by_ec2_id(self, tx: Transaction, context: Context, ec2_id: Id) -> str:
        return _uuid(tx, VOLUME_IDS, ec2_id, exceptions.VolumeNotFound, "volume_id")

    @reads(require_context, snapshot=False)
    def get_ec2_snapshot_id_by_uuid(self, tx: Transaction, context: Context, snapshot_id: Uuid) -> int:
        return _id(tx, SNAPSHOT_IDS, snapshot_id, exceptions.SnapshotNotFound, "snapshot_id")

    @reads(require_context, snapshot=False)
    def get_snapshot_uuid_by_ec2_id(self, tx: Transaction, context: Context, ec2_id: Id) -> str:
        return _uuid(tx, SNAPSHOT_IDS, ec2_id, exceptions.SnapshotNotFound, "snapshot_id")

    @writes()
    def s3_image_create(self, tx: Transaction, context: Context, image_uuid: Uuid) -> Record:
        return create(tx, TABLES[IMAGES], {"uuid": image_uuid})

    @reads(snapshot=False)
    def s3_image_get(self, tx: Transaction, context: Context, image_id: Id) -> Record:
        return _mapping(tx, IMAGES, "id", image_id, exceptions.ImageNotFound, "image_id")

    @reads(snapshot=False)
    def s3_image_get_by_uuid(self, tx: Transaction, context: Context, image_uuid: Uuid) -> Record:
        return _mapping(tx, IMAGES, "uuid", image_uuid, exceptions.ImageNotFound, "image_id")


def _id(tx: Transaction, table: str, uuid: Uuid, error: type[NotFound], argument: str) -> int:
    return int(_mapping(tx, table, "uuid", uuid, error, argument)["id"])


def _uuid(tx: Transaction, table: str, number: Id, error: type[NotFound], argument: str) -> str:
    return text(_mapping(tx, table, "id", number, error, argument), "uuid")


def _mapping(tx: Transaction, table: str, column: str, value: Any, error: type[NotFound], argument: str) -> Row:
    """The first mapping with a value; else the error, which is told the value under the argument's name."""
    return one(tx, Query(table, equals(TABLES[table], column, value), limit=1), error, **{argument: value})
