"""What leads to a database, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from nova_db.context import get_admin_context
from nova_db.exceptions import DBConnectionError, DBError, ServiceNotFound
from nova_db_lmdb import LMDBDriver, LMDBEngine
from nova_db_lmdb.engine import MAP_SIZE
from nova_db_lmdb.transaction import LMDBTransaction

ADMIN = get_admin_context()


@pytest.mark.parametrize(
    "connection, told",
    [
        (None, "is missing; expected lmdb:///FOLDER"),
        ("", "is missing"),
        ("sqlite:///x", "begins with sqlite:; expected lmdb:///FOLDER"),
        ("cloud", "begins with :; expected lmdb:///FOLDER"),
        ("lmdb://", "expected lmdb:///FOLDER"),
        ("lmdb:///", "expected lmdb:///FOLDER"),
        ("lmdb://host/x", "expected lmdb:///FOLDER"),
        ("lmdb:///x#y", "expected lmdb:///FOLDER"),
        ("lmdb:///x?map_size=abc", "map_size='abc'; expected map_size=BYTES"),
        ("lmdb:///x?map_size=0", "map_size='0'; expected map_size=BYTES"),
        ("lmdb:///x?map_size=1000000\u0663", "; expected map_size=BYTES"),
        ("lmdb:///x?map_size", "map_size=''; expected map_size=BYTES"),
        ("lmdb:///x?sync=", "sync=''; expected sync=true or sync=false"),
        ("lmdb:///x?sync=1", "sync='1'; expected sync=true or sync=false"),
        ("lmdb:///x?sync=perhaps", "sync='perhaps'; expected sync=true or sync=false"),
        ("lmdb:///x?mapsize=5", "has mapsize='5'; expected one of map_size, sync"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(connection: str | None, told: str) -> None:
    with pytest.raises(ValueError, match="The database's URL") as caught:
        LMDBDriver(connection)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "options, size, waits",
    [
        ("", MAP_SIZE, True),
        ("?sync=true", MAP_SIZE, True),
        ("?sync=false", MAP_SIZE, False),
        ("?map_size=5000000", 5_000_000, True),
        ("?map_size=5000000&sync=false", 5_000_000, False),
    ],
)
def test_what_a_url_says_is_what_lmdb_is_told(url: str, options: str, size: int, waits: bool) -> None:
    driver = LMDBDriver(f"{url}{options}")
    driver.engine.create_schema()
    assert isinstance(driver.engine, LMDBEngine)
    told = driver.engine._opened().lmdb
    assert (told.info()["map_size"], told.flags()["sync"]) == (size, waits)
    driver.close()


def test_nothing_is_made_before_it_is_used(url: str, tmp_path: Path) -> None:
    driver = LMDBDriver(url)
    assert driver.engine.location() == url
    assert "revision" not in driver.engine.identify()
    with pytest.raises(DBConnectionError, match=r"There is no folder .*/cloud; nova-db sync makes it\.") as caught:
        driver.service_get_all(ADMIN)
    assert not caught.value.may_pass
    with pytest.raises(DBConnectionError, match="There is no folder"):
        driver.service_create(ADMIN, {"host": "a"})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    driver = LMDBDriver("lmdb:///a%20cloud")
    monkeypatch.chdir("/")
    driver.engine.create_schema()
    assert (tmp_path / "a cloud" / "data.mdb").exists()
    driver.close()


def test_what_it_says_of_itself(driver: LMDBDriver, url: str) -> None:
    told = driver.engine.describe()
    assert (told["engine"], told["url"]) == ("lmdb", url)
    assert told["server"].startswith("LMDB ")
    assert told["revision"]


def test_one_database_by_two_names(driver: LMDBDriver, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "cloud")
    other = LMDBDriver(f"lmdb:///{tmp_path / 'link'}")
    driver.service_create(ADMIN, {"host": "a"})
    assert [found["host"] for found in other.service_get_all(ADMIN)] == ["a"]
    assert other.engine.identity() == driver.engine.identity()


def test_databases_for_tests_are_made_beside_one_whose_folder_is_not_there(tmp_path: Path) -> None:
    made = LMDBDriver.provision(f"lmdb:///{tmp_path}/not%20there%3F/cloud?map_size=1000000")
    driver = LMDBDriver(made)
    assert driver.service_get_all(ADMIN) == []
    driver.close()
    assert [path.name.startswith("nova-db-") for path in (tmp_path / "not there?").iterdir()] == [True]
    LMDBDriver.discard(made)
    LMDBDriver.discard(made)
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_does_not_remove_says_so(driver: LMDBDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    apply = LMDBTransaction._apply

    def without_removals(self: LMDBTransaction, writes: Mapping[bytes, bytes | None]) -> None:
        apply(self, {key: value for key, value in writes.items() if value is not None})

    driver.service_create(ADMIN, {"host": "a"})
    with monkeypatch.context() as patch:
        patch.setattr(LMDBTransaction, "_apply", without_removals)
        with pytest.raises(
            DBError, match=r"cells that were removed are still there.* CellTransaction\._apply does not"
        ):
            driver.engine.clear()
    driver.engine.clear()
    assert driver.service_get_all(ADMIN) == []


def test_a_turn_whose_file_cannot_be_opened(driver: LMDBDriver, tmp_path: Path) -> None:
    (tmp_path / "cloud" / "writer.lock").unlink()
    (tmp_path / "cloud" / "writer.lock").mkdir()
    other = LMDBDriver(f"lmdb:///{tmp_path / 'cloud'}")
    driver.close()
    with pytest.raises(DBConnectionError, match=r"writer\.lock cannot be opened: Is a directory"):
        other.service_create(ADMIN, {"host": "a"})


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DBConnectionError, match=r"file/cloud cannot be opened: .*Not a directory"):
        LMDBDriver(f"lmdb:///{tmp_path / 'file' / 'cloud'}").engine.create_schema()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"something else" * 1000)
    with pytest.raises(DBConnectionError, match="cannot be opened"):
        LMDBDriver(f"lmdb:///{tmp_path}").service_get_all(ADMIN)


def test_errors_that_are_kept_take_no_reader_s_place(driver: LMDBDriver) -> None:
    kept = []
    for _ in range(1100):
        with pytest.raises(ServiceNotFound) as caught:
            driver.service_get(ADMIN, 5)
        kept.append(caught.value)
    assert len(kept) == 1100


def test_all_readers(driver: LMDBDriver) -> None:
    readers = [driver.engine.read() for _ in range(1023)]
    with pytest.raises(DBConnectionError, match="There are 1024 readers, and no more may be"):
        readers += [driver.engine.read() for _ in range(3)]
    for reader in readers:
        reader.rollback()
    assert driver.service_get_all(ADMIN) == []


def test_full(url: str) -> None:
    """What does not fit is told and undone; with more room it fits, and all that was there is."""
    small = LMDBDriver(f"{url}?map_size=1000000&sync=false")
    small.engine.create_schema()

    def fill() -> None:
        for number in range(1000):
            small.service_create(ADMIN, {"report_count": number})
            small.instance_create(ADMIN, {"host": "a", "metadata": {"k": "v" * 200}})

    with pytest.raises(DBError, match=r"has reached its map_size; .*map_size=BYTES"):
        fill()
    made = len(small.instance_get_all(ADMIN))
    assert made > 10
    assert len(small.service_get_all(ADMIN)) in (made, made + 1)
    small.close()
    large = LMDBDriver(f"{url}?map_size=100000000&sync=false")
    large.instance_create(ADMIN, {"host": "b"})
    assert len(large.instance_get_all(ADMIN)) == made + 1
    large.close()


def test_closed_while_a_transaction_is_open(driver: LMDBDriver) -> None:
    with driver.transaction(ADMIN):
        driver.service_create(ADMIN, {"host": "a"})
        driver.close()
        driver.service_create(ADMIN, {"host": "b"})
    driver.close()
    assert [found["host"] for found in driver.service_get_all(ADMIN)] == ["a", "b"]


def test_an_engine_with_a_folder_of_its_own_name(tmp_path: Path) -> None:
    engine = LMDBEngine(tmp_path / "cloud?sync=false", lock_timeout=1)
    engine.create_schema()
    assert (tmp_path / "cloud?sync=false").is_dir()
    again = LMDBDriver(engine.location())
    assert again.service_get_all(ADMIN) == []
