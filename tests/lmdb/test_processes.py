"""Several processes on one folder: who waits, and what is left of one that is killed."""

from __future__ import annotations

import contextlib
import os
import random
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_db.context import get_admin_context
from nova_db.engine import Query
from nova_db.exceptions import DBConnectionError, DBDeadlock
from nova_db.schema import TABLES
from nova_db_lmdb import LMDBDriver, LMDBEngine
from nova_db_lmdb.environment import Environment
from tests.forks import check_in_child
from tests.lmdb.cases import assert_indexes_true

ADMIN = get_admin_context()
KILLS = int(os.environ.get("NOVA_DB_TEST_KILLS", "4"))
"""How often a process is killed at work."""
TREE = Path(__file__).parents[2]


def opened(driver: LMDBDriver) -> Environment:
    """The files that a driver works on."""
    assert isinstance(driver.engine, LMDBEngine)
    return driver.engine._opened()


@contextlib.contextmanager
def at_work(work: str, url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that does some work, from its first line on; it is killed in the end."""
    command = [sys.executable, "-m", "tests.lmdb.work", work, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=TREE) as process:
        assert process.stdout is not None
        try:
            select.select([process.stdout], [], [])
            yield process
        finally:
            process.kill()


def test_killed_at_any_point_it_loses_nothing_and_leaves_nothing_half_done(driver: LMDBDriver, url: str) -> None:
    told: set[str] = set()
    for kills in range(1, KILLS + 1):  # one story
        with at_work("create", url) as process:
            threading.Event().wait(random.uniform(0, 0.3))
            process.kill()
            told.update(process.communicate()[0].split())
        made = driver.instance_get_all(ADMIN)
        assert {found["uuid"] for found in made} >= told
        # What nobody was told of comes to light with the next writer, at the latest.
        assert len(made) <= len(told) + kills
        children = {(len(each["metadata"]), len(each["system_metadata"]), each["info_cache"] is None) for each in made}
        assert children <= {(5, 5, False), (1, 5, False)}
        assert_indexes_true(driver)


def test_waiting_for_another_process_has_an_end(driver: LMDBDriver, url: str, tmp_path: Path) -> None:
    engine = LMDBEngine(tmp_path / "cloud", lock_timeout=0.2)
    with at_work("hold", url):
        assert driver.service_get_all(ADMIN) == []
        with pytest.raises(DBDeadlock, match=r"Another process has been writing; this one waited 0\.2 seconds"):
            engine.write()
    # That it was killed gave its turn back.
    engine.write().rollback()
    driver.service_create(ADMIN, {"host": "a"})


def test_what_a_killed_reader_saw_is_not_kept_for_it(driver: LMDBDriver, url: str) -> None:
    for _ in range(5):
        with at_work("hold", url):
            pass
    driver.close()  # the last one: it is opened anew
    driver.service_create(ADMIN, {"host": "a"})
    assert opened(driver).lmdb.info()["num_readers"] <= 2


class TestForks:
    """What a child has of it."""

    def test_the_child_opens_it_anew(self, driver: LMDBDriver) -> None:
        driver.service_create(ADMIN, {"host": "parent's"})

        def check() -> None:
            driver.service_create(ADMIN, {"host": "child's"})
            assert len(driver.service_get_all(ADMIN)) == 2

        for _ in range(3):
            check_in_child(check)
            [row] = [found for found in driver.service_get_all(ADMIN) if found["host"] == "child's"]
            driver.service_destroy(ADMIN, row["id"])
        assert_indexes_true(driver)

    def test_a_child_of_a_child(self, driver: LMDBDriver) -> None:
        driver.service_create(ADMIN, {"host": "a"})

        def grandchild() -> None:
            driver.service_create(ADMIN, {"host": "c"})

        def check() -> None:
            driver.service_create(ADMIN, {"host": "b"})
            check_in_child(grandchild)
            assert len(driver.service_get_all(ADMIN)) == 3

        check_in_child(check)
        assert len(driver.service_get_all(ADMIN)) == 3

    def test_what_is_open_stays_the_parent_s(self, driver: LMDBDriver) -> None:
        writer, reader = driver.engine.write(), driver.engine.read()
        writer.insert(("services", [TABLES["services"].insert_values({"host": "a"})]))

        def check() -> None:
            for tx in (writer, reader):  # one story
                with pytest.raises(DBConnectionError, match="belongs to the parent process"):
                    tx.select(Query("services"))
                tx.rollback()
            assert driver.service_get_all(ADMIN) == []

        check_in_child(check)
        assert reader.select(Query("services")) == []
        reader.rollback()
        writer.commit()
        assert len(driver.service_get_all(ADMIN)) == 1
