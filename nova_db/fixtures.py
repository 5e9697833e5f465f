"""Databases for tests: fresh, private, and thrown away.

::

    class TestScheduler(testtools.TestCase):
        def setUp(self):
            super().setUp()
            self.useFixture(DatabaseFixture())      # in memory; or DatabaseFixture("sqlalchemy", url)

While the fixture is active, ``nova_db.<function>`` works on its database.

What it asks a backend for stands in :mod:`nova_db.offers`: ``provision`` and ``discard`` of the class, ``reset`` of the
driver. All of it is optional, and the memory driver, for one, has none of it. Where no connection is given, none is:
the backend is asked, or the driver made, with None, whatever is configured.

A driver with an engine but without ``provision`` works too. If rows do not outlive its engine (it lacks the capability
``PERSISTENT``), each new driver is a database of its own. If they do, the database that the connection names is used
itself, by one fixture at a time, and only if it is empty to begin with. A driver with neither ``engine`` nor
``provision`` and ``reset`` is refused.
"""

from __future__ import annotations

import atexit
import contextlib
import inspect
import os
import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

import fixtures

from nova_db import forking, offers
from nova_db.api import bind
from nova_db.conf.suggestions import suggest
from nova_db.exceptions import DBError, NotSupported
from nova_db.loading import find_backend, load_unconfigured

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nova_db.driver import Driver
    from nova_db.engine import Engine

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables

__all__ = ["DatabaseFixture", "discard_idle_databases"]

_Key = tuple[str, str | None]


