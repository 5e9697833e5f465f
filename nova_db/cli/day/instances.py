"""Instances: started with quota and addresses, used, listed, moved, destroyed."""

from __future__ import annotations

import datetime as dt
import json
import uuid as uuidlib
from collections.abc import Mapping
from typing import Any

from nova_db import exceptions
from nova_db.cli.day.hosts import heartbeat
from nova_db.cli.day.networks import POOL
from nova_db.cli.day.scene import Scene
from nova_db.clock import utcnow
from nova_db.context import RequestContext

_LISTED = 20


class _Counted:
    """A quota resource that is counted in the instances of a project."""

    def __init__(self, db: Any) -> None:
        self._db = db

    def sync(self, context: Any, project_id: Any, session: Any) -> Mapping[str, int]:
        found = self._db.instance_data_get_for_project(context, project_id, session=session)
        return dict(zip(("instances", "cores", "ram"), found, strict=True))


def start(scene: Scene) -> None:
    """Reserve quota, create, take an address, build, commit; one in forty builds fails."""
    for number in range(scene.instance_count):
        user = scene.users[number % len(scene.users)]
        flavor = scene.chance.choice(scene.flavors)
        deltas = {"instances": 1, "cores": flavor["vcpus"], "ram": flavor["memory_mb"]}
        reservations = reserve(scene, user, deltas)
        instance = _create(scene, user, flavor, number)
        if number % 40 == 39:
            _fail(scene, user, instance["uuid"], reservations)
        else:
            _build(scene, user, instance["uuid"], number)
            scene.db.reservation_commit(user, reservations, user.project_id)
            scene.instances[instance["uuid"]] = user
    heartbeat(scene)
    _one_too_many(scene)


def use(scene: Scene) -> None:
    """Reboot, rename, tag, attach floating addresses, cache network information."""
    db = scene.db
    for uuid in scene.some(0.5):
        user = scene.instances[uuid]
        request = f"req-{uuidlib.uuid4()}"
        db.action_start(user, {"action": "reboot", "instance_uuid": uuid, "request_id": request})
        db.instance_update(user, uuid, {"task_state": "rebooting", "expected_task_state": None})
        db.instance_update_and_get_original(user, uuid, {"task_state": None, "expected_task_state": ["rebooting"]})
        db.action_finish(user, {"instance_uuid": uuid, "request_id": request, "finish_time": utcnow()})
    for uuid in scene.some(0.3):
        user = scene.instances[uuid]
        db.instance_metadata_update(user, uuid, {"tier": "gold", "owner": "ops"}, False)
        db.instance_info_cache_update(user, uuid, {"network_info": json.dumps([{"label": "private"}])})
    for uuid in scene.some(0.1):
        user = scene.instances[uuid]
        try:
            floating = db.floating_ip_allocate_address(user, user.project_id, POOL)
        except exceptions.NoMoreFloatingIps:
            break
        fixed = db.fixed_ip_get_by_instance(user, uuid)[0]
        db.floating_ip_fixed_ip_associate(user, floating, fixed["address"], None)


def look(scene: Scene) -> None:
    """List by project, filters, host and page; read single instances."""
    db = scene.db
    for user in scene.users:
        db.instance_get_all_by_filters(user, {"vm_state": "active", "deleted": False}, limit=_LISTED)
        db.instance_get_all_by_filters(user, {"display_name": "^web-.*[02468]$", "metadata": {"tier": "gold"}})
        page = db.instance_get_all_by_filters(user, {}, "hostname", "asc", limit=_LISTED)
        while len(page) == _LISTED:  # each page begins after the last one's end
            page = db.instance_get_all_by_filters(user, {}, "hostname", "asc", limit=_LISTED, marker=page[-1]["uuid"])
        db.security_group_get_by_project(user, user.project_id)
    for host in scene.hosts:
        db.instance_get_all_by_host(scene.admin, host)
        db.service_get_by_compute_host(scene.admin, host)
    for uuid in scene.some(0.5):
        db.instance_get_by_uuid(scene.instances[uuid], uuid)
    since = {"changes-since": utcnow() - dt.timedelta(minutes=5)}
    db.instance_get_all_by_filters(scene.admin, since, limit=_LISTED)


def move(scene: Scene) -> None:
    """Migrate a few instances to another host."""
    db, admin = scene.db, scene.admin
    for uuid in scene.some(0.05):
        source = db.instance_get_by_uuid(admin, uuid)["host"]
        target = scene.chance.choice([host for host in scene.hosts if host != source])
        values = {"instance_uuid": uuid, "source_compute": source, "dest_compute": target, "status": "migrating"}
        migration = db.migration_create(admin, values)
        db.instance_update(admin, uuid, {"host": target, "launched_on": source})
        db.migration_update(admin, migration["id"], {"status": "confirmed"})


