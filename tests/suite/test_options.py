"""The options of the suite, and how it is run as a whole."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from nova_db_conformance.harness.scenarios import Backend, BadSelection, parse_backend, select_backends
from tests.suite.harness import SAMPLE, TWO_BACKENDS, items, run_pytest, run_pytest_often, run_python

URL = "postgresql+psycopg://user:secret@host/name?sslmode=disable"
POSTGRESQL = {"NOVA_DB_TEST_POSTGRESQL": URL}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with tests of the suite, far from this project's configuration."""
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    return tmp_path


@pytest.mark.parametrize(
    "text, expected",
    [
        ("memory", Backend("memory", "memory", None)),
        ("mine=store://host/a=b", Backend("mine", "mine", "store://host/a=b")),
        ("mine:other=store://host:1/x", Backend("other", "mine", "store://host:1/x")),
        ("mine:other", Backend("other", "mine", None)),
        ("their.package.TheirDriver", Backend("TheirDriver", "their.package.TheirDriver", None)),
        ("sqlite", Backend("sqlite", "sqlalchemy", None)),
        ("sqlite=sqlite://", Backend("sqlite", "sqlalchemy", "sqlite://")),
        ("postgresql", Backend("postgresql", "sqlalchemy", URL)),
        ("postgresql:old=postgresql://old/x", Backend("old", "sqlalchemy", "postgresql://old/x")),
    ],
)
def test_a_backend_is_written_as_name_label_and_url(text: str, expected: Backend) -> None:
    assert parse_backend(text, POSTGRESQL) == expected


@pytest.mark.parametrize("text", ["", "=url", ":label", "memory:", "memory:a b", "memory:a::b"])
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(BadSelection, match="expected NAME"):
        parse_backend(text, {})


def test_the_connection_is_not_shown() -> None:
    assert "secret" not in repr(parse_backend("postgresql", POSTGRESQL))


def test_a_server_needs_a_url() -> None:
    with pytest.raises(BadSelection, match="NOVA_DB_TEST_POSTGRESQL"):
        parse_backend("postgresql", {})


def labels(*backends: str, **arguments: object) -> list[str]:
    return [backend.label for backend in select_backends(backends, **arguments)]  # type: ignore[arg-type]


def test_memory_sqlite_and_the_servers_that_are_there_are_the_default() -> None:
    assert labels(environment={}) == ["memory", "sqlite"]
    assert labels(environment=POSTGRESQL) == ["memory", "sqlite", "postgresql"]


def test_the_environment_chooses_where_options_do_not() -> None:
    environment = {"NOVA_DB_BACKENDS": "memory  mine:one=url", **POSTGRESQL}
    assert labels(environment=environment) == ["memory", "one"]
    assert labels("memory:two", environment=environment) == ["two"]


def test_the_connection_is_for_the_one_backend() -> None:
    assert select_backends(["mine"], connection="url", environment={}) == (Backend("mine", "mine", "url"),)


@pytest.mark.parametrize("backends", [(), ("one", "two"), ("one=url",)])
def test_a_connection_for_none_or_several_is_refused(backends: tuple[str, ...]) -> None:
    with pytest.raises(BadSelection, match="exactly one backend"):
        select_backends(backends, connection="url", environment={})


def test_labels_are_unique() -> None:
    with pytest.raises(BadSelection, match="'memory'"):
        select_backends(["memory", "memory"], environment={})


def test_a_required_backend_is_never_left_out_silently() -> None:
    assert labels(required=["memory", "postgresql"], environment=POSTGRESQL) == ["memory", "sqlite", "postgresql"]
    with pytest.raises(BadSelection, match=r"'postgresql' is required.*NOVA_DB_TEST_POSTGRESQL"):
        select_backends(required=["postgresql"], environment={})


def test_a_bad_option_ends_the_run_at_once_with_one_line(folder: Path, subtests: pytest.Subtests) -> None:
    expected = {
        ("--nova-db-backend", "memry"): "backend memry: There is no database backend 'memry'",
        ("--nova-db-connection", "url"): "a connection needs exactly one backend",
        ("--nova-db-require", "postgresql"): "backend 'postgresql' is required",
        ("--nova-db-race-rounds", "0"): "must be at least 1",
    }
    for (status, output), message in zip(run_pytest_often(folder, *expected), expected.values(), strict=True):
        with subtests.test(message=message, status=status, output=output):
            assert status == pytest.ExitCode.USAGE_ERROR
            assert message in output
            assert "Traceback" not in output


def test_a_backend_that_needs_a_url_needs_none_for_its_tests(folder: Path) -> None:
    run = run_pytest(folder, "-q", "--nova-db-backend", "tests.suite.sample_drivers.ShelfDriver")
    assert run.returncode == 0, run.stdout
    assert "3 passed" in run.stdout


