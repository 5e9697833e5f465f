"""Which backends are measured: those that are there, by what they are."""

from __future__ import annotations

import importlib.util

import pytest

from benchmarks.__main__ import main
from benchmarks.cases import ARCHIVE_MANY
from benchmarks.contest import Pace
from benchmarks.lanes import MARIADB, POSTGRESQL, SERVERS, SETTINGS, lanes, peer_url, tried
from benchmarks.run import PARTS, Plan, Run
from nova_db_conformance.harness.scenarios import Backend, selected_backends

GONE = "127.0.0.1:1"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once on each server that the run is on."""
    if "remote" in metafunc.fixturenames:
        found = [each for each in selected_backends() if "@" in (each.connection or "")]
        metafunc.parametrize("remote", found, ids=str)


def named(remote: Backend, monkeypatch: pytest.MonkeyPatch, user: str | None = None) -> str:
    """Name a server in its variable, perhaps with another user; the backend."""
    scheme, _, rest = str(remote.connection).partition("://")
    name = "postgresql" if scheme.startswith("postgresql") else "mariadb"
    given, _, where = rest.rpartition("@")
    monkeypatch.setenv(SERVERS[name].variable, f"{scheme}://{user or given}@{where}")
    return name


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No server is named; mysqlclient is installed."""
    for variable in (POSTGRESQL, MARIADB):
        monkeypatch.delenv(variable, raising=False)
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found("json" if name == "MySQLdb" else name))
    return monkeypatch


@pytest.mark.parametrize("scheme", ["mariadb", "mariadb+pymysql", "mariadb+mysqldb", "mysql", "mysql+pymysql"])
def test_each_backend_has_its_own_library_whatever_the_url_says(servers: pytest.MonkeyPatch, scheme: str) -> None:
    servers.setenv(POSTGRESQL, "postgresql://me@there/test")
    servers.setenv(MARIADB, f"{scheme}://me@somewhere/test")

    found, absent = lanes([])

    assert absent == []
    assert {lane.name: lane.connection for lane in found[3:]} == {
        "postgresql": "postgresql+psycopg://me@there/test",
        "mariadb": "mariadb+pymysql://me@somewhere/test",
        "mysqlclient": "mariadb+mysqldb://me@somewhere/test",
    }
    assert {lane.peer for lane in found[4:]} == {"mariadb+pymysql://me@somewhere/test"}


@pytest.mark.parametrize(
    "variable, url, backend, words",
    [
        (
            MARIADB,
            "postgresql://me:secret@there/test",
            "MariaDB, PyMySQL",
            "begins with postgresql://; expected ",
        ),
        (MARIADB, "sqlite:///file", "MariaDB, C library", "begins with sqlite://; expected mariadb://"),
        (POSTGRESQL, "mariadb://me:secret@there/test", "PostgreSQL", "begins with mariadb://; expected postgresql://"),
        (POSTGRESQL, "me:secret@there", "PostgreSQL", "is no URL; expected postgresql://user:password@host/database"),
    ],
)
def test_a_url_of_another_server_is_refused(
    servers: pytest.MonkeyPatch, variable: str, url: str, backend: str, words: str
) -> None:
    servers.setenv(variable, url)

    found, absent = lanes([])

    assert [lane.name for lane in found] == ["memory", "lmdb", "sqlite"]
    [line] = [line for line in absent if line.startswith(f"{backend}: {variable}")]
    assert words in line
    assert "secret" not in line


def test_what_is_missing_is_told_by_what_it_is(servers: pytest.MonkeyPatch) -> None:
    assert lanes([])[1] == [
        f"PostgreSQL: {POSTGRESQL} names no server",
        f"MariaDB, PyMySQL: {MARIADB} names no server",
        f"MariaDB, C library: {MARIADB} names no server",
    ]
    servers.setenv(MARIADB, "mariadb://me@somewhere/test")
    servers.setattr(importlib.util, "find_spec", lambda name: None if name == "MySQLdb" else object())
    assert "MariaDB, C library: mysqlclient is not installed" in lanes(["mysqlclient"])[1]


def test_a_server_that_is_down_is_left_out_by_its_variable(servers: pytest.MonkeyPatch) -> None:
    servers.setenv(POSTGRESQL, f"postgresql://me:secret@{GONE}/test")
    servers.setenv(MARIADB, "mariadb://me:secret@there:port/test")

    there, absent = tried(["memory", "postgresql", "mariadb"])

    assert [lane.name for lane in there] == ["memory"]
    assert [line.partition(": ")[2].partition(":")[0] for line in absent] == [POSTGRESQL, MARIADB]
    assert [line for line in absent if "secret" in line or "\n" in line] == []


def test_a_server_that_lets_nobody_in_is_left_out(remote: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    name = named(remote, monkeypatch, user="nobody:secret")

    there, [line] = tried(["memory", name])

    assert len(there) == 1
    assert f"{SERVERS[name].variable}: " in line
    assert "secret" not in line


def test_a_server_is_measured_in_databases_that_are_gone_afterwards(
    remote: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = named(remote, monkeypatch)
    plan = Plan(Pace(2, 0.004, warm=1), 100, 3, 20, 0.05, 1, {name: (100, 200)}, PARTS, processes=2)

    there, absent = tried([name])
    run = Run(plan, lambda _: None)
    run.all(list(there), has_peer=False)

    assert (absent, run.failures) == ([], [])
    assert next(iter(there.values())).keys() == SETTINGS[name].keys()
    assert run.details.keys() == {*PARTS, "archive by hand"} - {"start"}
    assert [list(figure.sizes) for figure in run.figures if figure.case == ARCHIVE_MANY] == [[20]]


def test_a_backend_that_was_asked_for_and_is_not_there_is_told(
    servers: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    servers.setattr(Run, "all", lambda *_: None)

    assert main(["memory", "postgresql", "--without-peer"]) == 1
    assert f"left out: PostgreSQL: {POSTGRESQL} names no server" in capsys.readouterr().out

    with pytest.raises(SystemExit):
        main(["postgresql", "mariadb", "--without-peer"])
    assert f"MariaDB, PyMySQL: {MARIADB} names no server" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url, expected",
    [
        (None, "sqlite://"),
        ("sqlite:////tmp/nova.sqlite", "sqlite:////tmp/nova.sqlite"),
        ("postgresql+psycopg://me@somewhere/cloud", "postgresql+psycopg2://me@somewhere/cloud"),
        (
            "mariadb+pymysql://me@somewhere/cloud",
            "mysql+pymysql://me@somewhere/cloud?init_command=SET%20SESSION%20sql_mode='TRADITIONAL'",
        ),
        (
            "mariadb+mysqldb://me@somewhere/cloud?connect_timeout=5",
            "mysql+pymysql://me@somewhere/cloud?connect_timeout=5&init_command=SET%20SESSION%20sql_mode='TRADITIONAL'",
        ),
    ],
)
def test_the_peer_is_told_of_a_database_in_its_way(url: str | None, expected: str) -> None:
    assert peer_url(url) == expected
