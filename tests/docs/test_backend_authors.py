"""The guide for authors of backends: its lists are the code's, and its examples do what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from nova_db import forking
from nova_db.cli import skeletons
from nova_db.conf import get_conf
from nova_db.engine import Engine
from nova_db.exceptions import DBConnectionError, DBError
from nova_db.schema import TABLES
from nova_db_memory import MemoryEngine
from scripts.backend_authors import PAGE, PARTS, redrawn
from tests.docs.guide import blocks
from tests.forks import check_in_child

ROOT = PAGE.parents[1]
SUITE = "nova_db_conformance.engine"
STAGES = ("loads", "insert", "keys", "integrity", "transactions", "closing", "fork", "isolation")
"""The modules of the suite that a store can break; the others test the base on it."""


def example(containing: str, **names: Any) -> dict[str, Any]:
    """What the one example defines that has some text in it."""
    [code] = blocks(containing)
    scope: dict[str, Any] = {"__name__": "guide", **names}
    exec(compile(code, PAGE.name, "exec"), scope)  # noqa: S102 - the guide's own code
    return scope


def conforms(folder: Path, backend: str) -> None:
    """Check that the modules of the suite pass that say whether a store is right."""
    memory = Path("/dev/shm")
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "nova_db", "conformance", "--backend", backend, "--level", "core", "--json"),
            *("--", "-q", "-p", "no:cacheprovider", *(f"{SUITE}.test_{name}" for name in STAGES)),
        ],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                [str(folder), *(str(ROOT / name) for name in (".", "backends", "conformance"))]
            ),
            "TMPDIR": str(memory if memory.is_dir() else Path(tempfile.gettempdir())),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-4000:] + ran.stdout[-2000:]
    assert '"passes": true' in ran.stdout


def test_what_is_made_from_the_code_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"<!-- {name} -->" in page for name in PARTS)
    assert redrawn(page) == page, "python -m scripts.backend_authors writes it anew"


def test_the_store_of_cells_conforms_as_it_stands_there(tmp_path: Path) -> None:
    skeletons.write("shelf", "cells", tmp_path / "package")
    [code] = blocks("# nova_db_shelf/cells.py\n")
    (tmp_path / "package/nova_db_shelf/cells.py").write_text(code)
    conforms(tmp_path / "package", "nova_db_shelf.ShelfDriver")


def test_the_store_of_rows_conforms_as_it_stands_there(tmp_path: Path) -> None:
    skeletons.write("drawer", "rows", tmp_path / "package")
    folder = tmp_path / "package/nova_db_drawer"
    [code] = blocks("# nova_db_drawer/rows.py\n")
    (folder / "rows.py").write_text(code)
    [code] = blocks("# in the class DrawerEngine of nova_db_drawer/engine.py\n")
    body, _, unwritten = (folder / "engine.py").read_text().partition("    def clear(self)")
    assert unwritten
    (folder / "engine.py").write_text(body + "".join(f"    {line}\n" for line in code.splitlines()[1:]))
    conforms(tmp_path / "package", "nova_db_drawer.DrawerDriver")


def test_what_is_shown_of_the_file_that_is_left_to_write_is_what_is_written(tmp_path: Path) -> None:
    skeletons.write("shelf", "cells", tmp_path / "package")
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    hint = re.search(r'NotImplementedError\("(.*?)"\)', (tmp_path / "package/nova_db_shelf/cells.py").read_text())
    assert hint is not None
    assert f"Cells.get is not written: {hint[1]}" in page
    assert all(f"| `{kind}` |" in page for kind in skeletons.KINDS)


def test_a_connection_that_has_to_be_there() -> None:
    made: list[str] = []

    def cupboard_engine(connection: str) -> Engine:
        made.append(connection)
        return MemoryEngine()

    driver = example("class CupboardDriver", cupboard_engine=cupboard_engine)["CupboardDriver"]
    with pytest.raises(ValueError, match="cupboard://HOST/NAME"):
        driver()
    assert driver.provision(None).startswith("cupboard://localhost/nova_db_test_")
    assert driver.provision("cupboard://here/cloud") != driver.provision("cupboard://here/cloud")
    driver.discard("cupboard://here/cloud")
    assert driver("cupboard://here/other").service_get_all
    assert made == ["cupboard://here/cloud", "cupboard://here/other"]


def test_options_of_ones_own() -> None:
    names = example("waits_for_the_disk")
    waits = names["waits_for_the_disk"]
    assert (waits("shelf:///x"), waits("shelf:///x?sync=false")) == (True, False)
    for wrong in ("shelf:///x?sink=false", "shelf:///x?sync=no"):  # one story
        with pytest.raises(ValueError, match="expected"):
            waits(wrong)
    conf = get_conf()
    assert names["cache_size"]() == names["cache_size"](conf) == 64
    conf.set_override("cache_size", 5, group="shelf")
    try:
        assert names["cache_size"](conf) == 5
    finally:
        conf.clear_override("cache_size", group="shelf")
    assert names["list_opts"]() == [("shelf", names["OPTIONS"])]


def test_shadow_tables_are_as_it_says() -> None:
    shadows = example("shadows = ")["shadows"]
    assert [shadow.name for shadow in shadows] == [f"shadow_{name}" for name, table in TABLES.items() if table.archived]


def test_related_is_overridden_for_what_is_joined() -> None:
    kind = example("class JoiningTransaction")["JoiningTransaction"]
    joined: list[Any] = []

    class Transaction(kind):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            """Nothing is needed."""

        def joined(self, relation: Any, keys: tuple[Any, ...]) -> list[tuple[Any, Any]]:
            joined.append((relation.name, keys))
            return []

        def select(self, query: Any) -> list[Any]:
            return [{"instance_uuid": "u", "id": 1}]

        _mark = _undo = _commit = _roll_back = None

    relations = TABLES["instances"].relations
    assert Transaction().related(relations["security_groups"], ["u"]) == []
    assert joined == [("security_groups", ("u",))]
    assert Transaction().related(relations["metadata"], ["u"]) == [("u", {"instance_uuid": "u", "id": 1})]


@pytest.fixture
def connections() -> Any:
    """The guide's pool, of connections that are numbers."""
    numbers = iter(range(10))
    return example("class Connections")["Connections"](lambda: next(numbers))


def test_what_is_open_is_left_to_the_parent(connections: Any) -> None:
    first = connections.take()
    connections.give_back(first)

    def work() -> None:
        assert connections.take() != first

    with connections._lock:  # which is free in the child all the same
        check_in_child(work)
    assert forking.is_renewed(connections._lock)
    assert connections.take() == first


def test_errors_of_the_store_come_out_as_those_of_the_interface() -> None:
    latch = example("class Latch")["Latch"]()
    with pytest.raises(DBError, match="The shelf: the disk is full"), latch:
        raise OSError("the disk is full")

    def work() -> None:
        with pytest.raises(DBConnectionError, match="belongs to the parent"), latch:
            raise OSError("never reached")

    check_in_child(work)
    assert not latch.is_inherited


def test_files_that_it_refers_to_are_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:backends|tests|nova_db)/[\w/.]+)`", page))
    assert "tests/kv_engine" in named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
