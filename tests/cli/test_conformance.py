"""``nova-db conformance``: what it prints, and how it ends."""

from __future__ import annotations

import importlib.metadata
import json
from unittest import mock

import pytest

from tests.cli.cases import failure, run

SHORT = ("--", "-q", "-p", "no:cacheprovider", "-k", "TestKeyPairs")


def test_a_document_alone() -> None:
    ran = run("--backend", "memory", "conformance", "--json", *SHORT)
    found = json.loads(ran.stdout)
    assert (ran.returncode, found["conforms"], found["failed"]) == (0, True, [])
    assert found["outcomes"]["passed"] > 0


def test_a_backend_that_is_none_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'clay'" in failure(capsys, "--backend", "clay", "conformance")


def test_without_the_extra_it_is_one_line_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    def version(name: str) -> str:
        if name in ("pytest", "hypothesis"):
            raise importlib.metadata.PackageNotFoundError(name)
        return "1"

    with mock.patch("importlib.metadata.version", version):
        line = failure(capsys, "--backend", "memory", "conformance")
    assert line == "nova-db: The conformance suite needs pytest, hypothesis: pip install 'nova-db[conformance]'."
