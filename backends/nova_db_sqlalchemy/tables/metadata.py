"""The tables as SQLAlchemy sees them, made from ``nova_db.schema``: 48 tables and their shadows, in one ``MetaData``.

The types mean the same on every server.  Text is compared by code point: ``COLLATE "C"`` on PostgreSQL whatever the
locale of the database, a binary collation without padding on MariaDB and MySQL, SQLite's own ``BINARY``.  Times have
microseconds; SQLite keeps them as text, ``YYYY-MM-DD HH:MM:SS.ffffff``, which sorts as the times do.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import mysql

from nova_db.schema import PARENTS_FIRST, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nova_db.schema import Column, Index, Table

VERSION_TABLE: Final = "nova_db_version"
"""Where the migrations keep the version of the schema."""
UPGRADE_TABLE: Final = "nova_db_upgrade"
"""There while an upgrade is under way, on servers that cannot undo changes of a schema."""
USABLE_TABLE: Final = "nova_db_usable"
"""There once a revision has said that earlier releases can work on it as well: which ones."""

NULLS_FIRST: Final = "NULLS FIRST"
_MYSQL: Final = ("mysql", "mariadb")
_NARROW: Final = ("postgresql",)
"""The dialects of servers that bound an entry of an index, and have no prefixes that a search would use."""
_WIDE: Final = ("sqlite", *_MYSQL)
_SERVERS: Final = "servers"
"""In the ``info`` of an index: the dialects of the servers that have it; absent: all of them."""
_TABLE_OPTIONS: Final[dict[str, Any]] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_0900_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
}


def build(metadata: sa.MetaData, table: Table) -> sa.Table:
    """Add a table to the metadata, with its keys, rules and indexes under the names that the schema gives them."""
    rules: list[sa.schema.SchemaItem] = [sa.UniqueConstraint(*rule.columns, name=rule.name) for rule in table.uniques]
    rules += [
        sa.ForeignKeyConstraint([key.column], [f"{key.table}.{key.remote}"], name=key.name)
        for key in table.foreign_keys
    ]
    made = sa.Table(
        table.name,
        metadata,
        *[_column(column) for column in table.columns],
        *rules,
        *[made for index in table.indexes for made in _indexes(index, table)],
        # AUTOINCREMENT: without it SQLite hands the ids of deleted rows out again
        sqlite_autoincrement=table.autoincrement,
        **_TABLE_OPTIONS,
    )
    event.listen(made, "before_create", _suit_server)
    return made


def _suit_server(table: sa.Table, connection: sa.Connection, **_arguments: Any) -> None:
    """Give a table the collation that the server has: a URL mysql:// may lead to a MariaDB."""
    if connection.dialect.name == "mysql":
        server = "mariadb" if getattr(connection.dialect, "is_mariadb", False) else "mysql"
        table.kwargs["mysql_collate"] = _TABLE_OPTIONS[f"{server}_collate"]


def _column(column: Column) -> sa.Column[Any]:
    return sa.Column(
        column.name,
        column_type(column.kind, column.length),
        primary_key=column.primary_key,
        autoincrement=column.autoincrement,
        nullable=column.nullable,
    )


def indexes_on(table: sa.Table, dialect: sa.Dialect) -> list[sa.Index]:
    """The indexes of a table that the servers of a dialect have."""
    return [index for index in table.indexes if dialect.name in index.info.get(_SERVERS, (dialect.name,))]


def differs_by_server(index: sa.Index) -> bool:
    """Whether servers have it with other columns, or with nulls in another place."""
    return _SERVERS in index.info or bool(index.kwargs.get("postgresql_ops"))


def _indexes(index: Index, table: Table) -> Iterator[sa.Index]:
    """An index; or two under one name, of which each server has one."""
    if not index.narrow:
        yield _index(index, table)
        return
    for columns, servers in ((index.columns, _WIDE), (index.narrow, _NARROW)):
        made = _index(index._replace(columns=columns), table)
        made.info[_SERVERS] = servers
        # for create_all(); a tuple is what execute_if() documents, and the types of neither know of it
        yield made.ddl_if(dialect=servers)  # type: ignore[arg-type]


def _index(index: Index, table: Table) -> sa.Index:
    prefixes = dict(index.prefixes)
    options: dict[str, Any] = {f"{server}_length": prefixes for server in _MYSQL} if prefixes else {}
    if index.nulls_first:
        # It is written where an operator class would be; nulls_first() of a column would be written on all servers.
        nullable = [name for name in index.columns if table.column[name].nullable]
        options["postgresql_ops"] = dict.fromkeys(nullable, NULLS_FIRST)
    return sa.Index(index.name, *index.columns, **options)


@cache
def column_type(kind: Kind, length: int | None) -> sa.types.TypeEngine[Any]:
    """The SQL type of a logical one."""
    match kind:
        case Kind.INTEGER:
            return sa.Integer()
        case Kind.BIGINT:
            return sa.BigInteger()
        case Kind.BOOLEAN:
            return sa.Boolean()
        case Kind.FLOAT:
            return sa.Double()
        case Kind.DATETIME:
            return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
        case Kind.TEXT:
            return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
        case Kind.MEDIUMTEXT:
            return (
                sa.Text().with_variant(sa.Text(collation="C"), "postgresql").with_variant(mysql.MEDIUMTEXT(), *_MYSQL)
            )
        case Kind.STRING | Kind.IP | Kind.CIDR:
            return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _built() -> sa.MetaData:
    metadata = sa.MetaData()
    for table in PARENTS_FIRST:
        build(metadata, table)
    for table in PARENTS_FIRST:
        if table.shadow is not None:
            build(metadata, table.shadow)
    return metadata


SQL_METADATA: Final = _built()
"""All tables, shadow tables included."""
