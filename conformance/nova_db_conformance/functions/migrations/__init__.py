"""The family ``migrations``; what is promised stands in ``nova_db/driver/migrations.py``."""

from __future__ import annotations
