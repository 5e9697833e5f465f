"""Networks, their addresses, and the pool of floating addresses."""

from __future__ import annotations

import ipaddress

from nova_db.cli.day.scene import Scene

PROJECTS = 6
"""Projects of a day; each gets a network of its own."""


def lay_out(scene: Scene) -> None:
    """A network a project, with enough addresses for its instances, and a pool of floating addresses."""
    db, admin = scene.db, scene.admin
    size = scene.instance_count // PROJECTS + 16
    for number in range(PROJECTS):
        block = ipaddress.ip_network((int(ipaddress.ip_address("10.0.0.0")) + (number << 16), 16))
        network = db.network_create_safe(
            admin,
            {
                "label": f"net-{scene.mark}-{number}",
                "cidr": str(block),
                "gateway": str(block[1]),
                "bridge": f"br{number}",
                "multi_host": True,
            },
        )
        addresses = [
            {"address": str(block[index]), "network_id": network["id"], "reserved": index < 3}
            for index in range(1, size + 3)
        ]
        db.fixed_ip_bulk_create(admin, addresses)
        db.network_count_reserved_ips(admin, network["id"])
        scene.networks[project_name(scene, number)] = network
    pool = ipaddress.ip_network("198.51.100.0/24")
    known = {row["address"] for row in _floating(scene)}
    new = [{"address": str(address), "pool": "public"} for address in pool.hosts() if str(address) not in known]
    db.floating_ip_bulk_create(admin, new)
    db.dnsdomain_register_for_zone(admin, f"{scene.mark}.cloud.example", "north")


def project_name(scene: Scene, number: int) -> str:
    """The name of a project of the day."""
    return f"project-{scene.mark}-{number}"


def _floating(scene: Scene) -> list[dict[str, object]]:
    from nova_db import exceptions

    try:
        found: list[dict[str, object]] = scene.db.floating_ip_get_all(scene.admin)
    except exceptions.NoFloatingIpsDefined:
        return []
    return found
