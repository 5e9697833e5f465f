"""The family ``archiving``; what is promised stands in ``nova_db/driver/archiving.py``."""

from __future__ import annotations
