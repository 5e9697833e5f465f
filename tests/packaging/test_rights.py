"""The rights that README gives the users of a database are enough, and the service's no more than that."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from nova_db.cli import main
from nova_db.context import get_admin_context
from nova_db.exceptions import DBError
from nova_db.upkeep import archive, purge
from nova_db_conformance.harness.scenarios import Backend
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
from tests.migrations import databases
from tests.packaging.conftest import TREE

ADMIN = get_admin_context()
BLOCKS = {"postgresql": 0, "mariadb": 1, "mysql": 1}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    databases.multiply(metafunc)


@pytest.fixture
def users(server: Backend, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """URLs of a new database for the user who makes the tables, and for the services'."""
    readme = (TREE / "README.md").read_text(encoding="utf-8")
    grants = re.findall(r"^```sql\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)[BLOCKS[databases.kind_of(server)]]
    suffix = secrets.token_hex(4)
    makers, services = f"nova_sync_{suffix}", f"nova_{suffix}"
    with databases.empty_database(server, tmp_path) as text:
        url = sa.make_url(text)
        with databases.administrator(url) as connection:
            named = re.sub(r"\bnova_sync\b", makers, grants)
            named = re.sub(r"\bnova\.\*", f"{url.database}.*", named)
            for statement in re.sub(r"\bnova\b", services, named).split(";\n"):  # one story
                if statement.strip():
                    connection.exec_driver_sql(statement.replace("%", "%%"))
        try:
            yield (
                url.set(username=makers, password="one").render_as_string(hide_password=False),
                url.set(username=services, password="another").render_as_string(hide_password=False),
            )
        finally:
            with databases.administrator(url) as connection:
                for user in (services, makers):  # one story
                    if databases.kind_of(server) == "postgresql":
                        connection.exec_driver_sql(f"DROP OWNED BY {user} CASCADE")
                    connection.exec_driver_sql(f"DROP {'ROLE' if url.drivername[0] == 'p' else 'USER'} {user}")


@databases.only_on("postgresql", "mysql", "mariadb")
def test_one_makes_and_upgrades_and_the_other_works(users: tuple[str, str]) -> None:
    makers, services = users
    migrations.upgrade(makers, "0001")
    assert main(["--connection", makers, "sync"]) == 0
    assert main(["--connection", makers, "check"]) == 0
    assert main(["--connection", services, "status"]) == 0
    with contextlib.closing(SQLAlchemyDriver(services)) as driver:
        made = driver.instance_create(ADMIN, {"host": "h", "metadata": {"a": "b"}})
        driver.instance_update(ADMIN, made["uuid"], {"host": "i"})
        driver.instance_destroy(ADMIN, made["uuid"])
        assert archive(driver).rows["instances"] == 1
        assert sum(purge(driver, everything=True).values()) > 0
        assert driver.run(ADMIN, lambda _: driver.instance_get_all(ADMIN)) == []


@databases.only_on("postgresql", "mysql", "mariadb")
def test_services_make_no_tables(users: tuple[str, str]) -> None:
    with pytest.raises(DBError, match=r"denied.*README has the rights"):
        migrations.upgrade(users[1])


@databases.only_on("postgresql", "mysql", "mariadb")
def test_a_right_that_services_lack_is_told_also_where_there_is_nothing_to_do(
    users: tuple[str, str], server: Backend
) -> None:
    makers, services = users
    migrations.upgrade(makers)
    url = sa.make_url(services)
    is_postgresql = url.drivername.startswith("postgresql")
    tables = "instances, shadow_instances, services" if is_postgresql else f"{url.database}.*"
    writes: list[Callable[[SQLAlchemyDriver], object]] = [
        archive,
        lambda driver: purge(driver, everything=True),
        lambda driver: driver.service_create(ADMIN, {"host": "h"}),
    ]
    reads: list[Callable[[SQLAlchemyDriver], object]] = [
        lambda driver: driver.instance_get_all(ADMIN),
        lambda driver: driver.service_get_all(ADMIN),
    ]
    administrator = sa.make_url(str(server.connection)).set(database=url.database)
    for rights, calls in (("INSERT, UPDATE, DELETE", writes), ("SELECT", reads)):  # one story
        with databases.administrator(administrator) as connection:
            connection.exec_driver_sql(f"REVOKE {rights} ON {tables} FROM {url.username}")
        with contextlib.closing(SQLAlchemyDriver(services)) as driver:
            for call in calls:  # one story
                with pytest.raises(DBError, match=r"denied .*README has the rights .* and those for services\.$"):
                    call(driver)
        with databases.administrator(administrator) as connection:
            connection.exec_driver_sql(f"GRANT {rights} ON {tables} TO {url.username}")
