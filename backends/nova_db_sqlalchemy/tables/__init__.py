"""The tables as the SQL backend sees them: the catalog, and SQLAlchemy's description of it."""

from __future__ import annotations
