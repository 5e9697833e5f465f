"""Configuration files that cannot be read."""

from __future__ import annotations

import pathlib
from unittest import mock

import pytest

from tests.cli.cases import failure


@pytest.mark.parametrize("content", [b"[database]\nconnection = sqlite:///\xff\xfe", b"\0\xff"])
def test_what_is_no_text_is_one_line(
    content: bytes, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nova.conf"
    file.write_bytes(content)
    line = failure(capsys, "--config-file", str(file), "status")
    assert line == f"nova-db: the configuration file {file} is not text in UTF-8"


def test_a_folder_and_nothing_are_one_line(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert str(tmp_path) in failure(capsys, "--config-file", str(tmp_path), "status")
    assert str(tmp_path / "none") in failure(capsys, "--config-file", str(tmp_path / "none"), "status")


def test_what_is_no_name_of_a_file_is_one_line(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--config-file" in failure(capsys, "--config-file", "", "status")
    assert "is a folder" in failure(capsys, "--config-file", str(tmp_path), "status")
    assert "is a folder" in failure(capsys, "compare", f"@{tmp_path}", "memory://")
    assert "no name" in failure(capsys, "compare", "@", "memory://")


def test_a_byte_order_mark_is_told(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "nova.conf"
    file.write_text("\ufeff[database]\nconnection = sqlite:///x\n", encoding="utf-8")
    line = failure(capsys, "--config-file", str(file), "status")
    assert f"the configuration file {file} begins with a byte order mark" in line


def test_of_several_files_the_one_is_named(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, missing = tmp_path / "good.conf", tmp_path / "bad.conf", tmp_path / "missing.conf"
    good.write_text("[database]\nconnection = sqlite:///x\n")
    bad.write_bytes(b"\xff\xfe")
    for wrong in (bad, missing, tmp_path):  # one story
        line = failure(capsys, "--config-file", str(good), "--config-file", str(wrong), "status")
        assert str(wrong) in line
        assert "good.conf" not in line


def test_what_nobody_may_read_is_one_line(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "nova.conf"
    file.write_text("[database]\n")
    file.chmod(0)
    refused = PermissionError(13, "Permission denied", str(file))  # root reads whatever the permissions say
    with mock.patch("oslo_config.cfg.open", side_effect=refused, create=True):
        assert str(file) in failure(capsys, "--config-file", str(file), "status")
