"""The family ``instances``; what is promised stands in ``nova_db/driver/instances.py``."""

from __future__ import annotations
