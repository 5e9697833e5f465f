"""A database that was upgraded from nothing has the tables that this release describes, in every detail."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import nova_db_sqlalchemy.migrations
from nova_db.schema import TABLES, Table
from nova_db_conformance import decision
from nova_db_conformance.harness.scenarios import Backend
from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.migrations import configuration
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA
from tests.migrations import databases
from tests.migrations.catalogs import catalog

FOLDER = Path(nova_db_sqlalchemy.migrations.__file__).parent


def _shadows() -> list[Table]:
    return [table.shadow for table in TABLES.values() if table.shadow is not None]


def test_the_server_shows_no_difference_to_tables_made_from_the_description(
    server: Backend, tmp_path: Path, upgraded: str
) -> None:
    with databases.empty_database(server, tmp_path) as described:
        with databases.connected(described) as connection:
            SQL_METADATA.create_all(connection)
            expected = catalog(connection)
        with databases.connected(upgraded) as connection:
            assert catalog(connection) == expected
    assert expected


def test_alembic_sees_no_difference(upgraded: str) -> None:
    with databases.connected(upgraded) as connection:
        options = {**configuration.options(), "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), SQL_METADATA) == []


def test_check_sees_no_difference(upgraded: str) -> None:
    assert migrations.check(upgraded) == []


def test_every_table_and_shadow_has_the_columns_of_the_schema(upgraded: str) -> None:
    with databases.connected(upgraded) as connection:
        inspector = sa.inspect(connection)
        found = {
            table: sorted((column["name"], column["nullable"]) for column in inspector.get_columns(table))
            for table in inspector.get_table_names()
            if table in SQL_METADATA.tables
        }
    tables = [*TABLES.values(), *_shadows()]
    assert found == {table.name: sorted((column.name, column.nullable) for column in table.columns) for table in tables}
    assert len(found) == 95


@decision(20)
def test_ids_are_not_used_again(upgraded: str) -> None:
    table = SQL_METADATA.tables["services"]
    with databases.connected(upgraded) as connection:
        first = connection.execute(table.insert().values(report_count=0)).inserted_primary_key
        connection.execute(table.delete())
        second = connection.execute(table.insert().values(report_count=0)).inserted_primary_key
    assert first is not None
    assert second is not None
    assert second[0] > first[0]


@decision(26)
def test_text_compares_by_code_point(upgraded: str) -> None:
    table = SQL_METADATA.tables["services"]
    names = ["b", "B", "a", "a ", "é", "Z", "_"]
    with databases.connected(upgraded) as connection:
        connection.execute(table.insert(), [{"host": name, "report_count": 0} for name in names])
        ordered = connection.scalars(sa.select(table.c.host).order_by(table.c.host)).all()
        same = connection.scalars(sa.select(table.c.host).where(table.c.host == "a")).all()
    assert ordered == sorted(names)
    assert same == ["a"]


@pytest.mark.parametrize(
    "path", sorted([*FOLDER.glob("baseline/*.py"), *FOLDER.glob("versions/*.py")]), ids=lambda path: path.name
)
def test_revisions_do_not_depend_on_what_the_schema_becomes(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    ours = {module for module in modules if module.startswith("nova_db")}
    assert all(module.startswith("nova_db_sqlalchemy.migrations.") for module in ours)