def destroy(scene: Scene) -> None:
    """Destroy a third, give addresses and quota back; a constraint protects what is still at work."""
    db = scene.db
    unless_busy = db.constraint(task_state=db.equal_any(None, "deleting"))
    for uuid in scene.some(1 / 3):
        user = scene.instances.pop(uuid)
        instance = db.instance_get_by_uuid(user, uuid)
        deltas = {"instances": -1, "cores": -instance["vcpus"], "ram": -instance["memory_mb"]}
        reservations = reserve(scene, user, deltas)
        db.instance_update(user, uuid, {"task_state": "deleting"})
        _give_addresses_back(scene, user, uuid)
        db.instance_update(user, uuid, {"vm_state": "deleted", "task_state": None, "terminated_at": utcnow()})
        db.instance_destroy(user, uuid, unless_busy)
        db.reservation_commit(user, reservations, user.project_id)
    heartbeat(scene)


def reserve(scene: Scene, user: RequestContext, deltas: dict[str, int]) -> list[str]:
    """Reserve quota for an hour."""
    resources = dict.fromkeys(deltas, _Counted(scene.db))
    limits = {**dict.fromkeys(deltas, -1), **scene.db.quota_get_all_by_project(user, user.project_id)}
    expire = utcnow() + dt.timedelta(hours=1)
    return scene.driver.quota_reserve(user, resources, limits, deltas, expire, 0, 0)


def _create(scene: Scene, user: RequestContext, flavor: dict[str, Any], number: int) -> dict[str, Any]:
    values = {
        "project_id": user.project_id,
        "user_id": user.user_id,
        "display_name": f"web-{number}",
        "hostname": f"web-{number}",
        "image_ref": "0b1c2d3e-0000-4000-8000-00000000cafe",
        "instance_type_id": flavor["id"],
        "memory_mb": flavor["memory_mb"],
        "vcpus": flavor["vcpus"],
        "root_gb": flavor["root_gb"],
        "vm_state": "building",
        "task_state": "scheduling",
        "key_name": "laptop",
        "metadata": {"role": "web", "number": str(number)},
        "system_metadata": {"instance_type_name": flavor["name"], "image_min_ram": "256"},
        "security_groups": ["default", "web"],
    }
    return scene.driver.instance_create(user, values)


def _build(scene: Scene, user: RequestContext, uuid: str, number: int) -> None:
    db, admin, host = scene.db, scene.admin, scene.hosts[number % len(scene.hosts)]
    values = {"host": host, "node": f"{host}.cloud.example", "task_state": "networking"}
    db.instance_update(admin, uuid, {**values, "expected_task_state": "scheduling"})
    network = scene.networks[str(user.project_id)]
    mac = ":".join(f"{byte:02x}" for byte in uuidlib.uuid4().bytes[:6])
    card = db.virtual_interface_create(
        admin, {"address": mac, "network_id": network["id"], "instance_uuid": uuid, "uuid": str(uuidlib.uuid4())}
    )
    address = db.fixed_ip_associate_pool(admin, network["id"], uuid)
    db.fixed_ip_update(admin, address, {"allocated": True, "virtual_interface_id": card["id"]})
    running = {"vm_state": "active", "task_state": None, "power_state": 1, "launched_at": utcnow()}
    db.instance_update(admin, uuid, {**running, "expected_task_state": ["networking"]})


def _fail(scene: Scene, user: RequestContext, uuid: str, reservations: list[str]) -> None:
    db = scene.db
    fault = {"instance_uuid": uuid, "code": 500, "message": "NoValidHost", "details": "no host has room"}
    db.instance_fault_create(user, fault)
    db.instance_update(user, uuid, {"vm_state": "error", "task_state": None})
    db.reservation_rollback(user, reservations, user.project_id)


def _give_addresses_back(scene: Scene, user: RequestContext, uuid: str) -> None:
    db, admin = scene.db, scene.admin
    for floating in db.instance_floating_address_get_all(user, uuid):
        db.floating_ip_disassociate(user, floating["address"])
        db.floating_ip_deallocate(user, floating["address"])
    for fixed in db.fixed_ip_get_by_instance(admin, uuid):
        values = {"allocated": False, "virtual_interface_id": None, "leased": False}
        db.fixed_ip_update(admin, fixed["address"], values)
        db.fixed_ip_disassociate(admin, fixed["address"])
    db.virtual_interface_delete_by_instance(admin, uuid)


def _one_too_many(scene: Scene) -> None:
    """Nobody gets more than the quota."""
    user = scene.users[0]
    try:
        reserve(scene, user, {"instances": scene.instance_count + 1})
    except exceptions.OverQuota:
        return
    raise AssertionError("quota_reserve has granted more than the quota")
