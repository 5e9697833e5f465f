"""The family ``block_devices``; what is promised stands in ``nova_db/driver/block_devices.py``."""

from __future__ import annotations
