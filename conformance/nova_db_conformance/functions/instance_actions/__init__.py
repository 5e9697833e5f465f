"""The family ``instance_actions``; what is promised stands in ``nova_db/driver/instance_actions.py``."""

from __future__ import annotations
