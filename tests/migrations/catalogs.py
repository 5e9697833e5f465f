"""What servers themselves say of the tables in a database, word for word."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from nova_db_sqlalchemy.tables.metadata import SQL_METADATA, USABLE_TABLE, VERSION_TABLE

_NOTES = (VERSION_TABLE, USABLE_TABLE)
_POSTGRESQL = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, l.collname,
               pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_collation l ON l.oid = a.attcollation
             LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 ORDER BY 1, 2""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1, 2""",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, cycle
        FROM pg_sequences WHERE schemaname = current_schema() ORDER BY 1""",
}


def catalog(connection: sa.Connection) -> dict[str, Any]:
    """Everything about the tables of the schema, and only those."""
    match connection.dialect.name:
        case "sqlite":
            rows = connection.exec_driver_sql("SELECT tbl_name, name, sql FROM sqlite_master ORDER BY 1, 2")
            return {f"{table} {name}": _parts(sql or "") for table, name, sql in rows if table in SQL_METADATA.tables}
        case "postgresql":
            found: dict[str, Any] = {}
            for kind, query in _POSTGRESQL.items():
                rows = connection.exec_driver_sql(query)
                found[kind] = [tuple(row) for row in rows if not row[0].startswith(_NOTES)]
            return found
        case _:
            return {name: _statement(connection, name) for name in SQL_METADATA.tables}


def _parts(statement: str) -> list[str]:
    """The columns and rules of a table that is made by a statement, in any order: SQLite puts a new column last."""
    parts = (part.strip(" \t\n,)") for part in re.split(r",\s(?![^(]*\))|\n", statement))
    return sorted(part for part in parts if part)


def _statement(connection: sa.Connection, table: str) -> list[str]:
    _, statement = connection.exec_driver_sql(f"SHOW CREATE TABLE {table}").one()
    # Keys are listed in the order in which they were made, which means nothing.
    return sorted(line.rstrip(",") for line in statement.splitlines())
