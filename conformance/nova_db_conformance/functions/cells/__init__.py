"""The family ``cells``; what is promised stands in ``nova_db/driver/cells.py``."""

from __future__ import annotations
