"""Drivers on a cluster: one whose threads are spread over the nodes, and those of one node or of several in turn."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from oslo_config import cfg

from nova_db.conf import register_opts
from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy import SQLAlchemyDriver, SQLEngine
from nova_db_sqlalchemy.connections.connection import Connection, Report
from nova_db_sqlalchemy.connections.pool import BoundedPool, Pool
from nova_db_sqlalchemy.mariadb.hosts import Hosts
from nova_db_sqlalchemy.mariadb.urls import addresses
from nova_db_sqlalchemy.tables.catalog import CATALOG
from tests.galera.counting import COUNTS

T = TypeVar("T")
_RACER: Final = re.compile(r"racer (\d+)")
_PATIENCE = 30.0


def options(**values: Any) -> cfg.ConfigOpts:
    """A configuration of its own, with some options in ``[database]`` set."""
    conf = cfg.ConfigOpts()
    register_opts(conf)
    for name, value in values.items():
        conf.set_override(name, value, "database")
    return conf


def counted_driver(connection: str, **values: Any) -> SQLAlchemyDriver:
    """A driver whose calls are counted."""
    driver = SQLAlchemyDriver(connection, options(**values))
    COUNTS.watch(driver)
    return driver


def turned(url: str, first: int) -> str:
    """The URL with its hosts in turn, beginning with another one."""
    parsed = sa.make_url(url)
    hosts = _hosts(parsed)
    first %= len(hosts)
    return _with_hosts(parsed, hosts[first:] + hosts[:first])


def alone(url: str, number: int) -> str:
    """The URL with one of its hosts only."""
    parsed = sa.make_url(url)
    return _with_hosts(parsed, [_hosts(parsed)[number]])


def _hosts(url: sa.URL) -> list[str]:
    named = url.query["host"]
    return [named] if isinstance(named, str) else list(named)


def _with_hosts(url: sa.URL, hosts: list[str]) -> str:
    return url.update_query_dict({"host": hosts}).render_as_string(hide_password=False)


class SpreadDriver(SQLAlchemyDriver):
    """A driver that talks to as many nodes as its URL names: the racers of a race to one each, in turn.

    All other threads talk to the first.  Each call waits until its node has what was committed before on any.
    """

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(connection, options(mysql_wsrep_sync_wait=1))
        engine: Any = self.engine
        nodes = len(addresses(engine.url))
        if nodes:
            engine.server._hosts = _SpreadHosts(engine.url, nodes)
            engine.database.pool = _SpreadPool(engine, nodes)
            COUNTS.watch(self)

    @classmethod
    def provision(cls, connection: str | None) -> str:
        """Make a database, and wait until all nodes have it."""
        made = super().provision(connection)
        wait_for_database(made)
        return made


def wait_for_database(url: str) -> None:
    """Wait until each node has the database that a URL names, and its tables."""
    deadline = time.monotonic() + _PATIENCE
    for number in range(len(_hosts(sa.make_url(url)))):
        engine = SQLEngine(alone(url, number))
        while not _has_tables(engine):
            assert time.monotonic() < deadline, "a node does not get a new database from the others"
            time.sleep(0.02)
        engine.close()


def _has_tables(engine: SQLEngine) -> bool:
    try:
        return set(engine.tables()) == CATALOG.keys()
    except DBConnectionError:
        return False  # it does not know the database yet


def _node_of_thread() -> int:
    found = _RACER.fullmatch(threading.current_thread().name)
    return int(found[1]) if found else 0


class _SpreadHosts:
    """The hosts of a URL, each the first one for some threads."""

    def __init__(self, url: sa.URL, nodes: int) -> None:
        text = url.render_as_string(hide_password=False)
        self._turned = [Hosts(sa.make_url(turned(text, first))) for first in range(nodes)]

    def connect(self, connect: Callable[[dict[str, Any]], T]) -> T:
        """What ``connect`` makes of the first host that can be reached."""
        return self._turned[_node_of_thread() % len(self._turned)].connect(connect)


class _SpreadPool(Pool):
    """A pool for each node."""

    def __init__(self, engine: SQLEngine, nodes: int) -> None:
        super().__init__(engine.server)
        self._parts = [BoundedPool(engine.server, engine.settings) for _ in range(nodes)]

    def take(self) -> Connection:
        return self._parts[_node_of_thread() % len(self._parts)].take()

    def give(self, connection: Connection) -> None:
        self._part_of(connection).give(connection)

    def drop(self, connection: Connection) -> None:
        self._part_of(connection).drop(connection)

    def close(self) -> None:
        for part in self._parts:
            part.close()

    def observe(self, report: Report | None) -> None:
        for part in self._parts:
            part.observe(report)

    def after_fork_in_child(self) -> None:
        """The parts are told themselves."""

    def _part_of(self, connection: Connection) -> BoundedPool:
        return next((part for part in self._parts if connection in part._connections), self._parts[0])
