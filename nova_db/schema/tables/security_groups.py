"""Security groups, their rules and members, and the provider's own rules."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import SOURCE, TARGET, VIA, cidr, index, integer, many, one, serial, string, table, uuid

SECURITY_GROUPS: Final = table(
    "security_groups",
    "SecurityGroup",
    "A project's named set of ingress rules.",
    serial("id"),
    string("name"),
    string("description"),
    string("user_id"),
    string("project_id"),
    index("project_id", "deleted"),
    many("rules", "id", "security_group_rules.parent_group_id", live=TARGET),
    many(
        "instances",
        "id",
        "instances.uuid",
        via=("security_group_instance_association", "security_group_id", "instance_uuid"),
        live=SOURCE | VIA | TARGET,
    ),
)

SECURITY_GROUP_INSTANCE_ASSOCIATION: Final = table(
    "security_group_instance_association",
    "SecurityGroupInstanceAssociation",
    "An instance's membership of a security group.",
    serial("id"),
    integer("security_group_id", references="security_groups.id"),
    uuid("instance_uuid", references="instances.uuid"),
    index("security_group_id"),
    index("instance_uuid"),
)

SECURITY_GROUP_RULES: Final = table(
    "security_group_rules",
    "SecurityGroupIngressRule",
    "A rule of a security group: lets traffic in from a cidr, or from the members of another group.",
    serial("id"),
    integer("parent_group_id", references="security_groups.id", doc="the group that has the rule"),
    string("protocol", doc="tcp, udp, icmp or null"),
    integer("from_port"),
    integer("to_port"),
    cidr("cidr"),
    integer("group_id", references="security_groups.id", doc="the group whose members are let in"),
    index("parent_group_id"),
    index("group_id"),
    one("parent_group", "parent_group_id", "security_groups.id", live=SOURCE),
    one("grantee_group", "group_id", "security_groups.id", live=SOURCE),
)

SECURITY_GROUP_DEFAULT_RULES: Final = table(
    "security_group_default_rules",
    "SecurityGroupIngressDefaultRule",
    "A rule that every new default security group starts with a copy of.",
    serial("id"),
    string("protocol", 5),
    integer("from_port"),
    integer("to_port"),
    cidr("cidr"),
    archived=False,
)

PROVIDER_FW_RULES: Final = table(
    "provider_fw_rules",
    "ProviderFirewallRule",
    "A firewall rule of the provider, for all hosts and instances.",
    serial("id"),
    string("protocol", 5),
    integer("from_port"),
    integer("to_port"),
    cidr("cidr"),
)
