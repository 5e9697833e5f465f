"""Quotas, keys, usage records and volumes."""

from __future__ import annotations

from nova_db_sqlalchemy.migrations.baseline.declare import (
    bigint,
    index,
    integer,
    mediumtext,
    reference,
    serial,
    string,
    table,
    time,
)

QUOTAS = table(
    "quotas",
    serial("id"),
    string("project_id"),
    string("resource", null=False),
    integer("hard_limit"),
    index("quotas_project_id_resource_idx", "project_id", "resource"),
)
QUOTA_CLASSES = table(
    "quota_classes",
    serial("id"),
    string("class_name"),
    string("resource"),
    integer("hard_limit"),
    index("quota_classes_class_name_idx", "class_name"),
)
QUOTA_USAGES = table(
    "quota_usages",
    serial("id"),
    string("project_id"),
    string("resource"),
    integer("in_use", null=False),
    integer("reserved", null=False),
    integer("until_refresh"),
    index("quota_usages_project_id_idx", "project_id"),
)
RESERVATIONS = table(
    "reservations",
    serial("id"),
    string("uuid", 36, null=False),
    integer("usage_id", null=False),
    string("project_id"),
    string("resource"),
    integer("delta", null=False),
    time("expire"),
    reference("reservations_usage_id_fkey", "usage_id", "quota_usages.id"),
    index("reservations_uuid_idx", "uuid"),
    index("reservations_usage_id_idx", "usage_id"),
    index("reservations_project_id_idx", "project_id"),
    index("reservations_deleted_expire_idx", "deleted", "expire"),
)
KEY_PAIRS = table(
    "key_pairs",
    serial("id"),
    string("name"),
    string("user_id"),
    string("fingerprint"),
    mediumtext("public_key"),
    index("key_pairs_user_id_name_idx", "user_id", "name"),
)
CERTIFICATES = table(
    "certificates",
    serial("id"),
    string("user_id"),
    string("project_id"),
    string("file_name"),
    index("certificates_project_id_deleted_idx", "project_id", "deleted"),
    index("certificates_user_id_deleted_idx", "user_id", "deleted"),
)
BW_USAGE_CACHE = table(
    "bw_usage_cache",
    serial("id"),
    string("uuid", 36),
    string("mac"),
    time("start_period", null=False),
    time("last_refreshed"),
    bigint("bw_in"),
    bigint("bw_out"),
    bigint("last_ctr_in"),
    bigint("last_ctr_out"),
    index("bw_usage_cache_uuid_start_period_idx", "uuid", "start_period"),
)
VOLUME_USAGE_CACHE = table(
    "volume_usage_cache",
    serial("id"),
    string("volume_id", 36, null=False),
    integer("instance_id"),
    time("tot_last_refreshed"),
    bigint("tot_reads"),
    bigint("tot_read_bytes"),
    bigint("tot_writes"),
    bigint("tot_write_bytes"),
    time("curr_last_refreshed"),
    bigint("curr_reads"),
    bigint("curr_read_bytes"),
    bigint("curr_writes"),
    bigint("curr_write_bytes"),
    index("volume_usage_cache_volume_id_idx", "volume_id"),
)
VOLUMES = table(
    "volumes",
    string("id", 36, key=True),
    string("ec2_id"),
    string("user_id"),
    string("project_id"),
    string("snapshot_id", 36),
    string("host"),
    integer("size"),
    string("availability_zone"),
    string("instance_uuid", 36),
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
    string("provider_auth", 256),
    integer("volume_type_id"),
    index("volumes_instance_uuid_idx", "instance_uuid"),
    deleted=string("deleted", 36),
)
ISCSI_TARGETS = table(
    "iscsi_targets",
    serial("id"),
    integer("target_num"),
    string("host"),
    string("volume_id", 36),
    reference("iscsi_targets_volume_id_fkey", "volume_id", "volumes.id"),
    index("iscsi_targets_host_idx", "host"),
    index("iscsi_targets_host_volume_id_deleted_idx", "host", "volume_id", "deleted"),
    index("iscsi_targets_volume_id_idx", "volume_id"),
)
SNAPSHOTS = table(
    "snapshots",
    string("id", 36, key=True),
    string("user_id"),
    string("project_id"),
    string("volume_id", 36, null=False),
    string("status"),
    string("progress"),
    integer("volume_size"),
    string("display_name"),
    string("display_description"),
    deleted=string("deleted", 36),
)
VOLUME_ID_MAPPINGS = table(
    "volume_id_mappings",
    serial("id"),
    string("uuid", 36, null=False),
    index("volume_id_mappings_uuid_idx", "uuid"),
)
SNAPSHOT_ID_MAPPINGS = table(
    "snapshot_id_mappings",
    serial("id"),
    string("uuid", 36, null=False),
    index("snapshot_id_mappings_uuid_idx", "uuid"),
)
