"""The family ``usage_caches``; what is promised stands in ``nova_db/driver/usage_caches.py``."""

from __future__ import annotations