def test_the_environment_variable_is_the_default(folder: Path) -> None:
    run = run_pytest(folder, "--collect-only", "-q", "-k", "Services", variables={"NOVA_DB_BACKENDS": "memory:mine"})
    assert items(run.stdout) == ["TestServices@mine::test_created"]


def test_races_have_as_many_rounds_as_the_option_says(tmp_path: Path) -> None:
    (tmp_path / "test_race.py").write_text(
        textwrap.dedent(
            """
            from nova_db_conformance.harness.races import race

            def test_it():
                assert len(race(lambda number: number, threads=2)) == 7
            """
        )
    )
    assert run_pytest(tmp_path, "--nova-db-race-rounds", "7").returncode == 0


def test_the_installed_suite_is_found_by_its_name(tmp_path: Path) -> None:
    run = run_pytest(
        tmp_path, "--pyargs", "nova_db_conformance", "--nova-db-backend", "memory:mine", "--collect-only", "-q"
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert items(run.stdout)
    assert all("@mine::" in item for item in items(run.stdout))


def test_unittest_finds_the_installed_suite_by_its_name(tmp_path: Path) -> None:
    program = (
        "import unittest; print(unittest.defaultTestLoader.loadTestsFromName('nova_db_conformance').countTestCases())"
    )
    count = int(run_python(tmp_path, "-c", program, variables={"NOVA_DB_BACKENDS": "memory"}).stdout)
    doubled = int(run_python(tmp_path, "-c", program, variables={"NOVA_DB_BACKENDS": "memory memory:two"}).stdout)
    assert doubled == 2 * count > 0


def test_run_ignores_the_settings_around_it_and_returns_the_status(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    program = (
        "import nova_db_conformance, sys; sys.exit(nova_db_conformance.run({!r}, extra_args=['--collect-only', '-q']))"
    )
    run = run_python(tmp_path, "-c", program.format("memory"))
    assert run.returncode == 0, run.stdout + run.stderr
    assert items(run.stdout)
    assert run_python(tmp_path, "-c", program.format("memry")).returncode == pytest.ExitCode.USAGE_ERROR


def test_the_plugins_import_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys; before = set(sys.modules); import nova_db.pytest_plugin, nova_db_conformance.harness.plugin; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    imported = set(run_python(tmp_path, "-c", f"import pytest; {program}", is_warm=False).stdout.split())
    assert {"nova_db", "nova_db_conformance"} <= imported
    heavy = {
        *("testtools", "testscenarios", "fixtures", "hypothesis", "stevedore", "oslo_config", "oslo_utils"),
        *("sqlalchemy", "alembic", "nova_db_memory", "nova_db_sqlalchemy"),
    }
    assert not imported & heavy


def test_tests_of_others_pay_nothing_for_the_plugins(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    heavy = ['testtools', 'fixtures', 'stevedore', 'sqlalchemy']\n"
        "    assert not [name for name in heavy if name in sys.modules]\n"
    )
    run = run_python(tmp_path, "-m", "pytest", is_warm=False)
    assert run.returncode == 0, run.stdout
    assert "nova-db conformance" not in run.stdout


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_the_run_ends_with_a_summary_of_each_backend(folder: Path, workers: tuple[str, ...]) -> None:
    run = run_pytest(folder, *TWO_BACKENDS, *workers)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "memory  3 passed" in run.stdout
    assert "second  3 passed" in run.stdout
    assert "functions were called" not in run.stdout, "a part of the suite calls a part of them"


def test_a_run_that_counts_functions_tells_which_were_not_called(folder: Path) -> None:
    run = run_pytest(folder, *TWO_BACKENDS, "--nova-db-coverage")
    assert "3 of 254 functions were called on memory, second" in run.stdout
    assert re.search(r"not called: key_pairs: .*\bkey_pair_destroy\b", run.stdout)
    assert "cells (5)" in run.stdout


def test_a_run_that_must_cover_everything_fails_when_it_does_not(folder: Path) -> None:
    run = run_pytest(folder, "--nova-db-backend", "memory", "--nova-db-coverage")
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "3 passed" in run.stdout
    assert "things that no test has shown" in run.stdout
    assert "instance_destroy never succeeded" in run.stdout
    assert re.search(r"instance_get never raised .*\bInstanceNotFound\b", run.stdout)


def test_the_sequences_are_those_of_the_seed_that_the_option_says(tmp_path: Path) -> None:
    (tmp_path / "test_seed.py").write_text(
        textwrap.dedent(
            """
            from nova_db_conformance.harness.seeds import seed_in_use

            def test_it():
                assert seed_in_use() == 7
            """
        )
    )
    assert run_pytest(tmp_path, "--nova-db-seed", "7").returncode == 0
    assert run_pytest(tmp_path).returncode == 1
