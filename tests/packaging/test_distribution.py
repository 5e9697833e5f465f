"""What the wheel holds, and what works after `pip install nova-db`, away from the source tree.

One module, so that workers that share the tests out build and install once.
"""

from __future__ import annotations

import configparser
import json
import re
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tests.packaging.conftest import LEFTOVERS, TREE, Installation, readme_block

PACKAGES = {
    "nova_db": TREE,
    "nova_db_memory": TREE / "backends",
    "nova_db_lmdb": TREE / "backends",
    "nova_db_sqlalchemy": TREE / "backends",
    "nova_db_conformance": TREE / "conformance",
}


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def read(wheel: Path, name: str) -> str:
    """One of the wheel's metadata files."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (each for each in archive.namelist() if each.endswith(f".dist-info/{name}"))
        return archive.read(path).decode()


def files_of(package: str) -> set[str]:
    """The files of a package in the tree, by the names that they have when installed."""
    shelf = PACKAGES[package]
    files = {path for path in (shelf / package).rglob("*") if path.is_file()}
    ignored = {path for path in files if any(LEFTOVERS("", list(path.relative_to(TREE).parts)))}
    return {path.relative_to(shelf).as_posix() for path in files - ignored}


def test_holds_the_packages_and_nothing_else(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith((".dist-info", ".data"))} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_holds_every_file_of_the_package(package: str, names: set[str]) -> None:
    assert f"{package}/__init__.py" in names
    assert files_of(package) - names == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_tells_type_checkers_that_the_package_is_typed(package: str, names: set[str]) -> None:
    assert f"{package}/py.typed" in names


def test_holds_the_migrations(names: set[str]) -> None:
    ours = {name for name in names if name.startswith("nova_db_sqlalchemy/")}
    assert any(name.endswith("/env.py") for name in ours)
    assert any(name.endswith(".mako") for name in ours)
    assert any("/versions/" in name and name.endswith(".py") for name in ours)


def test_holds_the_licence(wheel: Path) -> None:
    assert "Apache License" in read(wheel, "licenses/LICENSE")


def test_metadata(wheel: Path) -> None:
    metadata = HeaderParser().parsestr(read(wheel, "METADATA"))
    assert metadata["Name"] == "nova-db"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert set(metadata.get_all("Provides-Extra", [])) == {
        "postgresql",
        "mysql",
        "mysqlclient",
        "lmdb",
        "testing",
        "conformance",
        "dev",
        "bench",
    }
    plain = {name for name in metadata.get_all("Requires-Dist", []) if "extra ==" not in name}
    assert not any(
        name.lower().startswith(("psycopg", "pymysql", "mysqlclient", "lmdb", "msgspec", "pytest", "hypothesis"))
        for name in plain
    )


def test_no_release_of_what_is_needed_is_kept_out(wheel: Path) -> None:
    needed = HeaderParser().parsestr(read(wheel, "METADATA")).get_all("Requires-Dist", [])
    bounded = [text for text in needed if re.search(r"<|==|~=|!=", text.partition(";")[0])]
    assert (len(needed) > 10, bounded) == (True, [])


def test_entry_points(wheel: Path) -> None:
    points = configparser.ConfigParser()
    points.optionxform = str  # type: ignore[assignment,method-assign]
    points.read_string(read(wheel, "entry_points.txt"))
    assert {group: dict(points[group]) for group in points.sections()} == {
        "nova_db.backends": {
            "lmdb": "nova_db_lmdb:LMDBDriver",
            "memory": "nova_db_memory:MemoryDriver",
            "sqlalchemy": "nova_db_sqlalchemy:SQLAlchemyDriver",
        },
        "oslo.config.opts": {"nova_db": "nova_db.conf:list_opts"},
        "console_scripts": {"nova-db": "nova_db.cli:main"},
        "pytest11": {
            "nova_db": "nova_db.pytest_plugin",
            "nova_db_conformance": "nova_db_conformance.harness.plugin",
        },
    }


def test_holds_the_sample_configuration_and_the_docs(names: set[str]) -> None:
    shared = {name.partition(".data/data/")[2] for name in names if ".data/data/" in name}
    docs = {f"share/doc/nova-db/{path.name}" for path in (TREE / "docs").glob("*.md")}
    top = {"share/doc/nova-db/README.md", "share/doc/nova-db/CHANGELOG.md", "share/nova-db/nova-db.conf.sample"}
    assert shared == docs | top


# After installing -----------------------------------------------------------------------------------------------------


def test_dependencies_fit_together(installation: Installation) -> None:
    assert "No broken requirements" in installation.pip("check")


def test_every_entry_point_loads(installation: Installation) -> None:
    """But for what an extra of the same name is for, which says so."""
    code = """
