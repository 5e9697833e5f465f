"""What a URL of SQLite names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa


def is_memory(url: sa.URL) -> bool:
    """Whether it is a database in memory: private to the engine, which takes it along when it ends."""
    return (
        url.database in (None, "", ":memory:")
        or "mode=memory" in str(url.database)
        or url.query.get("mode") == "memory"
    )


def is_missing_file(url: sa.URL) -> bool:
    """Whether it is a file which does not exist."""
    if is_memory(url):
        return False
    file = str(url.database)
    return not file.startswith("file:") and not Path(file).exists()
