"""Databases without tables, and with those of another release."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nova_db.context import get_admin_context
from nova_db.engine.rows.cells import engine as cell_engine
from nova_db.engine.rows.cells.packing import packed_name
from nova_db.exceptions import DBError
from nova_db_lmdb import LMDBDriver
from tests.lmdb.cases import assert_indexes_true, cells_of, write

ADMIN = get_admin_context()


def test_without_tables(url: str, tmp_path: Path) -> None:
    (tmp_path / "cloud").mkdir()
    driver = LMDBDriver(url)
    told = re.escape(f"The database {url} holds no tables yet; nova-db sync")
    with pytest.raises(DBError, match=told):
        driver.service_get_all(ADMIN)
    with pytest.raises(DBError, match=told):
        driver.service_create(ADMIN, {"host": "a"})
    assert list(driver.engine.tables()) == []
    assert "revision" not in driver.engine.identify()
    driver.engine.clear()
    assert list((tmp_path / "cloud").iterdir()) == [], "looking at it makes no files"
    driver.engine.create_schema()
    driver.engine.create_schema()
    assert driver.service_get_all(ADMIN) == []


class TestAnotherRelease:
    """Rows that lack a column, an index that is gone, another that is missing."""

    @pytest.fixture
    def older(self, driver: LMDBDriver, monkeypatch: pytest.MonkeyPatch) -> LMDBDriver:
        for number in range(25):
            driver.instance_create(ADMIN, {"host": f"h{number % 3}", "metadata": {"a": str(number)}})
        cells = cells_of(driver)
        indexed = packed_name("instances", "host node deleted")
        stale = {packed_name("instances", "of another time") + b"\x01": b"\x01"}
        gone = dict.fromkeys(key for key in cells if key.startswith(indexed))
        write(driver, {**gone, **stale})
        write(driver, {packed_name("", "schema"): b"another"})
        driver.close()
        monkeypatch.setattr(cell_engine, "_STEP", 7)  # in several steps
        return driver

    def test_it_is_told(self, older: LMDBDriver) -> None:
        with pytest.raises(DBError, match="is of another release: its schema is another; nova-db sync mends that"):
            older.instance_get_all(ADMIN)
        assert older.engine.identify()["revision"] == "another"

    def test_it_is_brought_to_this_one(self, older: LMDBDriver) -> None:
        older.engine.create_schema()
        assert len(older.instance_get_all(ADMIN)) == 25
        assert_indexes_true(older)
        assert older.instance_create(ADMIN, {"host": "h0"})["id"] == 26

    def test_a_row_that_is_none(self, driver: LMDBDriver) -> None:
        """Whatever became of it: the library's error does not come through."""
        driver.service_create(ADMIN, {"host": "a"})
        [key] = cells_of(driver, packed_name("services"))
        write(driver, {key: b"something else"})
        with pytest.raises(DBError, match="LMDB: "):
            driver.service_get_all(ADMIN)

    def test_a_column_that_a_row_lacks_gets_its_default(self, driver: LMDBDriver) -> None:
        created = driver.instance_create(ADMIN, {"host": "a"})
        rows = cells_of(driver, packed_name("instances"))
        [(key, value)] = rows.items()
        assert value.count(b"\xa7deleted") == 1
        # The name is as long as that of the column, which the row then lacks.
        write(driver, {key: value.replace(b"\xa7deleted", b"\xa7another"), packed_name("", "schema"): b"another"})
        driver.close()
        driver.engine.create_schema()
        assert driver.instance_get_by_uuid(ADMIN, created["uuid"])["deleted"] == 0
        assert_indexes_true(driver)
