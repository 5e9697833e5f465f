"""The character sets of a database, and of its tables, on MariaDB and MySQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from nova_db_sqlalchemy.tables.catalog import CATALOG

NEEDED: Final = "utf8mb4"
QUESTION: Final = (
    "SELECT NULL, schema_name, default_character_set_name FROM information_schema.schemata"
    " WHERE schema_name = DATABASE()"
    " UNION ALL SELECT table_name, table_schema, SUBSTRING_INDEX(table_collation, '_', 1)"
    " FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
)
"""The character set of the database, whose row has no name of a table, and of each table."""


def encoding_fault(answer: Iterable[Any], collation: str) -> str | None:
    """What to say of the answer, on a server with this collation by code point; None: every text can be held."""
    wrong = [tuple(row) for row in answer if row[2] != NEEDED]
    for table, database, found in wrong:
        if table is None:
            return (
                f"The database {database} is in the character set {found}, which cannot hold every text: "
                f"ALTER DATABASE {database} CHARACTER SET {NEEDED}, which changes no table, then nova-db check."
            )
    tables = sorted((table, found) for table, _, found in wrong if table in CATALOG)
    if not tables:
        return None
    table, found = tables[0]
    more = f", and so are {len(tables) - 1} more" if len(tables) > 1 else ""
    return (
        f"The table {table} is in the character set {found}, which cannot hold every text{more}: ALTER TABLE {table} "
        f"CONVERT TO CHARACTER SET {NEEDED} COLLATE {collation}."
    )
