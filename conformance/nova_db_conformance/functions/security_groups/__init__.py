"""The family ``security_groups``; what is promised stands in ``nova_db/driver/security_groups.py``."""

from __future__ import annotations
