"""Floating ips: single ones in ``single``, many in ``lists``."""

from __future__ import annotations

from nova_db.operations.floating_ips.lists import FloatingIpLists
from nova_db.operations.floating_ips.single import SingleFloatingIps


class FloatingIpsOperations(FloatingIpLists, SingleFloatingIps):
    """All functions of the family."""
