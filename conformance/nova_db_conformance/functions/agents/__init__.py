"""The family ``agents``; what is promised stands in ``nova_db/driver/agents.py``."""

from __future__ import annotations
