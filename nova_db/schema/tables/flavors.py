"""Flavors, their extra specs, and who may use them."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import SOURCE, TARGET, boolean, index, integer, many, one, real, serial, string, table

INSTANCE_TYPES: Final = table(
    "instance_types",
    "InstanceTypes",
    "A flavor: the virtual hardware of an instance.",
    serial("id"),
    string("name", doc="one live row per name, by the API's own check"),
    integer("memory_mb", null=False),
    integer("vcpus", null=False),
    integer("root_gb"),
    integer("ephemeral_gb"),
    string("flavorid", doc="the public id; one live row per flavorid, by the API's own check"),
    integer("swap", null=False, default=0, doc="MB"),
    real("rxtx_factor", default=1.0),
    integer("vcpu_weight"),
    boolean("disabled", default=False),
    boolean("is_public", default=True),
    index("name"),
    index("flavorid"),
    many("extra_specs", "id", "instance_type_extra_specs.instance_type_id", live=TARGET),
    many("projects", "id", "instance_type_projects.instance_type_id", live=TARGET),
)

INSTANCE_TYPE_EXTRA_SPECS: Final = table(
    "instance_type_extra_specs",
    "InstanceTypeExtraSpecs",
    "A further requirement of a flavor.",
    serial("id"),
    string("key"),
    string("value"),
    integer("instance_type_id", null=False, references="instance_types.id"),
    index("instance_type_id", "key"),
    one("instance_type", "instance_type_id", "instance_types.id", live=SOURCE),
)

INSTANCE_TYPE_PROJECTS: Final = table(
    "instance_type_projects",
    "InstanceTypeProjects",
    "A project's access to a flavor that is not public.",
    serial("id"),
    integer("instance_type_id", null=False, references="instance_types.id"),
    string("project_id"),
    index("instance_type_id"),
    index("project_id"),
    one("instance_type", "instance_type_id", "instance_types.id", live=SOURCE),
)
