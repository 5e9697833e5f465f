"""Records, as the functions of :mod:`nova_db` return them: plain dicts at run time, these types to type checkers.

For annotations of callers::

    from nova_db.records import InstanceWithRules

``import nova_db`` does not import this module, and no function needs it. A record is no ``dict[str, Any]`` to a type
checker: where any record will do, write ``Mapping[str, Any]``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

__all__ = [
    "AgentBuild",
    "Aggregate",
    "AggregateHost",
    "AggregateMetadata",
    "AssociatedFixedIp",
    "BandwidthUsage",
    "BlockDeviceMapping",
    "Cell",
    "Certificate",
    "ComputeNode",
    "ComputeNodeStat",
    "ComputeNodeStatistics",
    "ComputeNodeWithStats",
    "Console",
    "ConsolePool",
    "ConsolePoolWithConsoles",
    "ConsoleWithPool",
    "CreatedKeyPair",
    "DNSDomain",
    "FixedIp",
    "FixedIpWithInstance",
    "FixedIpWithNetwork",
    "FloatingIp",
    "FloatingIpPool",
    "FloatingIpWithFixedIp",
    "Instance",
    "InstanceAction",
    "InstanceActionEvent",
    "InstanceFault",
    "InstanceIdMapping",
    "InstanceInfoCache",
    "InstanceMetadata",
    "InstanceSystemMetadata",
    "InstanceType",
    "InstanceTypeAccess",
    "InstanceTypeExtraSpecs",
    "InstanceWithInfoCacheAndSystemMetadata",
    "InstanceWithMetadata",
    "InstanceWithRelations",
    "InstanceWithRules",
    "InstanceWithSystemMetadata",
    "IscsiTarget",
    "JoinedInstance",
    "KeyPair",
    "Migration",
    "MigrationWithInstance",
    "Network",
    "ProviderFirewallRule",
    "Quota",
    "QuotaClass",
    "QuotaUsage",
    "Reservation",
    "S3Image",
    "SecurityGroup",
    "SecurityGroupDefaultRule",
    "SecurityGroupInstanceAssociation",
    "SecurityGroupOfInstance",
    "SecurityGroupRule",
    "SecurityGroupRuleWithGranteeGroup",
    "SecurityGroupRuleWithMembers",
    "SecurityGroupWithInstances",
    "SecurityGroupWithMembers",
    "SecurityGroupWithRules",
    "Service",
    "ServiceWithComputeNode",
    "Snapshot",
    "SnapshotIdMapping",
    "TaskLog",
    "VirtualInterface",
    "Volume",
    "VolumeIdMapping",
    "VolumeUsage",
    "WrittenInfoCache",
]


class AgentBuild(TypedDict):
    """A build of the guest agent for one hypervisor, operating system and architecture."""

    id: int
    hypervisor: str | None
    os: str | None
    architecture: str | None
    version: str | None
    url: str | None
    md5hash: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class Aggregate(TypedDict):
    """A named group of compute hosts."""

    id: int
    name: str | None
    """One live row per name when created, by the API's own check."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""
    hosts: list[str]
    metadetails: dict[str, str]
    availability_zone: str | None


class AggregateHost(TypedDict):
    """A host's membership of an aggregate."""

    id: int
    host: str | None
    """Free text; no service of that host need exist."""
    aggregate_id: int
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class AggregateMetadata(TypedDict):
    """A key and value of an aggregate."""

    id: int
    key: str
    value: str
    aggregate_id: int
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class AssociatedFixedIp(TypedDict):
    address: str | None
    instance_uuid: str
    network_id: int
    vif_id: int
    vif_address: str | None
    instance_hostname: str | None
    instance_updated: datetime | None
    instance_created: datetime | None
    allocated: bool
    leased: bool | None


