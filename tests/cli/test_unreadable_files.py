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


def test_what_nobody_may_read_is_one_line(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "nova.conf"
    file.write_text("[database]\n")
    file.chmod(0)
    refused = PermissionError(13, "Permission denied", str(file))  # root reads whatever the permissions say
    with mock.patch("oslo_config.cfg.open", side_effect=refused, create=True):
        assert str(file) in failure(capsys, "--config-file", str(file), "status")
