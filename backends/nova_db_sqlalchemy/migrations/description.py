"""Tables in words that are the same whether a table was described or found in a database.

A description maps the parts of a table (``column host``, ``index instances_host_idx``) to texts. The order of
columns is no part of it: a server puts a new one behind all others, and nothing here relies on where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from nova_db_sqlalchemy.migrations.targets import migrating_on
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA, indexes_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Description: TypeAlias = dict[str, str]


def described(table: sa.Table, dialect: sa.Dialect) -> Description:
    """A table of the metadata, as it ought to be on a server."""
    server = migrating_on(dialect)
    parts: Description = {}
    for column in table.columns:
        kind = _type(column.type, dialect)
        parts[f"column {column.name}"] = _column(kind, bool(column.nullable), column is table.autoincrement_column)
    parts["primary key"] = _names(table.primary_key.columns.keys())
    for rule in table.constraints:
        if isinstance(rule, sa.UniqueConstraint):
            parts[f"unique constraint {rule.name}"] = _names(rule.columns.keys())
        elif isinstance(rule, sa.ForeignKeyConstraint):
            remote = [element.target_fullname.split(".") for element in rule.elements]
            parts[f"foreign key {rule.name}"] = _reference(rule.column_keys, remote[0][0], [name for _, name in remote])
    for index in indexes_on(table, dialect):
        parts[f"index {index.name}"] = _index(
            index.columns.keys(), bool(index.unique), server.index_remarks(index, dialect)
        )
    return parts | _options(server.table_options(table, dialect))


def found(connection: sa.Connection) -> dict[str, Description]:
    """The tables of ours that a database has."""
    server, inspector = migrating_on(connection.dialect), sa.inspect(connection)
    names = [name for name in inspector.get_table_names() if name in SQL_METADATA.tables]
    columns = _by_table(inspector.get_multi_columns, names)
    keys = _by_table(inspector.get_multi_pk_constraint, names)
    uniques = _by_table(inspector.get_multi_unique_constraints, names)
    references = _by_table(inspector.get_multi_foreign_keys, names)
    indexes = _by_table(inspector.get_multi_indexes, names)
    unfinished = server.unfinished_indexes(connection)
    settings = _by_table(inspector.get_multi_table_options, names)
    numbered = server.numbered(connection, columns)
    return {
        name: {
            **_found_columns(columns[name], connection.dialect, name in numbered),
            "primary key": _names(keys[name]["constrained_columns"]),
            **_found_rules(uniques[name], references[name]),
            **_found_indexes(
                [index for index in indexes[name] if index["name"] not in unfinished],
                {rule["name"] for rule in uniques[name]},
                connection.dialect,
            ),
            **_options(server.found_table_options(settings.get(name, {}), connection.dialect)),
        }
        for name in names
    }


def _found_columns(columns: Iterable[Any], dialect: sa.Dialect, is_numbered: bool) -> Description:
    return {
        f"column {column['name']}": _column(
            _type(column["type"], dialect), column["nullable"], is_numbered and _is_key(column)
        )
        for column in columns
    }


def _found_rules(uniques: Iterable[Any], references: Iterable[Any]) -> Description:
    rules = {f"unique constraint {rule['name']}": _names(rule["column_names"]) for rule in uniques}
    for key in references:
        rules[f"foreign key {key['name']}"] = _reference(
            key["constrained_columns"], key["referred_table"], key["referred_columns"], key["options"]
        )
    return rules


def _found_indexes(indexes: Iterable[Any], of_rules: set[str], dialect: sa.Dialect) -> Description:
    """The indexes, without those that a server keeps unique constraints with."""
    return {
        f"index {index['name']}": _index(index["column_names"], bool(index["unique"]), _found_remarks(index, dialect))
        for index in indexes
        if index["name"] not in of_rules
    }


def _options(found: str | None) -> Description:
    return {} if found is None else {"options": found}


def _by_table(reflect: Callable[..., Mapping[Any, Any]], names: list[str]) -> dict[str, Any]:
    return {table: value for (_, table), value in reflect(filter_names=names).items()}


def _is_key(column: Mapping[str, Any]) -> bool:
    """Whether it is the column that is numbered; SQLite says only which one is the key."""
    return bool(column.get("primary_key") or column.get("autoincrement") is True)


def _type(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> str:
    """A type as the server's statements write it, collation included."""
    return migrating_on(dialect).type_name(kind.compile(dialect=dialect))


def _column(kind: str, nullable: bool, numbered: bool) -> str:
    return " ".join([kind, "null" if nullable else "not null", *(["numbered"] if numbered else [])])


def _names(names: Iterable[str | None]) -> str:
    return f"({', '.join(name or '?' for name in names)})"


def _index(names: Iterable[str | None], unique: bool, remarks: Mapping[str, str]) -> str:
    columns = _names(name and name + remarks.get(name, "") for name in names)
    return f"unique {columns}" if unique else columns


def _found_remarks(index: Mapping[str, Any], dialect: sa.Dialect) -> dict[str, str]:
    lengths = index.get("dialect_options", {}).get(f"{dialect.name}_length") or {}
    orders = index.get("column_sorting") or {}
    return {
        **{name: f"({length})" for name, length in lengths.items()},
        **{name: "".join(f" {word.replace('_', ' ')}" for word in words) for name, words in orders.items()},
    }


def _reference(
    names: Iterable[str], table: str, remote: Iterable[str], options: Mapping[str, Any] | None = None
) -> str:
    further = "".join(f" {key} {value}" for key, value in sorted((options or {}).items()))
    return f"{_names(names)} to {table} {_names(remote)}{further}"
