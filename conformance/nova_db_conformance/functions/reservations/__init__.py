"""The family ``reservations``; what is promised stands in ``nova_db/driver/reservations.py``."""

from __future__ import annotations
