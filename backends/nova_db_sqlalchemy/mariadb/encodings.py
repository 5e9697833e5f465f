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
    """What to say of the answer, on a server with this collation by code point; None: every text can be held.

    That of the database counts until the tables are made, which then have their own.
    """
    rows = [tuple(row) for row in answer]
    ours = sorted((table, found) for table, _, found in rows if table in CATALOG)
    if not ours:
        return next(
            (_of_database(name, found) for table, name, found in rows if table is None and found != NEEDED), None
        )
    wrong = [each for each in ours if each[1] != NEEDED]
    return _of_table(*wrong[0], len(wrong) - 1, collation) if wrong else None


def _of_database(name: str, found: str) -> str:
    return (
        f"The database {name} is in the character set {found}, which cannot hold every text: "
        f"ALTER DATABASE {name} CHARACTER SET {NEEDED} changes that."
    )


def _of_table(table: str, found: str, others: int, collation: str) -> str:
    more = f", and so are {others} more" if others else ""
    return (
        f"The table {table} is in the character set {found}, which cannot hold every text{more}: ALTER TABLE {table} "
        f"CONVERT TO CHARACTER SET {NEEDED} COLLATE {collation}."
    )
