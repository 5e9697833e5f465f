"""Reading on one node what was written through another one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
import pytest

from nova_db.exceptions import InstanceNotFound
from nova_db_conformance.engine.cases import in_thread
from nova_db_conformance.harness.values import a_uuid, instance_values
from nova_db_sqlalchemy import SQLAlchemyDriver
from scripts.servers.galera import Node
from tests.galera.counting import NOTES
from tests.galera.load import ADMIN, PATIENCE
from tests.galera.spread import alone, counted_driver

WRITES = 100


@contextmanager
def lagging(node: Node) -> Iterator[None]:
    """Keep a node from applying what others commit, as a long queue does."""
    connection = pymysql.connect(host="127.0.0.1", port=node.port, user="root", autocommit=True)
    with connection, connection.cursor() as cursor:
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        try:
            yield
        finally:
            cursor.execute("UNLOCK TABLES")


@pytest.fixture
def here(url: str) -> Iterator[SQLAlchemyDriver]:
    """A driver on the first node."""
    driver = counted_driver(alone(url, 0))
    yield driver
    driver.close()


def there(url: str, sync_wait: int | None) -> SQLAlchemyDriver:
    """A driver on the second one."""
    return counted_driver(alone(url, 1), mysql_wsrep_sync_wait=sync_wait)


def create(driver: SQLAlchemyDriver) -> str:
    """Make an instance; its uuid."""
    uuid = a_uuid()
    driver.instance_create(ADMIN, instance_values(uuid=uuid))
    return uuid


def is_found(driver: SQLAlchemyDriver, uuid: str) -> bool:
    """Whether an instance is there to be read."""
    try:
        driver.instance_get_by_uuid(ADMIN, uuid)
    except InstanceNotFound:
        return False
    return True


def test_a_node_that_lags_answers_with_what_it_has_unless_it_is_told_to_wait(
    url: str, nodes: list[Node], here: SQLAlchemyDriver
) -> None:
    hasty, patient = there(url, 0), there(url, 1)
    assert is_found(patient, create(here))
    with lagging(nodes[1]):
        uuid = create(here)
        assert not is_found(hasty, uuid)
        waiting = in_thread(lambda: is_found(patient, uuid))
        assert not is_found(hasty, uuid)
        assert not waiting.done()
    assert waiting.result(PATIENCE)
    hasty.close()
    patient.close()


def test_whoever_waits_reads_and_changes_what_was_just_written_elsewhere(url: str, here: SQLAlchemyDriver) -> None:
    hasty, patient = there(url, 0), there(url, 1)
    missed = 0
    for number in range(WRITES):  # one story: writes beside one another
        uuid = create(here)
        missed += not is_found(hasty, uuid)
        uuid = create(here)
        assert patient.instance_update(ADMIN, uuid, {"vcpus": number})["vcpus"] == number
        uuid = create(here)
        assert is_found(patient, uuid)
    NOTES.append(f"read elsewhere right after the write: {missed} of {WRITES} missed it, with wsrep_sync_wait none did")
    hasty.close()
    patient.close()


@pytest.mark.parametrize("value", [None, 0, 1, 7])
def test_the_option_sets_what_sessions_wait_for_and_unset_leaves_it_to_the_server(url: str, value: int | None) -> None:
    driver = there(url, value)
    pool: Any = driver.engine.pool
    connection = pool.take()
    connection.cursor.execute("SELECT @@SESSION.wsrep_sync_wait, @@GLOBAL.wsrep_sync_wait")
    [[session, general]] = connection.cursor.fetchall()
    pool.give(connection)
    assert session == (general if value is None else value)
    driver.close()
