"""Databases for the tests of the schema and the models: one of their own on each SQL server that the run is on."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from nova_db_conformance.harness.scenarios import Backend, selected_backends
from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.engine import SQLEngine
from nova_db_sqlalchemy.migrations.configuration import revisions, said_by
from nova_db_sqlalchemy.migrations.state import marked
from nova_db_sqlalchemy.migrations.targets import exclusive
from nova_db_sqlalchemy.session import create_engine, database_url
from tests import warm

_Test = TypeVar("_Test", bound=Callable[..., None])
_only_on: dict[Callable[..., None], tuple[str, ...]] = {}

PATIENCE = 60
ROOT = Path(__file__).parents[2]


def only_on(*servers: str) -> Callable[[_Test], _Test]:
    """Mark a test that makes sense on some servers only, by the first word of their URLs."""

    def mark(test: _Test) -> _Test:
        _only_on[test] = servers
        return test

    return mark


def multiply(metafunc: pytest.Metafunc) -> None:
    """Run a test with a fixture ``server`` once on each SQL server."""
    if "server" in metafunc.fixturenames:
        wanted = _only_on.get(metafunc.function)
        servers = [
            backend
            for backend in selected_backends()
            if backend.name == "sqlalchemy" and (wanted is None or kind_of(backend) in wanted)
        ]
        metafunc.parametrize("server", servers, ids=str, scope="session")


def kind_of(server: Backend) -> str:
    """``sqlite``, ``postgresql``, ``mysql`` or ``mariadb``."""
    return database_url(server.connection or "sqlite://").get_backend_name()


@contextlib.contextmanager
def empty_database(server: Backend, folder: Path) -> Iterator[str]:
    """The URL of a database without tables; of a file that does not exist, for SQLite. It is dropped at the end."""
    url = database_url(server.connection or "sqlite://")
    name = f"nova_db_schema_{secrets.token_hex(8)}"
    if url.get_backend_name() == "sqlite":
        yield f"sqlite:///{folder / name}.sqlite"
        return
    force = " WITH (FORCE)" if url.get_backend_name() == "postgresql" else ""
    with administrator(url) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")


def is_mysql(url: str) -> bool:
    """Whether it is a database on a MySQL or MariaDB."""
    return database_url(url).get_backend_name() in ("mariadb", "mysql")


def set_version(url: str, version: str) -> None:
    """Have a database be at another revision, without any change to it."""
    with connected(url) as connection:
        connection.execute(sa.text("UPDATE nova_db_version SET version_num = :version"), {"version": version})


def upgrade_part_of_the_way(url: str, revision: str) -> None:
    """Upgrade to an old revision, and make beside it what later ones make that this release needs."""
    known = revisions()
    migrations.upgrade(url, revision)
    for before, needed in itertools.pairwise(known[known.index(revision) :]):
        if said_by(needed, "is_needed"):
            set_version(url, before)
            migrations.upgrade(url, needed)
    set_version(url, revision)


def table_names(url: str) -> set[str]:
    """The tables that there are."""
    with connected(url) as connection:
        return set(sa.inspect(connection).get_table_names())


def create_unversioned(url: str) -> None:
    """Create the tables that this release describes, without a migration."""
    engine = SQLEngine(url)
    engine.create_schema()
    engine.close()


@contextlib.contextmanager
def administrator(url: sa.URL) -> Iterator[sa.Connection]:
    """A connection in autocommit."""
    engine = sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


@contextlib.contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection that is closed at the end of the block; what was done is committed."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        yield connection


@contextlib.contextmanager
def failing(engine: sa.Engine, at: int) -> Iterator[None]:
    """Have the engine fail at the given ``CREATE TABLE``, counted from 1."""
    tables = 0

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal tables
        tables += statement.lstrip().startswith("CREATE TABLE")
        if tables == at:
            raise OSError("the disk is full")

    event.listen(engine, "before_cursor_execute", count)
    yield
    event.remove(engine, "before_cursor_execute", count)


@contextlib.contextmanager
def upgrading(url: str, source: str | None, goal: str) -> Iterator[None]:
    """A database that somebody else is upgrading, for the length of a block."""
    engine = create_engine(url, poolclass=NullPool)
    with exclusive(engine, PATIENCE) as connection, marked(connection, source, goal):
        yield


def statements(script: str) -> list[str]:
    """The statements of a script but for those that begin and end transactions."""
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    statements = [statement.strip() for statement in "\n".join(lines).split(";")]
    return [statement for statement in statements if statement not in ("", "BEGIN", "COMMIT")]


def start_python(
    code: str, *arguments: str, shelf: Path = ROOT / "backends", root: Path = ROOT
) -> subprocess.Popen[str]:
    """Another Python that runs some code; ``nova_db_sqlalchemy`` comes from the shelf, all else from the root."""
    path = os.pathsep.join([str(shelf), str(root)])
    python = warm.python() if (shelf, root) == (ROOT / "backends", ROOT) else (sys.executable,)
    return subprocess.Popen(
        [*python, "-c", code, *arguments],
        cwd=root,  # the first place where Python looks for modules
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