class BandwidthUsage(TypedDict):
    """The traffic of one network card in one audit period, in bytes; (uuid, mac, start_period) is its key."""

    id: int
    uuid: str | None
    """Instances.uuid; not enforced."""
    mac: str | None
    """Kept and compared as given."""
    start_period: datetime
    last_refreshed: datetime | None
    bw_in: int | None
    bw_out: int | None
    last_ctr_in: int | None
    """The raw counter when last polled."""
    last_ctr_out: int | None
    """The raw counter when last polled."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class BlockDeviceMapping(TypedDict):
    """How one device of an instance is backed: by a volume, a snapshot, an ephemeral disk, swap, or by nothing."""

    id: int
    instance_uuid: str | None
    device_name: str
    """As the guest sees it, such as /dev/vdb."""
    delete_on_termination: bool | None
    virtual_name: str | None
    """Swap, ephemeral0, ephemeral1, ... or a name of the caller's."""
    snapshot_id: str | None
    volume_id: str | None
    volume_size: int | None
    """GB."""
    no_device: bool | None
    """True: the image's device of this name is left out."""
    connection_info: str | None
    """JSON."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class Cell(TypedDict):
    """A parent or child cell and how to reach its message broker."""

    id: int
    name: str | None
    """Short name; may repeat."""
    api_url: str | None
    username: str | None
    password: str | None
    weight_offset: float | None
    weight_scale: float | None
    is_parent: bool | None
    rpc_host: str | None
    rpc_port: int | None
    rpc_virtual_host: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class Certificate(TypedDict):
    """The file of an x509 certificate that a user has in a project."""

    id: int
    user_id: str | None
    project_id: str | None
    file_name: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class ComputeNode(TypedDict):
    """A hypervisor node: what it has and what of it is in use."""

    id: int
    service_id: int
    """Services.id; not enforced."""
    vcpus: int
    memory_mb: int
    local_gb: int
    vcpus_used: int
    memory_mb_used: int
    local_gb_used: int
    hypervisor_type: str
    hypervisor_version: int
    hypervisor_hostname: str | None
    free_ram_mb: int | None
    free_disk_gb: int | None
    current_workload: int | None
    """Number of tasks in progress."""
    running_vms: int | None
    cpu_info: str
    """JSON."""
    disk_available_least: int | None
    """GB that remain if every disk grows to its full size; may be negative."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class ComputeNodeStat(TypedDict):
    """A free-form key and value of a compute node's workload."""

    id: int
    key: str
    value: str | None
    compute_node_id: int
    """Compute_nodes.id; not enforced."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class ComputeNodeStatistics(TypedDict):
    count: int
    vcpus: int
    memory_mb: int
    local_gb: int
    vcpus_used: int
    memory_mb_used: int
    local_gb_used: int
    free_ram_mb: int
    free_disk_gb: int
    current_workload: int
    running_vms: int
    disk_available_least: int


class ComputeNodeWithStats(ComputeNode):
    """A hypervisor node: what it has and what of it is in use."""

    service: Service | None
    stats: list[ComputeNodeStat]


class Console(TypedDict):
    """An open console of an instance."""

    id: int
    instance_name: str | None
    instance_uuid: str | None
    password: str | None
    port: int | None
    pool_id: int | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class ConsolePool(TypedDict):
    """The access of a console proxy to the consoles of one compute host."""

    id: int
    address: str | None
    username: str | None
    password: str | None
    console_type: str | None
    public_hostname: str | None
    host: str | None
    """The proxy's host."""
    compute_host: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class ConsolePoolWithConsoles(ConsolePool):
    """The access of a console proxy to the consoles of one compute host."""

    consoles: list[Console]


class ConsoleWithPool(Console):
    """An open console of an instance."""

    pool: ConsolePool | None


class KeyPair(TypedDict):
    """A user's named ssh key, its public half."""

    id: int
    name: str | None
    user_id: str | None
    fingerprint: str | None
    public_key: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class CreatedKeyPair(KeyPair, total=False):
    """A user's named ssh key, its public half."""

    private_key: Any


class DNSDomain(TypedDict):
    """A DNS domain and the availability zone or project that it is for."""

    domain: str
    scope: str | None
    """Private: for a zone; public: for a project."""
    availability_zone: str | None
    project_id: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: bool | None
    """True once soft-deleted, which no API function does here."""


class FixedIp(TypedDict):
    """An address of a network and what it is used for."""

    id: int
    address: str | None
    """May repeat."""
    network_id: int | None
    """Not enforced."""
    virtual_interface_id: int | None
    """Not enforced."""
    instance_uuid: str | None
    """Null while the address is free."""
    allocated: bool | None
    """True while an interface uses the address."""
    leased: bool | None
    """True while the DHCP server has it leased."""
    reserved: bool | None
    """True: never handed out unasked."""
    host: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class FixedIpWithInstance(FixedIp):
    """An address of a network and what it is used for."""

    instance: Instance | None


class FixedIpWithNetwork(FixedIp):
    """An address of a network and what it is used for."""

    network: Network | None


class FloatingIp(TypedDict):
    """A public address that can be sent on to a fixed ip."""

    id: int
    address: str | None
    """One live row per address, by the API's own checks."""
    fixed_ip_id: int | None
    """Null while the address is not associated; not enforced."""
    project_id: str | None
    """Null while the address is not allocated."""
    host: str | None
    auto_assigned: bool | None
    pool: str | None
    interface: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class FloatingIpPool(TypedDict):
    name: str | None


