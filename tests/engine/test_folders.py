"""Folders of databases: made with all that is above them, or refused in the interface's words."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from nova_db.engine.file_turns import FileTurn
from nova_db.engine.folders import discard_folder, folder_for_tests, make_folder
from nova_db.exceptions import DBConnectionError


def test_a_folder_is_made_with_those_above_it_and_may_be_there(tmp_path: Path) -> None:
    for _ in range(2):  # one story
        make_folder(tmp_path / "a" / "b")
        assert (tmp_path / "a" / "b").is_dir()


def test_each_one_for_tests_is_new_and_beside_what_is_named(tmp_path: Path) -> None:
    first, second = (folder_for_tests(tmp_path / "not there" / "cloud") for _ in range(2))
    assert first != second
    assert {first, second} == set((tmp_path / "not there").iterdir())


def test_what_was_made_for_tests_goes_with_the_last_of_them(tmp_path: Path) -> None:
    first, second = (folder_for_tests(tmp_path / "not" / "there" / "cloud") for _ in range(2))
    (first / "file").touch()
    discard_folder(first)
    assert list((tmp_path / "not" / "there").iterdir()) == [second]
    discard_folder(second)
    discard_folder(second)
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_stays_and_so_does_what_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    discard_folder(folder_for_tests(tmp_path / "there" / "cloud"))
    assert (tmp_path / "there").is_dir()
    made = folder_for_tests(tmp_path / "a" / "b" / "cloud")
    (tmp_path / "a" / "file").touch()
    discard_folder(made)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["file"]


def test_where_nothing_is_named_it_is_among_temporary_files() -> None:
    made = folder_for_tests()
    assert made.parent == Path(tempfile.gettempdir())
    made.rmdir()


def test_what_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DBConnectionError, match="/file cannot be made: File exists") as caught:
        make_folder(tmp_path / "file")
    assert not caught.value.may_pass
    with pytest.raises(DBConnectionError, match="/file/any cannot be made: Not a directory"):
        folder_for_tests(tmp_path / "file" / "any" / "cloud")


def test_a_turn_whose_file_cannot_be_opened_is_given_back(tmp_path: Path) -> None:
    turn = FileTurn(tmp_path / "writer.lock")
    (tmp_path / "writer.lock").mkdir()
    for _ in range(2):  # one story
        with pytest.raises(DBConnectionError, match=r"writer\.lock cannot be opened: Is a directory"):
            turn.begun(1, lambda: None)
    (tmp_path / "writer.lock").rmdir()
    assert turn.begun(1, lambda: "begun") == "begun"
    turn.release()
