"""What each record of the contract carries: the one place that says so.

To drivers all of these are plain dicts, :data:`nova_db.driver.types.Record`. To callers they are the ``TypedDict``s of
the same names in :mod:`nova_db.records`, which :mod:`nova_db.stubs` makes of this module and of the schema. The
conformance suite holds every result against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple, TypeAlias

from nova_db.driver.types import Record


class Shape(NamedTuple):
    """The keys of a record: all columns of ``table`` and its computed values, and what is named here.

    ``relations`` are paths: ``"pool"``, or ``"rules.grantee_group"``, which carries ``rules`` and each of those its
    ``grantee_group``. ``more`` are further keys, and the texts of their types. What ``sometimes`` names of all these
    may be absent. Without a ``table``, ``more`` is all there is. ``blank``: every
    column may be None.
    """

    table: str = ""
    relations: tuple[str, ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    sometimes: tuple[str, ...] = ()
    blank: bool = False


class Case(NamedTuple):
    """A result that is known more exactly where ``argument``, the last one, is ``value``."""

    argument: str
    value: bool | None
    result: str


_METADATA = ("metadata", "system_metadata")
_ALL_FOUR = (*_METADATA, "info_cache", "security_groups")
_TO_JOIN = ("info_cache", "security_groups", "block_device_mapping")

# Instances, and what hangs on them
Instance: TypeAlias = Annotated[Record, Shape("instances")]
InstanceWithMetadata: TypeAlias = Annotated[Record, Shape("instances", _METADATA)]
InstanceWithRelations: TypeAlias = Annotated[Record, Shape("instances", _ALL_FOUR)]
InstanceWithRules: TypeAlias = Annotated[Record, Shape("instances", (*_ALL_FOUR, "security_groups.rules"))]
JoinedInstance: TypeAlias = Annotated[Record, Shape("instances", (*_METADATA, *_TO_JOIN), sometimes=_TO_JOIN)]
InstanceInfoCache: TypeAlias = Annotated[Record, Shape("instance_info_caches")]
WrittenInfoCache: TypeAlias = Annotated[Record, Shape("instance_info_caches", blank=True)]
InstanceFault: TypeAlias = Annotated[Record, Shape("instance_faults")]
InstanceAction: TypeAlias = Annotated[Record, Shape("instance_actions")]
InstanceActionEvent: TypeAlias = Annotated[Record, Shape("instance_actions_events")]
BlockDeviceMapping: TypeAlias = Annotated[Record, Shape("block_device_mapping")]
Migration: TypeAlias = Annotated[Record, Shape("migrations")]
MigrationWithInstance: TypeAlias = Annotated[Record, Shape("migrations", ("instance.system_metadata",))]
InstanceIdMapping: TypeAlias = Annotated[Record, Shape("instance_id_mappings")]
VolumeIdMapping: TypeAlias = Annotated[Record, Shape("volume_id_mappings")]
SnapshotIdMapping: TypeAlias = Annotated[Record, Shape("snapshot_id_mappings")]
S3Image: TypeAlias = Annotated[Record, Shape("s3_images")]

# Networks and addresses
FixedIp: TypeAlias = Annotated[Record, Shape("fixed_ips")]
FixedIpWithNetwork: TypeAlias = Annotated[Record, Shape("fixed_ips", ("network",))]
FloatingIp: TypeAlias = Annotated[Record, Shape("floating_ips")]
FloatingIpWithFixedIp: TypeAlias = Annotated[Record, Shape("floating_ips", ("fixed_ip.instance",))]
FloatingIpPool: TypeAlias = Annotated[Record, Shape(more=(("name", "str | None"),))]
Network: TypeAlias = Annotated[Record, Shape("networks")]
AssociatedFixedIp: TypeAlias = Annotated[
    Record,
    Shape(
        more=(
            ("address", "str | None"),
            ("instance_uuid", "str"),
            ("network_id", "int"),
            ("vif_id", "int"),
            ("vif_address", "str | None"),
            ("instance_hostname", "str | None"),
            ("instance_updated", "datetime | None"),
            ("instance_created", "datetime | None"),
            ("allocated", "bool"),
            ("leased", "bool | None"),
        )
    ),
]
VirtualInterface: TypeAlias = Annotated[Record, Shape("virtual_interfaces")]
DNSDomain: TypeAlias = Annotated[Record, Shape("dns_domains")]

# Security groups
SecurityGroup: TypeAlias = Annotated[Record, Shape("security_groups")]
SecurityGroupOfInstance: TypeAlias = Annotated[Record, Shape("security_groups", ("rules",))]
SecurityGroupWithRules: TypeAlias = Annotated[Record, Shape("security_groups", ("rules.grantee_group",))]
SecurityGroupWithMembers: TypeAlias = Annotated[Record, Shape("security_groups", ("rules.grantee_group", "instances"))]
SecurityGroupRule: TypeAlias = Annotated[Record, Shape("security_group_rules")]
SecurityGroupRuleWithMembers: TypeAlias = Annotated[
    Record,
    Shape(
        "security_group_rules",
        ("grantee_group.instances.system_metadata", "grantee_group.instances.info_cache"),
    ),
]
SecurityGroupDefaultRule: TypeAlias = Annotated[Record, Shape("security_group_default_rules")]
ProviderFirewallRule: TypeAlias = Annotated[Record, Shape("provider_fw_rules")]

# Services and hosts
Service: TypeAlias = Annotated[Record, Shape("services")]
ServiceWithComputeNode: TypeAlias = Annotated[Record, Shape("services", ("compute_node",))]
ComputeNode: TypeAlias = Annotated[Record, Shape("compute_nodes")]
ComputeNodeWithStats: TypeAlias = Annotated[Record, Shape("compute_nodes", ("service", "stats"))]
_COUNTED = (
    *("count", "vcpus", "memory_mb", "local_gb", "vcpus_used", "memory_mb_used", "local_gb_used"),
    *("free_ram_mb", "free_disk_gb", "current_workload", "running_vms", "disk_available_least"),
)
ComputeNodeStatistics: TypeAlias = Annotated[dict[str, int], Shape(more=tuple((key, "int") for key in _COUNTED))]
Aggregate: TypeAlias = Annotated[Record, Shape("aggregates")]
Cell: TypeAlias = Annotated[Record, Shape("cells")]
AgentBuild: TypeAlias = Annotated[Record, Shape("agent_builds")]
Certificate: TypeAlias = Annotated[Record, Shape("certificates")]
Console: TypeAlias = Annotated[Record, Shape("consoles")]
ConsoleWithPool: TypeAlias = Annotated[Record, Shape("consoles", ("pool",))]
ConsolePool: TypeAlias = Annotated[Record, Shape("console_pools")]
ConsolePoolWithConsoles: TypeAlias = Annotated[Record, Shape("console_pools", ("consoles",))]

# Flavors, users, quotas, logs
InstanceType: TypeAlias = Annotated[Record, Shape("instance_types", more=(("extra_specs", "dict[str, str | None]"),))]
InstanceTypeAccess: TypeAlias = Annotated[Record, Shape("instance_type_projects")]
KeyPair: TypeAlias = Annotated[Record, Shape("key_pairs")]
CreatedKeyPair: TypeAlias = Annotated[
    Record, Shape("key_pairs", more=(("private_key", "Any"),), sometimes=("private_key",))
]
Quota: TypeAlias = Annotated[Record, Shape("quotas")]
QuotaClass: TypeAlias = Annotated[Record, Shape("quota_classes")]
QuotaUsage: TypeAlias = Annotated[Record, Shape("quota_usages")]
Reservation: TypeAlias = Annotated[Record, Shape("reservations")]
BandwidthUsage: TypeAlias = Annotated[Record, Shape("bw_usage_cache")]
VolumeUsage: TypeAlias = Annotated[Record, Shape("volume_usage_cache")]
TaskLog: TypeAlias = Annotated[Record, Shape("task_log")]

FILLED: Mapping[str, frozenset[str]] = MappingProxyType({"instances": frozenset({"uuid"})})
"""Columns that callers need not expect to be null, although the schema lets them be, by table.

The API fills them in whenever a row is made: null is read by those alone who have written it over what was there.
"""

ADDRESSING = frozenset({"fixed_ip_associate", "fixed_ip_associate_pool", "floating_ip_allocate_address"})
"""Functions whose result, an address, callers need not expect to be None: only those who stored a null one get it."""

CASES: Mapping[str, tuple[Case, ...]] = MappingProxyType(
    {
        "instance_get_all": (Case("columns_to_join", None, "list[InstanceWithRelations]"),),
        "instance_get_all_by_filters": (Case("columns_to_join", None, "list[InstanceWithRelations]"),),
        "fixed_ip_get": (Case("get_network", False, "FixedIp"), Case("get_network", True, "FixedIpWithNetwork")),
    }
)
"""The functions whose result depends on an argument."""
