"""Hosts: services, compute nodes, aggregates."""

from __future__ import annotations

import json

from nova_db.cli.day.scene import Scene

_CONTROLLERS = ("scheduler", "conductor", "network", "consoleauth")
_ZONES = ("north", "south")


def report_in(scene: Scene) -> None:
    """Services report in for the first time, compute hosts with what they have; hosts are grouped into zones."""
    db, admin = scene.db, scene.admin
    for topic in _CONTROLLERS:
        values = {"host": scene.name("controller"), "binary": f"nova-{topic}", "topic": topic}
        scene.services[topic] = db.service_create(admin, values)
    for number in range(scene.host_count):
        _compute_host(scene, scene.name("compute", f"{number:03d}"))
    for index, zone in enumerate(_ZONES):
        metadata = {"availability_zone": zone, "cooling": "water" if index else "air"}
        aggregate = db.aggregate_create(admin, {"name": scene.name(zone)}, metadata)
        for host in scene.hosts[index :: len(_ZONES)]:
            db.aggregate_host_add(admin, aggregate["id"], host)
    db.aggregate_host_get_by_metadata_key(admin, "availability_zone")
    heartbeat(scene)
    db.compute_node_statistics(admin)


def heartbeat(scene: Scene) -> None:
    """Every service counts up, every compute node tells what is in use."""
    db, admin = scene.db, scene.admin
    for name, service in scene.services.items():
        count = service["report_count"] + 1
        scene.services[name] = db.service_update(admin, service["id"], {"report_count": count})
    for host, node in scene.nodes.items():
        running = db.instance_get_all_by_host(admin, host, [])
        used = sum(instance["memory_mb"] or 0 for instance in running)
        values = {
            "memory_mb_used": used,
            "free_ram_mb": node["memory_mb"] - used,
            "running_vms": len(running),
            "stats": {"num_instances": len(running), "io_workload": scene.chance.randrange(5)},
        }
        scene.nodes[host] = db.compute_node_update(admin, node["id"], values)


def _compute_host(scene: Scene, host: str) -> None:
    values = {"host": host, "binary": "nova-compute", "topic": "compute"}
    service = scene.db.service_create(scene.admin, values)
    node = {
        "service_id": service["id"],
        "vcpus": 64,
        "memory_mb": 524288,
        "local_gb": 8192,
        "vcpus_used": 0,
        "memory_mb_used": 0,
        "local_gb_used": 0,
        "hypervisor_type": "QEMU",
        "hypervisor_version": 1004000,
        "hypervisor_hostname": f"{host}.cloud.example",
        "cpu_info": json.dumps({"arch": "x86_64", "topology": {"cores": 16, "threads": 2, "sockets": 2}}),
        "stats": {"num_instances": 0},
    }
    scene.hosts.append(host)
    scene.services[host] = service
    scene.nodes[host] = scene.db.compute_node_create(scene.admin, node)
