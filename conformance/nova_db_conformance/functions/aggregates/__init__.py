"""The family ``aggregates``; what is promised stands in ``nova_db/driver/aggregates.py``."""

from __future__ import annotations
