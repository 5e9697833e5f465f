"""The family ``certificates``; what is promised stands in ``nova_db/driver/certificates.py``."""

from __future__ import annotations
