"""Finding a backend and making a driver of it, and the errors that say why there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

import nova_db
from nova_db import api
from nova_db.api import installed_backends, load_backend
from nova_db.conf.defaults import connection_of
from nova_db.driver import FUNCTIONS
from nova_db.exceptions import BackendLoadError, BackendNotFound, DBConnectionError, IncompleteDriver
from tests.plug.conftest import Install
from tests.plug.sample_backends import BlankDriver, GoodDriver

ROOT = Path(nova_db.__file__).parents[1]
HERE = "tests.plug.sample_backends"

pytestmark = pytest.mark.usefixtures("backends")


@pytest.mark.parametrize(
    "name", ["good", "made", f"{HERE}:GoodDriver", f"{HERE}.GoodDriver", f"{HERE}.make_good_driver", HERE]
)
def test_a_backend_is_called_with_connection_and_configuration(name: str, options: cfg.ConfigOpts) -> None:
    driver: Any = load_backend(name, "there")

    assert type(driver) is GoodDriver
    assert (driver.connection, driver.conf) == ("there", options)


def test_each_load_makes_a_new_driver_and_installs_none() -> None:
    first, second = load_backend("good"), load_backend("good")
    api.set_driver(first)

    assert first is not second
    assert load_backend("good") is not api.get_driver() is first


def test_connection_and_configuration_come_from_the_options(options: cfg.ConfigOpts) -> None:
    options.set_override("connection", "sqlite:///other", group="database")

    assert load_backend("good").connection == "sqlite:///other"  # type: ignore[attr-defined]
    mine = cfg.ConfigOpts()
    driver: Any = load_backend("good", conf=mine)
    assert (driver.connection, driver.conf) == (None, mine)
    assert mine.database.max_pool_size == 5


def test_the_default_connection_is_the_default_backends_alone(options: cfg.ConfigOpts) -> None:
    assert load_backend("good").connection is None  # type: ignore[attr-defined]
    assert connection_of(options, "good") is None
    assert connection_of(options, "sqlalchemy") == "sqlite:///nova.sqlite"


def test_a_connection_that_another_library_left_empty_is_none_that_is_set() -> None:
    shared = cfg.ConfigOpts()
    shared.register_opts([cfg.StrOpt("connection"), cfg.StrOpt("backend")], group="database")

    assert load_backend("good", conf=shared).connection is None  # type: ignore[attr-defined]
    assert connection_of(shared, "sqlalchemy") == "sqlite:///nova.sqlite"


def test_installed_backends_are_listed_by_name_without_importing_them(install: Install) -> None:
    install("nova_db.backends", zebra="no.such:Thing", ant=["no.such:Thing", "nor.such:Thing"])

    assert installed_backends() == ["ant", "zebra"]


@pytest.mark.parametrize(
    "name, connection, known",
    [
        ("sqlite", "sqlite:///FILE", "sqlite"),
        ("postgres", "postgresql://USER@HOST/DATABASE", "postgresql"),
        ("PostgreSQL", "postgresql://USER@HOST/DATABASE", "postgresql"),
        ("mysql", "mariadb://USER@HOST/DATABASE", "mariadb"),
    ],
)
def test_a_database_is_told_from_a_backend(name: str, connection: str, known: str, install: Install) -> None:
    install("nova_db.backends", sqlalchemy="no.such:Thing", memory="no.such:Thing")
    with pytest.raises(BackendNotFound) as caught:
        load_backend(name)
    assert str(caught.value) == (
        f"There is no database backend {name!r}: it is 'sqlalchemy' with a connection as {connection} "
        f"(as --nova-db-backend of pytest: {known!r}). Installed backends: memory, sqlalchemy."
    )
    install("nova_db.backends", memory="no.such:Thing")
    with pytest.raises(BackendNotFound, match=rf"no database backend {name!r}\. Installed backends: memory\."):
        load_backend(name)


def test_an_unknown_backend(install: Install) -> None:
    install("nova_db.backends", sqlalchemy="no.such:Thing", memory="no.such:Thing")

    with pytest.raises(BackendNotFound) as caught:
        load_backend("sqlalchmy")
    assert caught.value.kwargs["installed"] == ["memory", "sqlalchemy"]
    assert str(caught.value) == (
        "There is no database backend 'sqlalchmy'; did you mean 'sqlalchemy'? Installed backends: memory, sqlalchemy."
    )
    with pytest.raises(BackendNotFound, match=r"backend 'zzz'\. Installed backends: memory, sqlalchemy\."):
        load_backend("zzz")


def test_without_any_backend(install: Install) -> None:
    install("nova_db.backends")

    with pytest.raises(BackendNotFound, match=r"Installed backends: none \(is the package installed\?\)"):
        load_backend("sqlalchemy")


@pytest.mark.parametrize(
    "path", ["nova.db.sqlalchemy.api", "tests.plug.nothing", "tests.plug.nothing:Driver", "a.", ".a"]
)
def test_a_path_that_leads_nowhere(path: str) -> None:
    with pytest.raises((BackendNotFound, BackendLoadError), match="database backend") as caught:
        load_backend(path)
    assert caught.value.kwargs["name"] == path


@pytest.mark.parametrize(
    "path,words",
    [
        (f"{HERE}.Absent", "has no class or function Absent"),
        (f"{HERE}:not_callable", "has no class or function not_callable"),
        ("tests.plug.test_loading", "has no class or function get_backend"),
        ("tests.plug.broken_backend:Driver", "AssertionError: the tables do not add up"),
    ],
)
def test_a_path_to_something_else(path: str, words: str) -> None:
    with pytest.raises(BackendLoadError, match=words):
        load_backend(path)


def test_a_missing_driver_library_names_the_extra() -> None:
    with pytest.raises(BackendLoadError) as caught:
        load_backend("needy")

    assert str(caught.value) == (
        "The database backend 'needy' cannot be loaded: the module psycopg.rows is not installed. "
        "Install it with: pip install 'nova-db[postgresql]'"
    )
    assert caught.value.kwargs["module"] == "psycopg.rows"
    assert caught.value.kwargs["extra"] == "postgresql"
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_another_missing_module_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: Install, subtests: pytest.Subtests
) -> None:
    (tmp_path / "backend_of_tests.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    install("nova_db.backends", mine="backend_of_tests:Driver")

    for name in ("mine", "backend_of_tests:Driver", "backend_of_tests.Driver"):
        with subtests.test(name=name):
            with pytest.raises(BackendLoadError, match=r"the module no_such_library is not installed\.$") as caught:
                load_backend(name)
            assert caught.value.kwargs["extra"] is None
            assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    "name,words,cause",
    [
        ("broken", "AssertionError: the tables do not add up", AssertionError),
        ("gone", "the module tests.plug.there_is_no_such_module is not installed", ModuleNotFoundError),
        ("absent", "AttributeError: .*there_is_no_such_attribute", AttributeError),
        ("abstract", "TypeError: Can't instantiate abstract class BlankDriver", TypeError),
        ("none", "it returned object, which is no nova_db.driver.Driver", type(None)),
        ("twice", f"several are installed under this name: {HERE}:GoodDriver, {HERE}:make_good_driver", type(None)),
    ],
)
def test_a_backend_that_cannot_be_used(name: str, words: str, cause: type) -> None:
    with pytest.raises(BackendLoadError, match=f"^The database backend '{name}' cannot be loaded: {words}") as caught:
        load_backend(name)
    assert type(caught.value.__cause__) is cause
    assert "twice" in installed_backends()


def test_a_backend_s_own_refusals_are_its_own() -> None:
    with pytest.raises(ValueError, match="no such scheme"):
        load_backend("refusing")
    with pytest.raises(DBConnectionError):
        load_backend("unreachable")


def test_the_password_of_the_connection_stays_out_of_the_text() -> None:
    with pytest.raises(BackendLoadError, match=r"RuntimeError: cannot use mysql://\*\*\*@db/nova") as caught:
        load_backend("leaking", "mysql://nova:hunter2@db/nova")
    assert "hunter2" not in str(caught.value)


def test_an_incomplete_driver_lists_what_it_lacks() -> None:
    with pytest.raises(IncompleteDriver) as caught:
        load_backend("blank")

    assert caught.value.kwargs["missing"] == sorted(FUNCTIONS)
    assert all(name in str(caught.value) for name in FUNCTIONS)
    assert f"{BlankDriver.__module__}.BlankDriver" in str(caught.value)


@pytest.mark.parametrize("name", ["missigned", "made_missigned"])
def test_a_mis_signed_driver_lists_the_signatures(name: str) -> None:
    with pytest.raises(IncompleteDriver) as caught:
        load_backend(name)

    assert caught.value.kwargs["missing"] == []
    assert "instance_get(context, instance): expected instance_get(context, instance_id)" in str(caught.value)


def test_an_entry_point_of_an_installed_distribution_is_found(tmp_path: Path) -> None:
    info = tmp_path / "their_backend-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-backend\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[nova_db.backends]\ntheirs = {HERE}:GoodDriver\n")
    script = (
        "from nova_db import api, conf\n"
        "conf.get_conf().set_override('backend', 'theirs', group='database')\n"
        "print('theirs' in api.installed_backends(), type(api.get_driver()).__name__)"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )

    assert result.stdout == "True GoodDriver\n"