class FloatingIpWithFixedIp(FloatingIp):
    """A public address that can be sent on to a fixed ip."""

    fixed_ip: FixedIpWithInstance | None


class Instance(TypedDict):
    """A virtual machine."""

    id: int
    user_id: str | None
    project_id: str | None
    image_ref: str | None
    kernel_id: str | None
    ramdisk_id: str | None
    hostname: str | None
    """The name the guest has for itself."""
    launch_index: int | None
    """Position among the instances of one request, from 0."""
    key_name: str | None
    key_data: str | None
    power_state: int | None
    vm_state: str | None
    task_state: str | None
    """Null while no task runs."""
    memory_mb: int | None
    vcpus: int | None
    root_gb: int | None
    ephemeral_gb: int | None
    host: str | None
    """Services.host of the compute service in charge, not the guest's hostname."""
    node: str | None
    """Compute_nodes.hypervisor_hostname."""
    instance_type_id: int | None
    """Instance_types.id, not its flavorid; not enforced."""
    user_data: str | None
    reservation_id: str | None
    """Shared by the instances of one request."""
    scheduled_at: datetime | None
    launched_at: datetime | None
    terminated_at: datetime | None
    availability_zone: str | None
    display_name: str | None
    display_description: str | None
    launched_on: str | None
    """The host of the first boot."""
    locked: bool | None
    os_type: str | None
    architecture: str | None
    vm_mode: str | None
    uuid: str
    """Generated when the caller gives none."""
    root_device_name: str | None
    default_ephemeral_device: str | None
    default_swap_device: str | None
    config_drive: str | None
    access_ip_v4: str | None
    access_ip_v6: str | None
    auto_disk_config: bool | None
    progress: int | None
    """Percent."""
    shutdown_terminate: bool | None
    disable_terminate: bool | None
    cell_name: str | None
    """Path of the cell, such as api!region!cell1; set in the topmost cell only."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""
    name: str


class InstanceAction(TypedDict):
    """A user's request to an instance, found by (instance_uuid, request_id)."""

    id: int
    action: str | None
    instance_uuid: str | None
    """May name no instance: not enforced."""
    request_id: str | None
    user_id: str | None
    project_id: str | None
    start_time: datetime | None
    finish_time: datetime | None
    message: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class InstanceActionEvent(TypedDict):
    """A step of an instance action."""

    id: int
    event: str | None
    action_id: int | None
    start_time: datetime | None
    finish_time: datetime | None
    result: str | None
    traceback: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class InstanceFault(TypedDict):
    """An error that an instance has run into."""

    id: int
    instance_uuid: str | None
    """May name no instance: not enforced."""
    code: int
    message: str | None
    details: str | None
    host: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class InstanceIdMapping(TypedDict):
    """The EC2 id of an instance."""

    id: int
    uuid: str
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class InstanceInfoCache(TypedDict):
    """The network information of an instance, cached; one row per instance, soft-deleted ones included."""

    id: int
    network_info: str | None
    """JSON, neither parsed nor checked."""
    instance_uuid: str
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class InstanceMetadata(TypedDict):
    """A key and value that the user has given an instance."""

    id: int
    key: str | None
    value: str | None
    instance_uuid: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class InstanceSystemMetadata(TypedDict):
    """A key and value that the system keeps for an instance."""

    id: int
    key: str
    value: str | None
    instance_uuid: str
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class InstanceType(TypedDict):
    """A flavor: the virtual hardware of an instance."""

    id: int
    name: str | None
    """One live row per name, by the API's own check."""
    memory_mb: int
    vcpus: int
    root_gb: int | None
    ephemeral_gb: int | None
    flavorid: str | None
    """The public id; one live row per flavorid, by the API's own check."""
    swap: int
    """MB."""
    rxtx_factor: float | None
    vcpu_weight: int | None
    disabled: bool | None
    is_public: bool | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""
    extra_specs: dict[str, str | None]


class InstanceTypeAccess(TypedDict):
    """A project's access to a flavor that is not public."""

    id: int
    instance_type_id: int
    project_id: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class InstanceTypeExtraSpecs(TypedDict):
    """A further requirement of a flavor."""

    id: int
    key: str | None
    value: str | None
    instance_type_id: int
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class InstanceWithSystemMetadata(Instance):
    """A virtual machine."""

    system_metadata: list[InstanceSystemMetadata]