from importlib.metadata import distribution
from nova_db import api, exceptions
for point in distribution("nova-db").entry_points:
    try:
        point.load()
    except ModuleNotFoundError:
        try:
            api.load_backend(point.name)
        except exceptions.BackendLoadError as error:
            print(f"nova-db[{point.name}]" in str(error), end=" ")
    print(point.group, point.name)
"""
    assert sorted(installation.python(code).splitlines()) == [
        "True nova_db.backends lmdb",
        "console_scripts nova-db",
        "nova_db.backends memory",
        "nova_db.backends sqlalchemy",
        "oslo.config.opts nova_db",
        "pytest11 nova_db",
        "pytest11 nova_db_conformance",
    ]


def test_nothing_is_imported_from_the_tree(installation: Installation, subtests: pytest.Subtests) -> None:
    code = """
import importlib, json
names = ["nova_db", "nova_db_memory", "nova_db_sqlalchemy", "nova_db_conformance"]
print(json.dumps([importlib.import_module(name).__file__ for name in names]))
"""
    for file in json.loads(installation.python(code)):
        with subtests.test(file=file):
            assert Path(file).is_relative_to(installation.environment)
            assert not Path(file).is_relative_to(TREE)


def test_importing_the_framework_imports_nothing_slow(installation: Installation) -> None:
    code = """
import sys, nova_db
print(sorted({"sqlalchemy", "alembic", "pytest", "nova_db_memory", "nova_db_sqlalchemy"} & set(sys.modules)))
"""
    assert installation.python(code).strip() == "[]"


def test_the_memory_backend_works_where_sqlalchemy_is_not_importable(installation: Installation) -> None:
    code = """
import sys
sys.modules["sqlalchemy"] = sys.modules["alembic"] = None
import nova_db
from nova_db.context import get_admin_context
from nova_db.fixtures import DatabaseFixture
with DatabaseFixture(backend="memory"):
    context = get_admin_context()
    made = nova_db.service_create(context, {"host": "node-1", "binary": "nova-compute", "topic": "compute"})
    print(nova_db.service_get(context, made["id"])["host"])
"""
    assert installation.python(code).strip() == "node-1"


def test_the_command_makes_and_fills_a_database(installation: Installation) -> None:
    database = installation.folder / "made.sqlite"
    connection = ("--connection", f"sqlite:///{database}")
    installation.command("nova-db", *connection, "sync")
    assert database.stat().st_size > 0
    installation.command("nova-db", *connection, "seed")
    assert "instance_types" in installation.command("nova-db", *connection, "status")


def test_the_sample_configuration_stands_where_readme_says(installation: Installation) -> None:
    readme = (TREE / "README.md").read_text(encoding="utf-8")
    for place in ("share/nova-db/nova-db.conf.sample", "share/doc/nova-db"):  # one story
        assert f"`{place}`" in readme
        assert (installation.environment / place).exists()
    sample = installation.environment / "share" / "nova-db" / "nova-db.conf.sample"
    made = installation.folder / "sample.sqlite"
    connection = ("--config-file", str(sample), "--connection", f"sqlite:///{made}")
    assert "the schema was created" in installation.command("nova-db", *connection, "sync")


def test_what_readme_does_in_production(installation: Installation) -> None:
    text = readme_block("In production", "ini")
    url = f"sqlite:///{installation.folder}/production.sqlite"
    (installation.folder / "nova.conf").write_text(
        re.sub(r"^connection = .*", f"connection = {url}", text, flags=re.MULTILINE)
    )
    commands = re.findall(
        r"^\$ nova-db (--config-file \S+ \w+)", readme_block("In production", "console", 2), re.MULTILINE
    )
    assert len(commands) == 2
    for command in commands:  # one story
        installation.command("nova-db", *command.split())
    name, host = installation.python(readme_block("In production", "python")).split()
    assert (name.startswith("instance-"), host) == (True, "node-7")
    assert (installation.folder / "production.sqlite").exists()


def test_pytest_starts_without_the_extras(installation: Installation) -> None:
    """The plugins are loaded in every project that has both packages; neither may need an extra to be imported."""
    (installation.folder / "test_nothing.py").write_text("def test_nothing(): pass\n")
    assert "1 passed" in installation.command("pytest", "test_nothing.py")
    assert "--nova-db-backend" in installation.command("pytest", "--help")
