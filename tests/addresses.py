"""Where the servers listen that URLs of tests name."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

_PORTS: Final = {"postgresql": 5432, "mariadb": 3306, "mysql": 3306}


def address(url: sa.URL) -> tuple[str, int]:
    """The host and the port that a URL names, or its server's usual ones."""
    return url.host or "localhost", url.port or _PORTS[url.get_backend_name()]