class InstanceWithInfoCacheAndSystemMetadata(InstanceWithSystemMetadata):
    """A virtual machine."""

    info_cache: InstanceInfoCache | None


class InstanceWithMetadata(Instance):
    """A virtual machine."""

    metadata: list[InstanceMetadata]
    system_metadata: list[InstanceSystemMetadata]


class InstanceWithRelations(InstanceWithMetadata):
    """A virtual machine."""

    info_cache: InstanceInfoCache | None
    security_groups: list[SecurityGroup]


class InstanceWithRules(InstanceWithMetadata):
    """A virtual machine."""

    info_cache: InstanceInfoCache | None
    security_groups: list[SecurityGroupOfInstance]


class IscsiTarget(TypedDict):
    """The number of an iSCSI target on a host, and the volume that has it."""

    id: int
    target_num: int | None
    host: str | None
    volume_id: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class JoinedInstance(InstanceWithMetadata, total=False):
    """A virtual machine."""

    info_cache: InstanceInfoCache | None
    security_groups: list[SecurityGroup]
    block_device_mapping: list[BlockDeviceMapping]


class Migration(TypedDict):
    """A resize of an instance, or its move to another host."""

    id: int
    source_compute: str | None
    """Instances.host before the move."""
    dest_compute: str | None
    """Instances.host after the move."""
    source_node: str | None
    """Instances.node before the move."""
    dest_node: str | None
    """Instances.node after the move."""
    dest_host: str | None
    """An address, as plain text."""
    old_instance_type_id: int | None
    new_instance_type_id: int | None
    instance_uuid: str | None
    """May name no instance: not enforced."""
    status: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class MigrationWithInstance(Migration):
    """A resize of an instance, or its move to another host."""

    instance: InstanceWithSystemMetadata | None


class Network(TypedDict):
    """A network that fixed ips belong to."""

    id: int
    label: str | None
    injected: bool | None
    """True: addresses are written into the guest's disk."""
    cidr: str | None
    """May repeat."""
    cidr_v6: str | None
    """May repeat."""
    multi_host: bool | None
    """True: every host routes for its own instances."""
    gateway_v6: str | None
    netmask_v6: str | None
    netmask: str | None
    bridge: str | None
    bridge_interface: str | None
    gateway: str | None
    broadcast: str | None
    dns1: str | None
    dns2: str | None
    vlan: int | None
    vpn_public_address: str | None
    vpn_public_port: int | None
    vpn_private_address: str | None
    dhcp_start: str | None
    rxtx_base: int | None
    project_id: str | None
    """Null while the network is free."""
    priority: int | None
    host: str | None
    """The host that routes, unless multi_host."""
    uuid: str | None
    """Generated when the caller gives none."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class ProviderFirewallRule(TypedDict):
    """A firewall rule of the provider, for all hosts and instances."""

    id: int
    protocol: str | None
    from_port: int | None
    to_port: int | None
    cidr: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class Quota(TypedDict):
    """A project's limit of one resource; without a row its quota class's limit holds, then the configured one."""

    id: int
    project_id: str | None
    resource: str
    hard_limit: int | None
    """Null and negative: no limit."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class QuotaClass(TypedDict):
    """A quota class's limit of one resource."""

    id: int
    class_name: str | None
    resource: str | None
    hard_limit: int | None
    """Null and negative: no limit."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class QuotaUsage(TypedDict):
    """How much of one resource a project uses and has set aside."""

    id: int
    project_id: str | None
    resource: str | None
    in_use: int
    """Negative: count anew at the next reservation."""
    reserved: int
    """The sum of the open positive reservations."""
    until_refresh: int | None
    """Reservations left before a recount; null: not counted down."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""
    total: int


class Reservation(TypedDict):
    """A change of a usage that waits to be committed, rolled back or expired."""

    id: int
    uuid: str
    usage_id: int
    project_id: str | None
    resource: str | None
    delta: int
    expire: datetime | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class S3Image(TypedDict):
    """The EC2 id of an image."""

    id: int
    uuid: str
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class SecurityGroup(TypedDict):
    """A project's named set of ingress rules."""

    id: int
    name: str | None
    description: str | None
    user_id: str | None
    project_id: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class SecurityGroupDefaultRule(TypedDict):
    """A rule that every new default security group starts with a copy of."""

    id: int
    protocol: str | None
    from_port: int | None
    to_port: int | None
    cidr: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class SecurityGroupInstanceAssociation(TypedDict):
    """An instance's membership of a security group."""

    id: int
    security_group_id: int | None
    instance_uuid: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class SecurityGroupOfInstance(SecurityGroup):
    """A project's named set of ingress rules."""

    rules: list[SecurityGroupRule]


