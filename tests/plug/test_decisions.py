"""Decisions that are not about the functions of the API."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from oslo_config import cfg

import nova_db.operations
from nova_db import conf, exceptions
from nova_db.driver import FUNCTIONS
from nova_db.operations import EngineDriver
from nova_db_conformance import decision
from tests.plug.conftest import Install

MACHINERY = (
    "dbapi_use_tpool",
    "db_driver",
    "sqlite_clean_db",
    "sqlite_db",
    "sql_connection_trace",
    "sql_min_pool_size",
    "use_tpool",
    "state_path",
)


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


@decision(11)
def test_the_options_of_the_database_and_their_old_names(tmp_path: Path, options: cfg.ConfigOpts) -> None:
    options(["--config-file", write(tmp_path / "old", "[DEFAULT]\ndb_backend = memory\nsql_connection = sqlite://\n")])
    assert (conf.option("backend", "database"), conf.option("connection", "database")) == ("memory", "sqlite://")
    options(["--config-file", write(tmp_path / "new", "[database]\nbackend = mine\nconnection = mine://\n")])
    assert (conf.option("backend", "database"), conf.option("connection", "database")) == ("mine", "mine://")


@decision(11)
def test_new_services_are_enabled_in_the_default_group(tmp_path: Path, options: cfg.ConfigOpts) -> None:
    assert conf.option("enable_new_services") is True
    options(["--config-file", write(tmp_path / "nova.conf", "[DEFAULT]\nenable_new_services = false\n")])
    assert conf.option("enable_new_services") is False


@decision(22, 27)
@pytest.mark.parametrize("name", MACHINERY)
def test_what_drove_the_machinery_of_old_is_no_option(
    name: str, options: cfg.ConfigOpts, subtests: pytest.Subtests
) -> None:
    for group in (None, "database", "cells"):
        with subtests.test(group=group), pytest.raises(cfg.NoSuchOptError):
            conf.option(name, group)
    known = [opt for _, opts in conf.list_opts() for opt in opts]
    assert name not in {opt.name for opt in known} | {old.name for opt in known for old in opt.deprecated_opts}


@decision(27)
def test_without_a_configuration_it_is_a_file_in_the_current_folder(tmp_path: Path) -> None:
    code = """
import nova_db as db
from nova_db.context import get_admin_context

from nova_db.api import get_driver
get_driver().sync()
print(db.service_create(get_admin_context(), {"host": "h"})["id"])
"""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NOVA_DB")}
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout == "1\n"
    assert (tmp_path / "nova.sqlite").stat().st_size > 0


@decision(12)
def test_no_more_targets() -> None:
    assert exceptions.NoMoreTargets.__mro__[1] is exceptions.NovaException
    assert exceptions.NoMoreTargets().code == 500


@decision(29)
def test_no_function_is_left_to_do(subtests: pytest.Subtests) -> None:
    assert EngineDriver.__abstractmethods__ == frozenset()
    for name in FUNCTIONS:
        with subtests.test(name=name):
            made_by = next(kind for kind in EngineDriver.__mro__ if name in vars(kind))
            assert made_by.__module__.startswith("nova_db.operations."), name
    for path in Path(nova_db.operations.__file__).parent.rglob("*.py"):
        with subtests.test(path=path):
            used = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
            assert "NotSupported" not in used, path.name


@decision(9)
def test_no_listener_is_installed_by_default(install: Install) -> None:
    from importlib.metadata import entry_points

    assert [entry.name for entry in entry_points(group="nova_db.cells")] == []
