"""The parameters of ``sqlite3``, and of SQLite's own URIs, in a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nova_db_sqlalchemy.connections.parameters import (
    DECIDED,
    NO,
    OBJECT,
    Table,
    flag,
    number_flag,
    one_of,
    ours,
    refused,
    seconds,
    text,
    whole,
)

URI: Final[Table] = {
    "cache": one_of("shared", "private"),
    "immutable": number_flag(),
    "mode": one_of("ro", "rw", "rwc", "memory"),
    "modeof": text(),
    "nolock": number_flag(),
    "psow": number_flag(),
    "vfs": text(),
}
"""What belongs to the file's name, where ``uri=true`` says that it is a URI."""

PYSQLITE: Final[Table] = {
    "autocommit": DECIDED,
    "cached_statements": whole(0, 1_000_000),
    "check_same_thread": ours(*NO),
    "database": refused("which is the URL itself"),
    "detect_types": DECIDED,
    "factory": OBJECT,
    "isolation_level": DECIDED,
    "timeout": seconds(zero=True),
    "uri": flag(),
    **URI,
}

TABLES: Final[Mapping[str, Table]] = {"pysqlite": PYSQLITE}
