"""The fifth revision: rows that PostgreSQL refused because an entry of an index was too large for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from nova_db.context import get_admin_context
from nova_db.driver import Driver
from nova_db.exceptions import DBError
from nova_db_conformance.harness.values import a_long_text
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
from tests.migrations import databases

ADMIN = get_admin_context()
INDEXES = {
    "agent_builds_hypervisor_os_architecture_idx": ("agent_builds", ["hypervisor", "os"]),
    "console_pools_host_console_type_compute_host_idx": ("console_pools", ["host", "compute_host"]),
    "migrations_by_host_nodes_and_status_idx": ("migrations", ["deleted", "source_compute", "source_node"]),
}
"""What the revision makes of them on PostgreSQL."""
WRITERS = {
    "agent_build_create": ("hypervisor", "os", "architecture"),
    "console_pool_create": ("host", "console_type", "compute_host"),
    "migration_create": ("source_compute", "dest_compute", "source_node", "dest_node", "status"),
}


@pytest.fixture
def behind(empty: str, needs_no_revision: None) -> str:
    """The URL of a database at the revision before."""
    databases.upgrade_part_of_the_way(empty, "0004")
    return empty


@pytest.fixture
def driver(behind: str) -> Iterator[Driver]:
    """A driver on it."""
    with contextlib.closing(SQLAlchemyDriver(behind)) as driver:
        yield driver


def _write(driver: Driver, name: str) -> dict[str, Any]:
    """Make a row of the longest texts that there are."""
    made: dict[str, Any] = getattr(driver, name)(ADMIN, {column: a_long_text(255) for column in WRITERS[name]})
    return made


def _columns(url: str) -> dict[str, list[str | None]]:
    """The columns of each of the indexes, and of any that an upgrade has left beside them."""
    with databases.connected(url) as connection:
        found = [index for table, _ in INDEXES.values() for index in sa.inspect(connection).get_indexes(table)]
    columns = {str(index["name"]): index["column_names"] for index in found}
    return {name: columns[name] for name in columns if name.startswith(tuple(INDEXES))}


@pytest.mark.parametrize("name", WRITERS)
def test_the_longest_texts_are_stored_afterwards(behind: str, driver: Driver, name: str) -> None:
    if behind.startswith("postgresql"):
        with pytest.raises(DBError, match="index row size"):
            _write(driver, name)
    else:
        _write(driver, name)
    assert migrations.upgrade(behind) == migrations.head()
    assert _write(driver, name)["id"]
    assert migrations.check(behind) == []


@databases.only_on("sqlite", "mysql", "mariadb")
def test_all_columns_stay_where_they_fit(behind: str) -> None:
    before = _columns(behind)
    assert before.keys() == INDEXES.keys()
    migrations.upgrade(behind)
    assert _columns(behind) == before


@databases.only_on("postgresql")
def test_an_index_is_there_at_any_time(behind: str) -> None:
    seen = []
    engine = sa.create_engine(behind)

    def look(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().startswith("DROP INDEX"):
            seen.append(_columns(behind))

    sa.event.listen(engine, "before_cursor_execute", look)
    migrations.upgrade(engine)
    engine.dispose()
    assert len(seen) == len(INDEXES)
    for found, (name, (_, columns)) in zip(seen, INDEXES.items(), strict=True):  # one story
        assert found[f"{name}_new"] == columns
        assert len(found[name]) > len(columns)
    assert _columns(behind) == {name: columns for name, (_, columns) in INDEXES.items()}


@databases.only_on("postgresql")
def test_what_was_left_between_two_statements_is_taken_up_again(behind: str) -> None:
    name, (table, columns) = next(iter(INDEXES.items()))
    with databases.connected(behind) as connection:
        connection.exec_driver_sql(f"CREATE INDEX {name}_new ON {table} ({', '.join(columns)})")
        connection.exec_driver_sql(f"DROP INDEX {name}")
    assert f"index {name}_new" in [difference.part for difference in migrations.check(behind)]
    migrations.upgrade(behind)
    assert migrations.check(behind) == []
