"""Where calls are measured: our backends, and the database of the peer that each is set beside."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

import sqlalchemy as sa

from benchmarks import contenders
from benchmarks.contenders import Contender, ContenderError, in_a_line
from benchmarks.databases import EMBEDDED, made
from benchmarks.targets import LANES
from nova_db.exceptions import BackendLoadError, DBError

POSTGRESQL, MARIADB = "NOVA_DB_TEST_POSTGRESQL", "NOVA_DB_TEST_MARIADB"
"""The variables that name the servers, as for the tests."""


class Absent(Exception):
    """Why a backend cannot be measured."""


class Lane(NamedTuple):
    """A backend of ours."""

    name: str
    connection: str
    """As for ``benchmarks.databases.made``."""
    peer: str | None
    """Likewise, where the peer's database is made; None: it has nothing that compares."""

    @property
    def is_shared(self) -> bool:
        """Whether several processes can use it."""
        return self.name != "memory"


class Server(NamedTuple):
    """A server, used through one library whatever its URL says, as that is what figures are told of."""

    variable: str
    products: tuple[str, ...]
    """What a URL may begin with; the first is what is told."""
    scheme: str
    module: str
    package: str

    def connection(self) -> str:
        """The URL of its variable, with the library.

        :raises Absent: there is none, it names another server, or the library is not installed.
        """
        given = os.environ.get(self.variable)
        if not given:
            raise Absent(f"{self.variable} names no server")
        scheme, colon, rest = given.partition("://")
        if not colon or scheme.partition("+")[0] not in self.products:
            # Of what is no scheme nothing is quoted, as it may hold a password.
            begins = f"begins with {scheme}://" if colon and re.fullmatch(r"[\w+]+", scheme) else "is no URL"
            raise Absent(f"{self.variable} {begins}; expected {self.products[0]}://user:password@host/database")
        if importlib.util.find_spec(self.module) is None:
            raise Absent(f"{self.package} is not installed")
        return f"{self.scheme}://{rest}"


MARIADBS: Final = ("mariadb", "mysql")
SERVERS: Final = {
    "postgresql": Server(POSTGRESQL, ("postgresql",), "postgresql+psycopg", "psycopg", "psycopg"),
    "mariadb": Server(MARIADB, MARIADBS, "mariadb+pymysql", "pymysql", "PyMySQL"),
    "mysqlclient": Server(MARIADB, MARIADBS, "mariadb+mysqldb", "MySQLdb", "mysqlclient"),
}
SETTINGS: Final = {
    "postgresql": {name: f"SHOW {name}" for name in ("shared_buffers", "synchronous_commit", "fsync")},
    "mariadb": {
        name: f"SELECT @@GLOBAL.{name}" for name in ("innodb_buffer_pool_size", "innodb_flush_log_at_trx_commit")
    },
}
"""Settings of servers that figures depend on, and what reads them."""


def lanes(wanted: Collection[str]) -> tuple[list[Lane], list[str]]:
    """Those that are wanted, or all; and, in words, which of them are not there."""
    here = [Lane("memory", "memory", "memory"), Lane("lmdb", "lmdb", None), Lane("sqlite", "sqlite", "sqlite")]
    found, absent = [lane for lane in here if not wanted or lane.name in wanted], []
    for name, server in SERVERS.items():
        if not wanted or name in wanted:
            try:
                url = server.connection()
            except Absent as reason:
                absent.append(f"{LANES[name]}: {reason}")
            else:
                # The peer has one database beside both libraries of a server, and its own library.
                shared = next((lane.peer for lane in found if lane.name == "mariadb" and name == "mysqlclient"), url)
                found.append(Lane(name, url, shared))
    return found, absent


def tried(wanted: Collection[str]) -> tuple[dict[Lane, dict[str, str]], list[str]]:
    """The same, but for servers on which no database can be made; of the others what their settings are."""
    found, absent = lanes(wanted)
    there = {}
    for lane in found:
        try:
            there[lane] = settings(lane)
        except (DBError, BackendLoadError, ValueError, OSError, sa.exc.SQLAlchemyError) as error:
            where = f"{SERVERS[lane.name].variable}: " if lane.name in SERVERS else ""
            absent.append(f"{LANES[lane.name]}: {where}{in_a_line(error)}")
    return there, absent


def settings(lane: Lane) -> dict[str, str]:
    """What a server says of itself that figures depend on, asked in a database that is made for it and dropped."""
    if lane.connection in EMBEDDED:
        return {}
    with made(lane.connection, waits=False) as url:
        assert url is not None
        wanted = SETTINGS[sa.make_url(url).get_backend_name()]
        with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
            return {name: str(connection.exec_driver_sql(statement).scalar()) for name, statement in wanted.items()}


def peer_url(url: str | None) -> str:
    """How the peer is told of a database; its libraries are those that its project tests and documents.

    Our private MariaDB has a mode of SQL in which SQLAlchemy quotes names wrongly before the peer sets its own.
    """
    if url is None:
        return "sqlite://"
    scheme, _, rest = url.partition("://")
    if scheme.startswith("postgresql"):
        return f"postgresql+psycopg2://{rest}"
    if scheme.startswith("mariadb"):
        mode = "init_command=SET%20SESSION%20sql_mode='TRADITIONAL'"
        return f"mysql+pymysql://{rest}{'&' if '?' in rest else '?'}{mode}"
    return url


def settle(url: str | None) -> None:
    """Have PostgreSQL look at its tables now, which it else does in a minute, amid what is timed.

    :raises ContenderError: the server is gone.
    """
    if url is not None and url.startswith("postgresql"):
        import psycopg

        try:
            with psycopg.connect("postgresql://" + url.partition("://")[2], autocommit=True) as connection:
                connection.execute("ANALYZE")
        except psycopg.Error as error:
            raise ContenderError(in_a_line(error)) from error


@contextlib.contextmanager
def ours_filled(lane: Lane, instances: int) -> Iterator[tuple[Contender, dict[str, str], str | None]]:
    """Our backend with a cloud, the versions at work, and the URL of its database."""
    with made(lane.connection, waits=False) as url, contenders.ours(url) as (contender, versions):
        contender.ask("fill", instances=instances)
        settle(url)
        yield contender, versions, url


@contextlib.contextmanager
def peer_filled(connection: str, instances: int) -> Iterator[tuple[Contender, dict[str, str], str]]:
    """The peer with the same cloud, the versions at work, and the URL of its database."""
    with made(connection, waits=False) as url, contenders.peer(peer_url(url)) as (contender, versions):
        contender.ask("fill", instances=instances)
        settle(url)
        yield contender, versions, peer_url(url)
