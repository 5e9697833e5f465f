"""The words that the tables of the first revision are written in, and what they meant on each server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from nova_db_sqlalchemy.migrations.online import execute_on, left_indexes, value_on

SHADOW: Final = "shadow_"
_MYSQL: Final = ("mysql", "mariadb")
_COLLATIONS: Final = {"mariadb": "utf8mb4_nopad_bin", "mysql": "utf8mb4_0900_bin"}

# Instances of these types are shared by all columns.
_INTEGER: Final = sa.Integer()
_BIGINT: Final = sa.BigInteger()
_BOOLEAN: Final = sa.Boolean()
_REAL: Final[sa.types.TypeEngine[Any]] = sa.Double()
_TIME: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_MEDIUMTEXT: Final = _TEXT.with_variant(mysql.MEDIUMTEXT(), *_MYSQL)


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``serial``: the server numbers the rows, and uses no number twice."""

    name: str
    type: sa.types.TypeEngine[Any]
    null: bool = True
    key: bool = False
    serial: bool = False


@dataclass(frozen=True, slots=True)
class Unique:
    """A unique constraint."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key without cascades; ``remote`` is ``table.column``."""

    name: str
    column: str
    remote: str


@dataclass(frozen=True, slots=True)
class Index:
    """A plain index; MySQL and MariaDB, which bound the size of an entry, index so many characters of some columns."""

    name: str
    columns: tuple[str, ...]
    prefixes: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and whether archived rows have a table beside it."""

    name: str
    columns: tuple[Column, ...]
    rules: tuple[Unique | Reference | Index, ...] = ()
    archived: bool = False

    @property
    def shadow(self) -> Table:
        """The table of archived rows: the same columns and key, numbered by nobody, without rules."""
        return Table(SHADOW + self.name, tuple(replace(column, serial=False) for column in self.columns))


def serial(name: str) -> Column:
    return Column(name, _INTEGER, null=False, key=True, serial=True)


def integer(name: str, *, null: bool = True) -> Column:
    return Column(name, _INTEGER, null)


def bigint(name: str, *, null: bool = True) -> Column:
    return Column(name, _BIGINT, null)


def boolean(name: str, *, null: bool = True) -> Column:
    return Column(name, _BOOLEAN, null)


def real(name: str, *, null: bool = True) -> Column:
    return Column(name, _REAL, null)


def time(name: str, *, null: bool = True) -> Column:
    return Column(name, _TIME, null)


def text(name: str, *, null: bool = True) -> Column:
    return Column(name, _TEXT, null)


def mediumtext(name: str, *, null: bool = True) -> Column:
    return Column(name, _MEDIUMTEXT, null)


def string(name: str, length: int = 255, *, null: bool = True, key: bool = False) -> Column:
    kind = sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
    return Column(name, kind, null and not key, key)


def unique(name: str, *columns: str) -> Unique:
    return Unique(name, columns)


def reference(name: str, column: str, remote: str) -> Reference:
    return Reference(name, column, remote)


def index(name: str, *columns: str, **prefixes: int) -> Index:
    return Index(name, columns, tuple(prefixes.items()))


_DELETED: Final = integer("deleted")


def table(
    name: str, *items: Column | Unique | Reference | Index, deleted: Column = _DELETED, archived: bool = True
) -> Table:
    """A table: its own columns and its rules; the four columns that every table ends with come by themselves."""
    own = (item for item in items if isinstance(item, Column))
    columns = (*own, time("created_at"), time("updated_at"), time("deleted_at"), deleted)
    return Table(name, columns, tuple(item for item in items if not isinstance(item, Column)), archived)


def create(table: Table) -> None:
    """Create a table with its indexes, or what a creation that was cut short has left undone of it."""
    left = left_indexes(table.name)
    if left is None:
        _create_table(table)
    for rule in table.rules:
        if isinstance(rule, Index) and rule.name not in (left or ()):
            lengths: dict[str, Any] = {f"{server}_length": dict(rule.prefixes) for server in _MYSQL if rule.prefixes}
            op.create_index(rule.name, table.name, list(rule.columns), **lengths)


def _create_table(table: Table) -> None:
    numbered = any(column.serial for column in table.columns)
    op.create_table(
        table.name,
        *[
            sa.Column(
                column.name,
                column.type,
                primary_key=column.key,
                autoincrement=column.serial,
                nullable=column.null,
            )
            for column in table.columns
        ],
        *[_constraint(rule) for rule in table.rules if not isinstance(rule, Index)],
        # AUTOINCREMENT: without it SQLite hands the ids of deleted rows out again
        sqlite_autoincrement=numbered,
        **_options(),
    )


def _constraint(rule: Unique | Reference) -> sa.UniqueConstraint | sa.ForeignKeyConstraint:
    match rule:
        case Unique(name, columns):
            return sa.UniqueConstraint(*columns, name=name)
        case Reference(name, column, remote):
            return sa.ForeignKeyConstraint([column], [remote], name=name)


def _options() -> dict[str, Any]:
    """Text compares by code point, trailing spaces included; the two servers call that collation differently."""
    values = {"engine": "InnoDB", "charset": "utf8mb4", "collate": value_on(_COLLATIONS)}
    return {f"{server}_{option}": value for server in _MYSQL for option, value in values.items()}


def create_locks() -> None:
    """Create, on MySQL and MariaDB, the rows that stand for the names which transactions lock."""
    columns = "slot SMALLINT NOT NULL PRIMARY KEY, turn BIGINT NOT NULL DEFAULT 0"
    execute_on(
        _MYSQL,
        f"CREATE TABLE IF NOT EXISTS nova_db_locks ({columns}) ENGINE=InnoDB",
        f"INSERT IGNORE INTO nova_db_locks (slot) VALUES {', '.join(f'({slot})' for slot in range(1024))}",
    )
