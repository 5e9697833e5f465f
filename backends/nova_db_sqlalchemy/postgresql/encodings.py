"""The encoding of a database on PostgreSQL."""

from __future__ import annotations

from typing import Final

NEEDED: Final = "UTF8"


def encoding_fault(encoding: str | None, database: str | None) -> str | None:
    """What to say of a database in an encoding of the server's; None: it holds every text."""
    if encoding in (None, NEEDED):
        return None
    return (
        f"The database {database} is in the encoding {encoding}, which cannot hold every text, and a database "
        f"keeps its encoding: make another one with CREATE DATABASE ... ENCODING '{NEEDED}' TEMPLATE template0."
    )
