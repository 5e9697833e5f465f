"""The guide's store of cells in the hands of an operator: what the skeleton around it gives, beside the suite."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_db.cli import main, skeletons
from nova_db.context import get_admin_context
from nova_db.exceptions import DBConnectionError, DBError
from nova_db.loading import load_unconfigured
from nova_db.operations import CellDriver
from tests.cli.cases import failure
from tests.docs.guide import blocks

BACKEND = "nova_db_shelf.ShelfDriver"
ADMIN = get_admin_context()


@pytest.fixture(scope="module", autouse=True)
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The package, as the guide leaves it, on the path."""
    folder = tmp_path_factory.mktemp("shelf") / "package"
    skeletons.write("shelf", "cells", folder)
    [code] = blocks("# nova_db_shelf/cells.py\n")
    (folder / "nova_db_shelf/cells.py").write_text(code)
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == "nova_db_shelf"]:
        del sys.modules[name]


def driver_of(folder: Path) -> CellDriver:
    driver = load_unconfigured(BACKEND, f"shelf:///{folder}")
    assert isinstance(driver, CellDriver)
    return driver


def command(folder: Path, *argv: str) -> int:
    return main(["--backend", BACKEND, "--connection", f"shelf:///{folder}", *argv])


def test_its_schema_is_told_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cloud").mkdir()
    assert (command(tmp_path / "cloud", "version"), command(tmp_path / "cloud", "check")) == (3, 1)
    assert command(tmp_path / "cloud", "sync") == 0
    assert (command(tmp_path / "cloud", "version"), command(tmp_path / "cloud", "check")) == (0, 0)
    assert "state  up to date" in capsys.readouterr().out


def test_a_link_to_a_database_is_that_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("cloud", "other"):  # one story
        assert command(tmp_path / name, "sync") == 0
    (tmp_path / "alias").symlink_to(tmp_path / "cloud")
    capsys.readouterr()
    cloud, alias, other = (f"{BACKEND}=shelf:///{tmp_path / name}" for name in ("cloud", "alias", "other"))
    assert "the two databases are the same one" in failure(capsys, "copy", "--from", cloud, "--to", alias)
    assert "the two databases are the same one" in failure(capsys, "compare", cloud, alias)
    assert main(["compare", cloud, other]) == 0


def test_without_tables_nothing_is_left_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cloud").mkdir()
    assert "holds no tables yet" in failure(
        capsys, "--backend", BACKEND, "--connection", f"shelf:///{tmp_path}/cloud", "seed"
    )
    driver = driver_of(tmp_path / "cloud")
    with pytest.raises(DBError, match="holds no tables yet"):
        driver.cell_create(ADMIN, {"name": "a"})
    with pytest.raises(DBError, match="holds no tables yet"):
        driver.cell_get_all(ADMIN)
    assert list((tmp_path / "cloud").iterdir()) == []


def test_what_is_wrong_with_the_file_of_the_turn_is_told(tmp_path: Path) -> None:
    assert command(tmp_path, "sync") == 0
    (tmp_path / "writer.lock").unlink()
    (tmp_path / "writer.lock").mkdir()
    driver = driver_of(tmp_path)
    assert driver.cell_get_all(ADMIN) == []
    for _ in range(2):  # one story: the turn among threads was given back
        with pytest.raises(DBConnectionError, match=r"writer\.lock cannot be opened: Is a directory") as caught:
            driver.cell_create(ADMIN, {"name": "a"})
        assert not caught.value.may_pass
    (tmp_path / "writer.lock").rmdir()
    assert driver.cell_create(ADMIN, {"name": "a"})["name"] == "a"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DBConnectionError, match="file/cloud cannot be made: Not a directory"):
        driver_of(tmp_path / "file" / "cloud").sync()


def test_databases_for_tests_are_made_beside_one_whose_folder_is_not_there(tmp_path: Path) -> None:
    kind = type(driver_of(tmp_path))
    made = kind.provision(f"shelf:///{tmp_path}/not/there/cloud")  # type: ignore[attr-defined] # the skeleton's
    assert made.startswith(f"shelf:///{tmp_path}/not/there/nova-db-")
    kind.discard(made)  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []
