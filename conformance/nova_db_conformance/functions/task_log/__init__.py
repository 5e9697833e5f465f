"""The family ``task_log``; what is promised stands in ``nova_db/driver/task_log.py``."""

from __future__ import annotations
