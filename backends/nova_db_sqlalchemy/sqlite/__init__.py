"""All that is known of SQLite."""

from __future__ import annotations
