"""Projects: users, quotas, key pairs, security groups, flavors."""

from __future__ import annotations

import contextlib
from typing import Any

from nova_db import exceptions
from nova_db.cli.day.networks import project_name
from nova_db.cli.day.scene import Scene
from nova_db.cli.seed import DEFAULT_FLAVORS
from nova_db.context import RequestContext


def move_in(scene: Scene) -> None:
    """Each project gets quotas and a network, its user a key pair and a security group of its own."""
    db, admin = scene.db, scene.admin
    scene.flavors = _flavors(scene)
    for number in range(len(scene.networks)):
        project = project_name(scene, number)
        user = RequestContext(scene.name("user", number), project, is_admin=False, overwrite=False)
        scene.users.append(user)
        scene.networks[project] = db.network_associate(admin, project, scene.networks[project]["id"])
        for resource, limit in (("instances", scene.instance_count), ("cores", -1), ("ram", -1)):
            db.quota_create(admin, project, resource, limit)
        _user(scene, user)
    own = scene.name("flavor")
    scene.flavors.append(db.instance_type_create(admin, {**DEFAULT_FLAVORS[1], "name": own, "flavorid": own}))
    db.instance_type_extra_specs_update_or_create(admin, own, {"hw:cpu_policy": "shared"})


def _user(scene: Scene, user: RequestContext) -> None:
    db = scene.db
    key = {"user_id": user.user_id, "name": "laptop", "fingerprint": "d4:1d:8c:d9", "public_key": "ssh-ed25519 AAAA"}
    db.key_pair_create(user, key)
    db.security_group_ensure_default(user)
    if not db.security_group_exists(user, user.project_id, "web"):
        values = {
            "name": "web",
            "description": "from everywhere",
            "user_id": user.user_id,
            "project_id": user.project_id,
        }
        group = db.security_group_create(user, values)
        for port in (80, 443):
            rule = {"parent_group_id": group["id"], "protocol": "tcp", "from_port": port, "to_port": port}
            db.security_group_rule_create(user, {**rule, "cidr": "0.0.0.0/0"})
    try:
        db.quota_get_all_by_project(user, "somebody-elses")
    except exceptions.NotAuthorized:
        db.quota_get_all_by_project(user, user.project_id)


def _flavors(scene: Scene) -> list[dict[str, Any]]:
    """The default flavors, those that are missing made."""
    return [_flavor(scene, flavor) for flavor in DEFAULT_FLAVORS]


def _flavor(scene: Scene, values: dict[str, Any]) -> dict[str, Any]:
    with contextlib.suppress(exceptions.InstanceTypeExists, exceptions.InstanceTypeIdExists):
        return scene.driver.instance_type_create(scene.admin, values)
    return scene.driver.instance_type_get_by_flavor_id(scene.admin, values["flavorid"])
