"""The demo: at home where nobody else is, and harmless where somebody is."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from nova_db.api import load_backend
from nova_db.cli import main
from nova_db.cli.day.others import rows_of_others
from nova_db.cli.seed import DEFAULT_FLAVORS
from nova_db.context import get_admin_context
from nova_db.engine import Query
from nova_db.schema import TABLES
from tests.cli.cases import PLAN, failure

ADMIN = get_admin_context()
SMALL = ["demo", "--instances", "25", "--hosts", "3", "--quiet"]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[str]:
    """A database with the schema and the default flavors."""
    from nova_db_sqlalchemy import SQLAlchemyDriver

    variable = {"postgresql": "NOVA_DB_TEST_POSTGRESQL", "mariadb": "NOVA_DB_TEST_MARIADB"}.get(request.param)
    if variable is None:
        made = f"sqlite:///{tmp_path}/nova_db_test_cloud.sqlite"
        assert main(["--connection", made, "sync"]) == 0
    elif server := os.environ.get(variable):
        made = SQLAlchemyDriver.provision(server)
    else:
        pytest.skip(f"{variable} is not set")
    try:
        assert main(["--connection", made, "seed"]) == 0
        yield made
    finally:
        if variable is not None:
            SQLAlchemyDriver.discard(made)


def rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    with contextlib.closing(load_backend("sqlalchemy", url)) as driver:
        tx = driver.engine.read()  # type: ignore[attr-defined]
        try:
            names = [each.name for table in TABLES.values() for each in (table, table.shadow) if each is not None]
            return {name: list(tx.select(Query(name))) for name in names}
        finally:
            tx.rollback()


def plans(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What demos have told beforehand."""
    return [line for line in capsys.readouterr().err.splitlines() if line.startswith(PLAN)]


def add_others(url: str) -> None:
    """What a cloud in use has: addresses and names that a demo might want, rows to expire and to archive."""
    with contextlib.closing(load_backend("sqlalchemy", url)) as driver:
        network = driver.network_create_safe(ADMIN, {"label": "private", "cidr": "10.0.0.0/24"})
        for number in range(2, 40):  # one story
            driver.fixed_ip_create(ADMIN, {"address": f"10.0.0.{number}", "network_id": network["id"]})
        for number in range(1, 254):  # one story
            driver.floating_ip_create(ADMIN, {"address": f"198.51.100.{number}", "pool": "public"})
        driver.service_create(ADMIN, {"host": "c1", "binary": "nova-compute", "topic": "compute"})
        gone = driver.instance_create(ADMIN, {"project_id": "shop", "host": "c1", "metadata": {"a": "b"}})
        driver.instance_create(ADMIN, {"project_id": "shop", "host": "c1", "metadata": {"a": "b"}})
        driver.instance_destroy(ADMIN, gone["uuid"])
        driver.instance_type_create(ADMIN, {**DEFAULT_FLAVORS[0], "name": "tiny", "flavorid": "t", "memory_mb": 1})
        driver.quota_create(ADMIN, "shop", "instances", 7)


def test_beside_rows_of_others_it_wants_to_be_told_so(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    add_others(url)
    before = rows(url)
    capsys.readouterr()
    said = failure(capsys, "--connection", url, *SMALL)
    assert "holds rows that are no demo's" in said
    assert "1 networks" in said
    assert "--yes" in said
    assert rows(url) == before


def test_what_others_have_stays_as_it_is(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    add_others(url)
    before = rows(url)
    capsys.readouterr()
    assert main(["--connection", url, *SMALL, "--yes"]) == 0
    [said] = plans(capsys)
    assert "leaves alone what others have there" in said
    after = rows(url)
    for name, kept in before.items():  # one story
        key = TABLES[name.removeprefix("shadow_")].primary_key
        found = {row[key]: row for row in after[name]}
        assert [found.get(row[key]) for row in kept] == kept, name


def test_days_follow_one_another(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    for day in range(3):  # one story
        capsys.readouterr()
        assert main(["--connection", url, *SMALL]) == 0, day
        [said] = plans(capsys)
        found = re.fullmatch(rf"{PLAN}3 hosts and 25 instances, some (\d+) rows in all", said)
        assert found, said
    with contextlib.closing(load_backend("sqlalchemy", url)) as driver:
        tx = driver.engine.read()  # type: ignore[attr-defined]
        assert rows_of_others(tx) == {}
        tx.rollback()
    addresses = [row["address"] for row in rows(url)["fixed_ips"]]
    assert len(set(addresses)) == len(addresses) > 0


def test_about_as_many_rows_are_written_as_it_says(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = sum(map(len, rows(url).values()))
    capsys.readouterr()
    assert main(["--connection", url, "demo", "--quiet"]) == 0
    said = re.search(r"some (\d+) rows", capsys.readouterr().err)
    assert said is not None
    written = sum(map(len, rows(url).values())) - before
    assert 0.85 < written / int(said[1]) < 1.15
