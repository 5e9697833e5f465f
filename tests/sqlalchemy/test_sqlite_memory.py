"""SQLite databases in memory behave as files do, belong to one process, and leave nothing behind."""

from __future__ import annotations

import gc
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from nova_db.engine import Capability, Query
from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.settings import Settings
from nova_db_sqlalchemy.sqlite import private as sqlite_private
from tests.forks import in_child
from tests.sqlalchemy.helpers import insert, reading, row, select, writing

Opened: TypeAlias = Callable[..., SQLEngine]
URLS = ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"]
NAMED = "sqlite:///file:x?mode=memory&cache=shared&uri=true"
IMPATIENT = Settings(pool_timeout=1, lock_timeout=1)
WAIT = 60


@pytest.fixture
def engine(opened: Opened) -> SQLEngine:
    """An engine that gives up soon where it would have to wait."""
    engine = opened("sqlite://", IMPATIENT)
    engine.create_schema()
    return engine


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the files of this test are."""
    monkeypatch.setattr(sqlite_private, "MEMORY", tmp_path / "none")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def hosts(engine: SQLEngine) -> list[Any]:
    return [each["host"] for each in select(engine, "services")]


def elsewhere(work: Callable[[], Any]) -> Any:
    """What some work comes to in another thread."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result(WAIT)


class TestThreads:
    """Threads do not wait for one another where those on a file would not."""

    @pytest.mark.parametrize("url", URLS)
    def test_readers_beside_an_open_writer_see_what_is_committed(self, url: str, opened: Opened) -> None:
        engine = opened(url, IMPATIENT)
        engine.create_schema()
        insert(engine, "services", {"host": "a"})
        with writing(engine) as tx:
            tx.insert(("services", [row("services", host="b")]))
            assert hosts(engine) == ["a"]
            assert elsewhere(lambda: hosts(engine)) == ["a"]
        assert hosts(engine) == ["a", "b"]

    def test_an_open_reader_keeps_its_state_and_no_writer_waiting(self, engine: SQLEngine) -> None:
        with reading(engine) as tx:
            assert tx.select(Query("services")) == []
            elsewhere(lambda: insert(engine, "services", {"host": "a"}))
            assert tx.select(Query("services")) == []
        assert hosts(engine) == ["a"]

    def test_writers_take_turns(self, engine: SQLEngine) -> None:
        def work() -> None:
            for _ in range(20):
                insert(engine, "services", {})

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        assert len(hosts(engine)) == 80


class TestWhoseItIs:
    """Each engine has a database of its own, unless it is asked for by a name."""

    def test_engines_do_not_share_it(self, engine: SQLEngine, opened: Opened) -> None:
        other = opened("sqlite://")
        other.create_schema()
        insert(engine, "services", {})
        assert select(other, "services") == []

    def test_engines_share_one_with_a_name_as_long_as_there_is_one(self, opened: Opened) -> None:
        first, second = SQLEngine(NAMED), SQLEngine(NAMED)
        first.create_schema()
        insert(first, "services", {"host": "a"})
        assert hosts(second) == ["a"]
        for each in (first, second):
            each.close()  # which keeps the database; newer Pythons warn of connections that nobody has closed
        del each, first, second
        gc.collect()
        assert opened(NAMED).tables() == []

    def test_it_lacks_what_it_lacks(self, engine: SQLEngine) -> None:
        assert engine.capabilities == frozenset()
        assert set(engine.missing) == {Capability.PERSISTENT, Capability.CONCURRENT_WRITERS}


class TestClosing:
    """An engine may be closed at any time, and keeps its database."""

    def test_in_an_open_writer(self, engine: SQLEngine) -> None:
        with writing(engine) as tx:
            tx.insert(("services", [row("services", host="a")]))
            engine.close()
            tx.insert(("services", [row("services", host="b")]))
        assert hosts(engine) == ["a", "b"]

    def test_by_another_thread(self, engine: SQLEngine) -> None:
        with reading(engine) as tx:
            assert tx.select(Query("services")) == []
            elsewhere(engine.close)
            insert(engine, "services", {})
            assert tx.select(Query("services")) == []

    def test_before_it_was_opened(self, opened: Opened) -> None:
        engine = opened("sqlite://")
        engine.close()
        engine.close()
        engine.create_schema()
        assert hosts(engine) == []


