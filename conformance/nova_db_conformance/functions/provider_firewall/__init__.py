"""The family ``provider_firewall``; what is promised stands in ``nova_db/driver/provider_firewall.py``."""

from __future__ import annotations
