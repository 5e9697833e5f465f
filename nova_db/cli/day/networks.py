"""Networks, their addresses, and the pool of floating addresses."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator

from nova_db.cli.day.scene import Scene

POOL = "demo-public"
"""The pool of the floating addresses, which all days share."""
PROJECTS = 6
"""Projects of a day; each gets a network of its own."""


def lay_out(scene: Scene) -> None:
    """A network a project, with enough addresses for its instances, and a pool of floating addresses."""
    db, admin = scene.db, scene.admin
    size = scene.instance_count // PROJECTS + 16
    for number, block in zip(range(PROJECTS), _free_blocks(scene, size + 4), strict=False):
        network = db.network_create_safe(
            admin,
            {
                "label": scene.name("net", number),
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
    new = [{"address": str(address), "pool": POOL} for address in pool.hosts() if str(address) not in known]
    db.floating_ip_bulk_create(admin, new)
    db.dnsdomain_register_for_zone(admin, f"{scene.name('zone')}.cloud.example", "north")


def project_name(scene: Scene, number: int) -> str:
    """The name of a project of the day."""
    return scene.name("project", number)


def _free_blocks(scene: Scene, size: int) -> Iterator[ipaddress.IPv4Network]:
    """Blocks of so many addresses that no network has: functions look addresses up by their text alone."""
    from nova_db import exceptions

    bits = size.bit_length()
    taken = set()
    with contextlib.suppress(exceptions.NoFixedIpsDefined):
        for row in scene.db.fixed_ip_get_all(scene.admin):
            address = ipaddress.ip_address(row["address"])
            taken.add(int(address) >> bits)
    for block in ipaddress.IPv4Network("10.0.0.0/8").subnets(new_prefix=32 - bits):
        if int(block[0]) >> bits not in taken:
            yield block


def _floating(scene: Scene) -> list[dict[str, object]]:
    from nova_db import exceptions

    try:
        found: list[dict[str, object]] = scene.db.floating_ip_get_all(scene.admin)
    except exceptions.NoFloatingIpsDefined:
        return []
    return found
