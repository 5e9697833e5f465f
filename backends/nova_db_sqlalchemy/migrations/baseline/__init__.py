"""The tables of the first revision, as they were when it was released.

This is history: nothing here may change with the schema, which goes its way through later revisions.
"""

from __future__ import annotations

from typing import Final

from nova_db_sqlalchemy.migrations.baseline import hosts, instances, networks, projects
from nova_db_sqlalchemy.migrations.baseline.declare import Table, create, create_locks

__all__ = ["TABLES", "Table", "create", "create_locks"]

TABLES: Final[tuple[Table, ...]] = (
    projects.VOLUMES,
    projects.VOLUME_USAGE_CACHE,
    projects.VOLUME_ID_MAPPINGS,
    instances.INSTANCES,
    networks.VIRTUAL_INTERFACES,
    hosts.TASK_LOG,
    projects.SNAPSHOTS,
    projects.SNAPSHOT_ID_MAPPINGS,
    hosts.SERVICES,
    networks.SECURITY_GROUPS,
    networks.SECURITY_GROUP_RULES,
    networks.SECURITY_GROUP_INSTANCE_ASSOCIATION,
    networks.SECURITY_GROUP_DEFAULT_RULES,
    instances.S3_IMAGES,
    projects.QUOTA_USAGES,
    projects.RESERVATIONS,
    projects.QUOTAS,
    projects.QUOTA_CLASSES,
    networks.PROVIDER_FW_RULES,
    networks.NETWORKS,
    instances.MIGRATIONS,
    projects.KEY_PAIRS,
    projects.ISCSI_TARGETS,
    instances.INSTANCE_TYPES,
    instances.INSTANCE_TYPE_PROJECTS,
    instances.INSTANCE_TYPE_EXTRA_SPECS,
    instances.INSTANCE_SYSTEM_METADATA,
    instances.INSTANCE_METADATA,
    instances.INSTANCE_INFO_CACHES,
    instances.INSTANCE_ID_MAPPINGS,
    instances.INSTANCE_FAULTS,
    instances.INSTANCE_ACTIONS,
    instances.INSTANCE_ACTIONS_EVENTS,
    networks.FLOATING_IPS,
    networks.FIXED_IPS,
    networks.DNS_DOMAINS,
    hosts.CONSOLE_POOLS,
    hosts.CONSOLES,
    hosts.COMPUTE_NODES,
    hosts.COMPUTE_NODE_STATS,
    projects.CERTIFICATES,
    hosts.CELLS,
    projects.BW_USAGE_CACHE,
    instances.BLOCK_DEVICE_MAPPING,
    hosts.AGGREGATES,
    hosts.AGGREGATE_METADATA,
    hosts.AGGREGATE_HOSTS,
    hosts.AGENT_BUILDS,
)
"""Parents before those that refer to them."""
