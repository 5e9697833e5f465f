"""The pytest plug-in for projects that use ``nova_db``."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from oslo_config import cfg

from nova_db.conf import defaults, register_opts
from nova_db.conf.defaults import configured_connection
from tests.suite.harness import run_pytest

TESTS = """
import nova_db
from nova_db.context import get_admin_context

ADMIN = get_admin_context()

def test_one(nova_db_database):
    assert nova_db.cell_get_all(ADMIN) == []
    nova_db.cell_create(ADMIN, {"name": "one"})
    print("driver:", type(nova_db_database.driver).__name__, nova_db_database.connection)

def test_two(nova_db_database):
    assert nova_db.cell_get_all(ADMIN) == []
"""


def test_a_test_that_asks_for_it_has_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(TESTS)
    run = run_pytest(tmp_path, "-s")
    assert run.returncode == 0, run.stdout
    assert "driver: MemoryDriver None" in run.stdout


def test_the_settings_choose_backend_and_connection(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nnova_db_backend = tests.suite.sample_drivers.ProvisionedDriver\nnova_db_connection = server://x\n"
    )
    run = run_pytest(tmp_path, "-s")
    assert run.returncode == 0, run.stdout
    assert "driver: ProvisionedDriver private-" in run.stdout


def test_databases_are_removed_before_the_run_ends(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(
        TESTS
        + """
from tests.suite.sample_drivers import ProvisionedDriver

class Printed(list):
    def append(self, event):
        print("event:", event)

ProvisionedDriver.events = Printed()
"""
    )
    run = run_pytest(tmp_path, "-s", "-o", "nova_db_backend=tests.suite.sample_drivers.ProvisionedDriver")
    assert run.returncode == 0, run.stdout
    assert 0 < run.stdout.index("event: discard") < run.stdout.index("2 passed")


UNGUARDED = """
import nova_db
from nova_db.context import get_admin_context
{setup}

def test_forgotten():
    try:
        nova_db.cell_get_all(get_admin_context())
    except Exception:
        pass    # as code under test may do

def test_session():
    from nova_db_sqlalchemy.session import get_session
    get_session()
