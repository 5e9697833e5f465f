"""The family ``quotas``; what is promised stands in ``nova_db/driver/quotas.py``."""

from __future__ import annotations
