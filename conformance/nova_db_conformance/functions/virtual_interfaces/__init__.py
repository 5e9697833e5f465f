"""The family ``virtual_interfaces``; what is promised stands in ``nova_db/driver/virtual_interfaces.py``."""

from __future__ import annotations
