"""The family ``dns_domains``; what is promised stands in ``nova_db/driver/dns_domains.py``."""

from __future__ import annotations
