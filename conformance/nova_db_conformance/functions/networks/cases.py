"""What the tests of networks share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.values import a_uuid

COMPLETE: dict[str, Any] = {
    "id": 7,
    "label": "größe",
    "injected": True,
    "cidr": "10.0.0.5/24",
    "cidr_v6": "2001:db8::/64",
    "multi_host": True,
    "gateway_v6": "2001:db8::1",
    "netmask_v6": "64",
    "netmask": "255.255.255.0",
    "bridge": "br100",
    "bridge_interface": "eth0",
    "gateway": "10.0.0.1",
    "broadcast": "10.0.0.255",
    "dns1": "8.8.8.8",
    "dns2": "no address",
    "vlan": 100,
    "vpn_public_address": "192.0.2.1",
    "vpn_public_port": 1000,
    "vpn_private_address": "10.0.0.2",
    "dhcp_start": "10.0.0.3",
    "rxtx_base": 3,
    "project_id": "p1",
    "priority": 0,
    "host": "host1",
    "uuid": a_uuid(),
    "created_at": NOON,
    "updated_at": NOON + dt.timedelta(days=1),
    "deleted_at": NOON + dt.timedelta(days=2),
    "deleted": 0,
}
