"""``check`` notices what differs, and says what."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.migrations import Difference
from tests.migrations import databases


def _changed(url: str, *statements: str) -> list[Difference]:
    with databases.connected(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    return migrations.check(url)


def _operations(connection: sa.Connection) -> Operations:
    return Operations(MigrationContext.configure(connection))


def test_a_missing_table(upgraded: str) -> None:
    assert _changed(upgraded, "DROP TABLE s3_images") == [Difference("s3_images", "table", "a table", "nothing")]


def test_a_missing_index(upgraded: str) -> None:
    with databases.connected(upgraded) as connection:
        _operations(connection).drop_index("instances_updated_at_idx", "instances")
    assert migrations.check(upgraded) == [
        Difference("instances", "index instances_updated_at_idx", "(updated_at)", "nothing")
    ]


def test_an_index_on_other_columns(upgraded: str) -> None:
    with databases.connected(upgraded) as connection:
        _operations(connection).drop_index("instances_updated_at_idx", "instances")
        _operations(connection).create_index("instances_updated_at_idx", "instances", ["updated_at", "host"])
    assert migrations.check(upgraded) == [
        Difference("instances", "index instances_updated_at_idx", "(updated_at)", "(updated_at, host)")
    ]


def test_a_column_that_should_not_be_there(upgraded: str) -> None:
    differences = _changed(upgraded, "ALTER TABLE services ADD COLUMN extra INTEGER")
    assert [str(found) for found in differences] == [
        "column extra of table services should not be there: it is INTEGER null"
    ]


def test_a_shorter_column_that_takes_no_null(upgraded: str) -> None:
    kind = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
    with databases.connected(upgraded) as connection, _operations(connection).batch_alter_table("services") as batch:
        batch.alter_column("host", type_=kind, existing_type=sa.String(255), nullable=False)
    (difference,) = (difference for difference in migrations.check(upgraded) if difference.part == "column host")
    assert difference.table == "services"
    assert difference.expected.startswith("VARCHAR(255)")
    assert difference.expected.endswith(" null")
    assert difference.found.startswith("VARCHAR(36)")
    assert difference.found.endswith(" not null")


@databases.only_on("postgresql", "mysql", "mariadb")
def test_a_missing_foreign_key(upgraded: str) -> None:
    with databases.connected(upgraded) as connection:
        _operations(connection).drop_constraint("consoles_pool_id_fkey", "consoles", type_="foreignkey")
    assert migrations.check(upgraded) == [
        Difference("consoles", "foreign key consoles_pool_id_fkey", "(pool_id) to console_pools (id)", "nothing")
    ]


def test_numbering_that_uses_numbers_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('check') / 'nova.sqlite'}"
    migrations.upgrade(url)
    with databases.connected(url) as connection:
        statement = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 's3_images'").scalar_one()
        connection.exec_driver_sql("DROP TABLE s3_images")
        connection.exec_driver_sql(statement.replace("AUTOINCREMENT", ""))
    expected = Difference("s3_images", "column id", "INTEGER not null numbered", "INTEGER not null")
    assert expected in migrations.check(url)


@databases.only_on("postgresql")
def test_a_collation_that_orders_by_language(upgraded: str) -> None:
    (difference,) = _changed(upgraded, 'ALTER TABLE services ALTER COLUMN topic TYPE VARCHAR(255) COLLATE "default"')
    assert str(difference) == (
        'column topic of table services is VARCHAR(255) null, should be VARCHAR(255) COLLATE "C" null'
    )
