"""The family ``networks``; what is promised stands in ``nova_db/driver/networks.py``."""

from __future__ import annotations