class DatabaseFixture(fixtures.Fixture):
    """A fresh, empty database, to which the ``nova_db`` namespace is bound while the fixture is active.

    It is bound for the current context (:mod:`contextvars`), so that tests running in parallel threads do not meet.
    Code in contexts without a fixture of their own, such as threads that a test starts, gets the one activated last.
    Fixtures nest; any number can be active at once, each with its own database.

    Databases are made once and then reused within the process, emptied after each use and removed at its end.

    :param backend: the name of an installed backend, or the import path of one.
    :param connection: the URL of a server or file, see the head of this module. A server's database and a file that
        are named here stay as they are; an in-memory URL is used as it is.
    :param strict_filters: the default of ``[database] strict_filters`` meanwhile: filters with names that lists do not
        know are refused, so that tests find what production ignores. The option is the process's: of several fixtures
        the one activated last counts, and what a file or an override says counts more.

    :raises NovaException: the backend cannot be loaded, or offers no database for tests.
    :raises DBError: the database cannot be made.
    """

    driver: Driver
    """The driver of the database; set while the fixture is active."""
    connection: str | None
    """Where the database is: a URL that other drivers of this backend can be given. Set while the fixture is active."""

    def __init__(self, backend: str = "memory", connection: str | None = None, *, strict_filters: bool = True) -> None:
        super().__init__()
        self._key: _Key = (backend, connection)
        self._strict_filters = strict_filters
        self._database: _Database | None = None

    def setUp(self) -> None:
        """Take a database and bind the namespace to it."""
        # Not in _setUp: there an error would come out wrapped in two others, and be less plain than it is here.
        self._database = _databases.take(self._key)
        super().setUp()

    def _setUp(self) -> None:  # noqa: N802 - the name that fixtures.Fixture calls
        database = self._database
        assert database is not None
        self.addCleanup(self._give_back)
        driver = database.driver
        assert driver is not None
        self.driver = driver
        self.connection = database.connection
        self.addCleanup(suggest("strict_filters", self._strict_filters, "database"))
        self.addCleanup(bind(self.driver).release)

    def _give_back(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            _databases.give_back(database)

    def reset(self) -> None:
        """Empty the database; the driver stays the same."""
        if self._database is None:
            raise RuntimeError("the fixture is not active: setUp() comes first")
        self._database.clear()

    def getDetails(self) -> dict[str, Any]:  # noqa: N802 - the name that fixtures.Fixture gives it
        """What there is to attach to a test's report: nothing, in particular not after a failed ``setUp``."""
        return super().getDetails() if self._database is not None else {}


def discard_idle_databases() -> None:
    """Remove the databases that no fixture is using. Done at the end of the process without being asked."""
    _databases.discard_idle()


class _Database:
    """A database of this process, with its driver."""

    __slots__ = ("_discarding", "clear", "connection", "driver", "is_shared", "key", "pid")

    def __init__(self, key: _Key) -> None:
        self.key = key
        self.pid = os.getpid()
        self.is_shared = False
        self.connection = key[1]
        self.driver: Driver | None = None
        self._discarding: offers.Discards | None = None
        try:
            self._make(*key)
        except BaseException:
            self.discard()
            raise

    def _make(self, backend: str, connection: str | None) -> None:
        asked: Any = find_backend(backend)
        if not isinstance(asked, type) and offers.PROVISION.of(asked) is None:
            # A function, which says nothing: the class of what it returns may.
            self.driver = load_unconfigured(backend, connection)
            asked = type(self.driver)
        provider = offers.PROVISION.of(asked)
        if provider is not None:
            self._provide(backend, provider)
        else:
            self._adopt(backend)

    def _provide(self, backend: str, provider: offers.Provisions) -> None:
        """Have a database made, and make a driver for it."""
        if isinstance(inspect.getattr_static(provider, "provision"), FunctionType) and isinstance(provider, type):
            raise NotSupported(f"provision() of backend {backend!r} is asked of the class: it must be a class method.")
        self._close()
        self.connection = provider.provision(self.connection)
        self._discarding = offers.DISCARD.of(provider)
        self.driver = load_unconfigured(backend, self.connection)
        clear, engine = offers.emptier(self.driver), offers.engine_of(self.driver)
        if clear is None:
            raise NotSupported(
                f"The driver of backend {backend!r} has provision() but nothing to empty a database with: it needs the "
                f"method reset(), or an engine; see nova_db.offers."
            )
        self.clear = clear
        if engine is not None:
            # What provision() did for one driver may be lost on the next, as with a database in SQLite's memory.
            engine.create_schema()

    def _adopt(self, backend: str) -> None:
        """Make do with what the connection leads to, for a driver without ``provision``."""
        if self.driver is None:
            self.driver = load_unconfigured(backend, self.connection)
        clear, engine = offers.emptier(self.driver), offers.engine_of(self.driver)
        if clear is None or engine is None:
            raise NotSupported(
                f"The driver of backend {backend!r} has no database for tests: it needs the methods provision() and "
                f"reset(), or an engine; see nova_db.offers."
            )
        self.clear = clear
        from nova_db.engine import Capability

        engine.create_schema()
        self.is_shared = Capability.PERSISTENT in engine.capabilities
        if self.is_shared or self.connection is not None:
            _require_empty(engine)

    def discard(self) -> None:
        """Remove the database, if it was made for tests."""
        self._close()
        if self._discarding is not None:
            self._discarding.discard(self.connection)

    def _close(self) -> None:
        if self.driver is not None:
            self.driver.close()


class _Databases:
    """The databases of this process: those that are in use, and those that wait for the next fixture."""

    def __init__(self) -> None:
        self._lock = forking.lock(self, "_lock")
        self._all: set[_Database] = set()
        self._idle: dict[_Key, list[_Database]] = {}
        self._of_parent: list[object] = []

    def take(self, key: _Key) -> _Database:
        """An empty database."""
        with self._lock:
            idle = self._idle.get(key)
            if idle:
                return idle.pop()
            self._refuse_if_shared(key)
        database = _Database(key)
        with self._lock:
            if database.is_shared:
                self._refuse_if_shared(key)
            if not self._all:
                self._discard_at_exit()
            self._all.add(database)
        return database

    def _discard_at_exit(self) -> None:
        """Have them removed at the end of a child of ``multiprocessing`` too, where ``atexit`` is passed over."""
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.Finalize(None, self.discard_all, exitpriority=0)

    def _refuse_if_shared(self, key: _Key) -> None:
        if any(database.is_shared and database.key == key for database in self._all):
            raise NotSupported(
                f"Backend {key[0]!r} has one database for tests, and another fixture is using it: its driver needs the "
                f"method provision() to make more; see nova_db.fixtures."
            )

    def give_back(self, database: _Database) -> None:
        """Empty a database and keep it for the next fixture; give it up if it cannot be emptied."""
        if database.pid != os.getpid():
            return  # a forked child ends with a copy of the fixture: the database is still the parent's
        try:
            database.clear()
        except BaseException:
            with self._lock:
                self._all.discard(database)
            database.discard()
            raise
        with self._lock:
            self._idle.setdefault(database.key, []).append(database)

    def discard_idle(self) -> None:
        """Remove the databases that wait."""
        with self._lock:
            idle = [database for databases in self._idle.values() for database in databases]
            self._idle.clear()
            self._all.difference_update(idle)
        _discard(idle)

    def discard_all(self) -> None:
        """Remove all, those of fixtures that were never cleaned up included."""
        with self._lock:
            databases, self._all = self._all, set()
            self._idle.clear()
        _discard(databases)

    def forget(self) -> None:
        """Leave everything to the parent, after a fork."""
        # The references are kept: a connection that is collected here would be closed in the parent's name.
        self._of_parent.append(self._all)
        self._all, self._idle = set(), {}


def _discard(databases: Iterable[_Database]) -> None:
    """Remove databases, every one of them even if some cannot be."""
    with contextlib.ExitStack() as stack:
        for database in databases:
            stack.callback(database.discard)


def _require_empty(engine: Engine) -> None:
    from nova_db.schema import TABLES

    shadows = [table.shadow.name for table in TABLES.values() if table.shadow is not None]
    tx = engine.read()
    try:
        filled = [name for name in (*TABLES, *shadows) if tx.aggregate(name)[0]["count"]]
    finally:
        tx.rollback()
    if filled:
        raise DBError(
            message=f"The database is not empty (table {filled[0]} has rows): tests would destroy what it holds. "
            f"Name an empty one."
        )


_databases = _Databases()
atexit.register(_databases.discard_all)
forking.register(after_in_child=_databases.forget)
