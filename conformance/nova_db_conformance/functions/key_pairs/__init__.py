"""The family ``key_pairs``; what is promised stands in ``nova_db/driver/key_pairs.py``."""

from __future__ import annotations
