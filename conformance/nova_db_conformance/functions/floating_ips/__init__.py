"""The family ``floating_ips``; what is promised stands in ``nova_db/driver/floating_ips.py``."""

from __future__ import annotations