class TestForks:
    """A child goes on with a copy of what was committed when it was forked."""

    def test_neither_sees_what_the_other_writes(self, engine: SQLEngine) -> None:
        insert(engine, "services", {"host": "a"})
        tx = engine.write()
        tx.insert(("services", [row("services", host="open")]))
        inlet, outlet = os.pipe()

        def work() -> list[Any]:
            os.read(inlet, 1)  # the parent has written meanwhile
            tx.rollback()
            insert(engine, "services", {"host": "child"})
            return hosts(engine)

        def write() -> None:
            tx.commit()
            os.write(outlet, b"!")

        timer = threading.Timer(0.2, write)
        timer.start()
        assert in_child(work) == "['a', 'child']"
        timer.join(WAIT)
        assert hosts(engine) == ["a", "open"]

    def test_a_child_of_a_child_that_did_not_use_it(self, engine: SQLEngine) -> None:
        insert(engine, "services", {"host": "a"})
        assert in_child(lambda: in_child(lambda: hosts(engine))) == repr("['a']")

    def test_a_child_of_a_child_that_did(self, engine: SQLEngine) -> None:
        insert(engine, "services", {"host": "a"})

        def work() -> str:
            insert(engine, "services", {"host": "b"})
            return in_child(lambda: hosts(engine))

        assert in_child(work) == repr("['a', 'b']")
        assert hosts(engine) == ["a"]

    def test_forks_of_several_threads_at_once(self, engine: SQLEngine) -> None:
        insert(engine, "services", {"host": "a"})

        def work(_number: int) -> str:
            return in_child(lambda: hosts(engine))

        with ThreadPoolExecutor(4) as threads:
            assert set(threads.map(work, range(24))) == {"['a']"}
        assert hosts(engine) == ["a"]

    def test_a_copy_that_could_not_be_made_is_missed_and_not_taken_for_empty(
        self, engine: SQLEngine, place: Path
    ) -> None:
        private = SQLEngine("sqlite://")
        private.create_schema()
        (folder,) = place.glob(f"{sqlite_private.PREFIX}*")
        private.close()
        (folder / "database").write_bytes(b"no database" * 1000)
        assert in_child(lambda: hosts(private)).startswith(
            f"{DBConnectionError.__name__}: The database in memory could"
        )


class TestFiles:
    """Where it is, and when it goes."""

    def test_nobody_else_may_look_into_it(self, place: Path, opened: Opened) -> None:
        opened("sqlite://").create_schema()
        (folder,) = place.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_it_goes_with_its_engine(self, place: Path) -> None:
        engine = SQLEngine("sqlite://")
        assert list(place.iterdir()) == []
        engine.create_schema()
        assert len(list(place.iterdir())) == 1
        engine.close()
        del engine
        gc.collect()
        assert list(place.iterdir()) == []

    @pytest.mark.parametrize("end", ["", "engine.close()", "raise SystemExit(3)", "end_of_a_child()"])
    def test_it_goes_with_its_process(self, end: str, tmp_path: Path) -> None:
        run(tmp_path, end)
        assert list(tmp_path.iterdir()) == []

    def test_what_a_killed_process_left_goes_with_the_next_one(self, tmp_path: Path) -> None:
        assert run(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)").returncode == -signal.SIGKILL
        assert len(list(tmp_path.iterdir())) == 1
        run(tmp_path, "")
        assert list(tmp_path.iterdir()) == []

    def test_what_a_living_process_uses_stays(self, place: Path, opened: Opened) -> None:
        engine = opened("sqlite://")
        engine.create_schema()
        insert(engine, "services", {"host": "a"})
        run(place, "")
        sqlite_private.sweep(str(place))
        engine.close()
        assert hosts(engine) == ["a"]

    def test_no_room_is_an_error_that_says_so(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(place / "gone"))
        with pytest.raises(DBConnectionError, match=r"no place for a database in memory: No such file.*gone"):
            SQLEngine("sqlite://").create_schema()


PROGRAM = """
import multiprocessing, os, pathlib, signal, sys, tempfile
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.sqlite import private as sqlite_private

tempfile.tempdir = sys.argv[1]
sqlite_private.MEMORY = pathlib.Path("/none")
engine = SQLEngine("sqlite://")
engine.create_schema()

def end_of_a_child():
    child = multiprocessing.get_context("fork").Process(target=engine.tables)
    child.start()
    child.join()
    if os.fork() == 0:
        sys.exit(len(engine.tables()) and 0)
    os.wait()
    (own,) = pathlib.Path(sys.argv[1]).iterdir()  # the children took theirs along, and left the parent's
    assert len(engine.tables()) > 90

"""


def run(place: Path, end: str) -> subprocess.CompletedProcess[str]:
    """A process with a database in memory, in that place, and how it ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + end, str(place)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done
