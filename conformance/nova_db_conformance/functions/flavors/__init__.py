"""The family ``flavors``; what is promised stands in ``nova_db/driver/flavors.py``."""

from __future__ import annotations
