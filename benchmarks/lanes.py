"""Where calls are measured: our backends, and the database of the peer that each is set beside."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks import contenders
from benchmarks.contenders import Contender
from benchmarks.databases import made

POSTGRESQL, MARIADB = "NOVA_DB_TEST_POSTGRESQL", "NOVA_DB_TEST_MARIADB"
"""The variables that name the servers, as for the tests."""


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


def lanes(wanted: list[str]) -> list[Lane]:
    """Those that are wanted, or all, as far as they are there."""
    postgresql, mariadb = os.environ.get(POSTGRESQL), os.environ.get(MARIADB)
    found = [Lane("memory", "memory", "memory"), Lane("lmdb", "lmdb", None), Lane("sqlite", "sqlite", "sqlite")]
    if postgresql:
        found.append(Lane("postgresql", postgresql, postgresql))
    if mariadb:
        found.append(Lane("mariadb", mariadb, mariadb))
        if importlib.util.find_spec("MySQLdb") is not None:
            found.append(Lane("mysqlclient", "mariadb+mysqldb://" + mariadb.partition("://")[2], mariadb))
    return [lane for lane in found if not wanted or lane.name in wanted]


def missing(present: list[Lane]) -> list[str]:
    """What is left out of a run of all, in words."""
    names = {lane.name for lane in present}
    said = {
        "postgresql": f"PostgreSQL: {POSTGRESQL} names no server",
        "mariadb": f"MariaDB: {MARIADB} names no server",
        "mysqlclient": "MariaDB with the C library: mysqlclient is not installed",
    }
    return [words for name, words in said.items() if name not in names]


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
        return f"mysql+pymysql://{rest}?init_command=SET%20SESSION%20sql_mode='TRADITIONAL'"
    return url


def settle(url: str | None) -> None:
    """Have PostgreSQL look at its tables now, which it else does in a minute, amid what is timed."""
    if url is not None and url.startswith("postgresql"):
        import psycopg

        with psycopg.connect("postgresql://" + url.partition("://")[2], autocommit=True) as connection:
            connection.execute("ANALYZE")


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
