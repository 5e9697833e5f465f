"""Networks: single ones in ``single``, many in ``lists``."""

from __future__ import annotations

from nova_db.operations.networks.lists import NetworkLists
from nova_db.operations.networks.single import SingleNetworks


class NetworksOperations(NetworkLists, SingleNetworks):
    """All functions of the family."""
