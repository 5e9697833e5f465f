"""The family ``services``; what is promised stands in ``nova_db/driver/services.py``."""

from __future__ import annotations