class SecurityGroupRule(TypedDict):
    """A rule of a security group: lets traffic in from a cidr, or from the members of another group."""

    id: int
    parent_group_id: int | None
    """The group that has the rule."""
    protocol: str | None
    """Tcp, udp, icmp or null."""
    from_port: int | None
    to_port: int | None
    cidr: str | None
    group_id: int | None
    """The group whose members are let in."""
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class SecurityGroupRuleWithGranteeGroup(SecurityGroupRule):
    """A rule of a security group: lets traffic in from a cidr, or from the members of another group."""

    grantee_group: SecurityGroup | None


class SecurityGroupRuleWithMembers(SecurityGroupRule):
    """A rule of a security group: lets traffic in from a cidr, or from the members of another group."""

    grantee_group: SecurityGroupWithInstances | None


class SecurityGroupWithInstances(SecurityGroup):
    """A project's named set of ingress rules."""

    instances: list[InstanceWithInfoCacheAndSystemMetadata]


class SecurityGroupWithRules(SecurityGroup):
    """A project's named set of ingress rules."""

    rules: list[SecurityGroupRuleWithGranteeGroup]


class SecurityGroupWithMembers(SecurityGroupWithRules):
    """A project's named set of ingress rules."""

    instances: list[Instance]


class Service(TypedDict):
    """A kind of service process that runs on a host."""

    id: int
    host: str | None
    binary: str | None
    topic: str | None
    report_count: int
    """Heartbeats."""
    disabled: bool | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class ServiceWithComputeNode(Service):
    """A kind of service process that runs on a host."""

    compute_node: list[ComputeNode]


class Snapshot(TypedDict):
    """A snapshot of a volume."""

    id: str
    user_id: str | None
    project_id: str | None
    volume_id: str
    status: str | None
    progress: str | None
    volume_size: int | None
    """GB."""
    display_name: str | None
    display_description: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: str | None
    """Empty while the row is live, its own id once soft-deleted."""


class SnapshotIdMapping(TypedDict):
    """The EC2 id of a snapshot."""

    id: int
    uuid: str
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class TaskLog(TypedDict):
    """A host's run of a periodic task for one period."""

    id: int
    task_name: str
    state: str
    """RUNNING or DONE."""
    host: str
    period_beginning: datetime
    period_ending: datetime
    message: str
    task_items: int | None
    errors: int | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class VirtualInterface(TypedDict):
    """A network card of an instance."""

    id: int
    address: str | None
    """MAC address, kept and compared as given."""
    network_id: int | None
    """Not enforced."""
    instance_uuid: str | None
    uuid: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class Volume(TypedDict):
    """A block storage volume."""

    id: str
    ec2_id: str | None
    user_id: str | None
    project_id: str | None
    snapshot_id: str | None
    host: str | None
    size: int | None
    """GB."""
    availability_zone: str | None
    instance_uuid: str | None
    """Not enforced."""
    mountpoint: str | None
    attach_time: datetime | None
    status: str | None
    attach_status: str | None
    scheduled_at: datetime | None
    launched_at: datetime | None
    terminated_at: datetime | None
    display_name: str | None
    display_description: str | None
    provider_location: str | None
    provider_auth: str | None
    volume_type_id: int | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: str | None
    """Empty while the row is live, its own id once soft-deleted."""


class VolumeIdMapping(TypedDict):
    """The EC2 id of a volume."""

    id: int
    uuid: str
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class VolumeUsage(TypedDict):
    """The reads and writes of one volume: tot_ of finished periods, curr_ since it was attached."""

    id: int
    volume_id: str
    instance_id: int | None
    """Instances.id; not enforced."""
    tot_last_refreshed: datetime | None
    tot_reads: int | None
    tot_read_bytes: int | None
    tot_writes: int | None
    tot_write_bytes: int | None
    curr_last_refreshed: datetime | None
    curr_reads: int | None
    curr_read_bytes: int | None
    curr_writes: int | None
    curr_write_bytes: int | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""


class WrittenInfoCache(TypedDict):
    """The network information of an instance, cached; one row per instance, soft-deleted ones included."""

    id: int | None
    network_info: str | None
    """JSON, neither parsed nor checked."""
    instance_uuid: str | None
    created_at: datetime | None
    updated_at: datetime | None
    """Null until the first update."""
    deleted_at: datetime | None
    deleted: int | None
    """0 while the row is live, its own id once it is soft-deleted."""
