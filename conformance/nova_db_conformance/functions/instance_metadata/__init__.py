"""The family ``instance_metadata``; what is promised stands in ``nova_db/driver/instance_metadata.py``."""

from __future__ import annotations
