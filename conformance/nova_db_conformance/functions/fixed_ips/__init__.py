"""The family ``fixed_ips``; what is promised stands in ``nova_db/driver/fixed_ips.py``."""

from __future__ import annotations
