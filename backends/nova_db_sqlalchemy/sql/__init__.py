"""From shapes to compiled statements, and from rows to records."""

from __future__ import annotations
