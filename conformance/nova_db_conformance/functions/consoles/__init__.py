"""The family ``consoles``; what is promised stands in ``nova_db/driver/consoles.py``."""

from __future__ import annotations