"""


def test_a_call_without_the_fixture_fails_the_test(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(UNGUARDED.format(setup=""))
    url = f"sqlite:///{tmp_path}/nova.sqlite"
    subprocess.run([sys.executable, "-m", "nova_db", "--connection", url, "sync"], check=True, capture_output=True)
    run = run_pytest(tmp_path)
    assert "2 failed" in run.stdout, run.stdout
    assert run.stdout.count("it needs the fixture nova_db_database") >= 2


def test_a_variable_that_does_not_count_yet_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_user.py").write_text(UNGUARDED.format(setup=""))
    hint = "OS_DATABASE__CONNECTION is set, and counts once the configuration object was called: CONF([])."
    assert hint not in run_pytest(tmp_path).stdout
    url = f"sqlite:///{tmp_path}/own.sqlite"
    monkeypatch.setenv("OS_DATABASE__CONNECTION", url)
    run = run_pytest(tmp_path)
    assert "2 failed" in run.stdout, run.stdout
    assert run.stdout.count(hint) >= 2
    subprocess.run([sys.executable, "-m", "nova_db", "sync"], check=True, capture_output=True)
    called = "from nova_db.conf import get_conf\nget_conf()([], default_config_files=[])"
    (tmp_path / "test_user.py").write_text(UNGUARDED.format(setup=called))
    run = run_pytest(tmp_path)
    assert "2 passed" in run.stdout, run.stdout


@pytest.mark.parametrize("method", ["set_override", "set_default"])
def test_none_is_no_connection_of_the_project(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = cfg.ConfigOpts()
    register_opts(options)
    asked: list[bool] = []
    monkeypatch.setattr(defaults, "_refusals", [lambda: asked.append(True)])
    getattr(options, method)("connection", None, "database")
    assert configured_connection(options) == defaults.DEFAULT_CONNECTION
    assert asked == [True]
    getattr(options, method)("connection", "sqlite:///own.sqlite", "database")
    assert configured_connection(options) == "sqlite:///own.sqlite"
    assert asked == [True]


def test_a_connection_of_the_project_or_the_setting_allows_it(tmp_path: Path, subtests: pytest.Subtests) -> None:
    url = f"sqlite:///{tmp_path}/nova.sqlite"
    subprocess.run([sys.executable, "-m", "nova_db", "--connection", url, "sync"], check=True, capture_output=True)
    configured = (
        "from nova_db.conf import get_conf\nget_conf().{method}('connection', '" + url + "', group='database')",
    )
    for method in ("set_override", "set_default"):
        with subtests.test(method=method):
            (tmp_path / "test_user.py").write_text(UNGUARDED.format(setup=configured[0].format(method=method)))
            run = run_pytest(tmp_path)
            assert "2 passed" in run.stdout, run.stdout
    (tmp_path / "test_user.py").write_text(UNGUARDED.format(setup=""))
    run = run_pytest(tmp_path, "-o", "nova_db_default_database=true")
    assert "2 passed" in run.stdout, run.stdout


def test_the_options_of_the_suite_hold_for_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(TESTS)
    run = run_pytest(tmp_path, "-s", "--nova-db-backend", "sqlite")
    assert run.returncode == 0, run.stdout
    assert "driver: SQLAlchemyDriver sqlite" in run.stdout
    run = run_pytest(tmp_path, "-s", "-v", "--nova-db-backend", "sqlite", "--nova-db-backend", "memory")
    assert "test_one[sqlite]" in run.stdout
    assert "test_two[memory]" in run.stdout
    assert "4 passed" in run.stdout
    run = run_pytest(tmp_path, "--nova-db-backend", "clay")
    assert run.returncode == 4
    assert "no database backend 'clay'" in run.stderr


def test_a_unittest_runs_on_one_backend(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(
        "import unittest, pytest, nova_db\nfrom nova_db.context import get_admin_context\n"
        "@pytest.mark.usefixtures('nova_db_database')\nclass TestUser(unittest.TestCase):\n"
        "    def test_one(self):\n        self.assertEqual(nova_db.cell_get_all(get_admin_context()), [])\n"
    )
    assert "1 passed" in run_pytest(tmp_path, "--nova-db-backend", "sqlite").stdout
    several = run_pytest(tmp_path, "--nova-db-backend", "sqlite", "--nova-db-backend", "memory")
    assert "runs on one backend" in several.stdout


DRIVER = "tests.suite.sample_drivers.ProvisionedDriver"
INI = f"[pytest]\nnova_db_backend = {DRIVER}\nnova_db_connection = server://x\n"


@pytest.mark.parametrize(
    "settings, arguments, told",
    [
        ("", ["--nova-db-backend=sqlalchemy", "--nova-db-connection="], "--nova-db-connection is empty"),
        ("", ["--nova-db-connection="], "--nova-db-connection is empty"),
        ("", ["--nova-db-backend=sqlalchemy="], "--nova-db-backend sqlalchemy= has an empty URL"),
        ("", ["--nova-db-backend=sqlite="], "--nova-db-backend sqlite= has an empty URL"),
        ("nova_db_backend = sqlalchemy\nnova_db_connection =\n", [], "nova_db_connection is empty"),
        ("nova_db_backend = sqlalchemy\n", ["-o", "nova_db_connection="], "nova_db_connection is empty"),
        ("nova_db_backend =\n", [], "nova_db_backend is empty"),
        ("nova_db_connection = sqlite://\n", [], "nova_db_connection in pytest's configuration needs"),
        (
            "nova_db_strict_filters = maybe\n",
            [],
            "nova_db_strict_filters in pytest's configuration is neither true nor",
        ),
        (
            "nova_db_default_database = 2\n",
            [],
            "nova_db_default_database in pytest's configuration is neither true nor",
        ),
        (
            "nova_db_backend = memry\n",
            [],
            "nova_db_backend in pytest's configuration: There is no database backend 'mem",
        ),
        (
            "nova_db_backend = mariadb\n",
            [],
            "nova_db_backend = mariadb in pytest's configuration: backend 'mariadb' needs",
        ),
        (
            "nova_db_backend = sqlalchemy\nnova_db_connection = oracle://me:hush@h/d\n",
            [],
            "nova_db_connection (oracle://***@h/d) in pytest's configuration: ",
        ),
    ],
)
def test_what_is_empty_or_means_nothing_ends_the_run(
    settings: str, arguments: list[str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "test_user.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{settings}")
    run = run_pytest(tmp_path, *arguments)
    assert run.returncode == 4, run.stdout
    assert told in run.stderr
    assert "hush" not in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    "settings, arguments, told",
    [
        ("nova_db_backend = postgresql\nnova_db_connection = {url}\n", [], "nova_db_connection ({place}) in pytest's"),
        ("", ["--nova-db-backend", "postgresql={url}"], "--nova-db-backend sqlalchemy ({place}): "),
        ("", ["--nova-db-backend", "postgresql={url}", "-n1"], "--nova-db-backend sqlalchemy ({place}): "),
    ],
)
def test_a_server_out_of_reach_is_told_once(settings: str, arguments: list[str], told: str, tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(TESTS)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and does not listen
        place = f"127.0.0.1:{unused.getsockname()[1]}/nova"
        url = f"postgresql+psycopg://me:hush@{place}"
        (tmp_path / "pytest.ini").write_text(f"[pytest]\n{settings.format(url=url)}")
        run = run_pytest(tmp_path, "-rN", *(argument.format(url=url) for argument in arguments))
    assert run.returncode not in (0, 1), run.stdout
    assert told.format(place=f"postgresql+psycopg://***@{place}") in run.stdout, run.stdout
    assert "hush" not in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert "1 error in" in run.stdout, run.stdout


@pytest.mark.parametrize(
    "settings, arguments, driver",
    [
        (INI, ["--nova-db-backend", DRIVER], "ProvisionedDriver private-"),
        (INI, ["--nova-db-connection", "server://y"], "ProvisionedDriver private-"),
        (INI, ["--nova-db-backend", "memory"], "MemoryDriver None"),
        ("[pytest]\nnova_db_backend = sqlite\n", [], "SQLAlchemyDriver sqlite"),
        ("[pytest]\nnova_db_backend = postgresql\nnova_db_connection = sqlite://\n", [], "SQLAlchemyDriver sqlite"),
    ],
)
def test_the_command_line_and_the_settings_go_together(
    settings: str, arguments: list[str], driver: str, tmp_path: Path
) -> None:
    told = "\n    print('asked:', nova_db_database._key[1])\n"
    (tmp_path / "test_user.py").write_text(TESTS.replace("\n\ndef test_two", f"{told}\ndef test_two"))
    (tmp_path / "pytest.ini").write_text(settings)
    run = run_pytest(tmp_path, "-s", *arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"driver: {driver}" in run.stdout
    if driver.startswith("Provisioned"):
        assert f"asked: {'server://y' if 'server://y' in arguments else 'server://x'}" in run.stdout
