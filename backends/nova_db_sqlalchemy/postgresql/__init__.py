"""All that is known of PostgreSQL."""

from __future__ import annotations
