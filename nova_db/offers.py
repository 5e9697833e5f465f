"""What a driver may offer beside the functions of the API, and who asks for it.

All of it is optional. Each offer is a protocol of this module, whose docstrings are the reference; a driver makes one
by having its methods, without deriving from anything. Fixture, command and conformance suite ask here, and nowhere
else, as in ``offers.SYNC.of(driver)``, which is the driver itself, typed, or None.

``PROVISION`` and ``DISCARD`` are asked of the backend, which is the driver's class or the function that returns one,
so that no driver has to be made only to be asked; of a function that has no such attributes, the class of what it
returns is asked. Everything else is asked of a driver.

What a backend is given as ``connection``
    The URL of a database, as somebody has named it. None: nobody has. The default connection of ``[database]`` is the
    default backend's alone, so any other is never given it. It is parsed lazily: to make a driver connects to nothing,
    and makes nothing. A backend that cannot do without a URL raises ``ValueError``, which says what one looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from nova_db.engine import Engine
    from nova_db.engine.watching import Plan

P = TypeVar("P")


class Provisions(Protocol):
    """A backend that makes databases for tests."""

    @classmethod
    def provision(cls, connection: str | None) -> str | None:
        """Make an empty database, and return the connection that leads to it.

        :param connection: the URL of a server, which stands for a database of its own beside the one named, that is
            never touched; None: whatever is handy, such as a temporary file.

        The schema need not be there if the driver has an engine, whose ``create_schema()`` is called in any case.
        """


class Discards(Protocol):
    """A backend that removes what it has provisioned."""

    @classmethod
    def discard(cls, connection: str | None) -> None:
        """Remove the database that ``provision`` has made; nothing if it is gone. The drivers on it are closed."""


class Resets(Protocol):
    """A driver that empties its database faster than its engine's ``clear()`` does, or without an engine."""

    def reset(self) -> None:
        """Remove all rows and start the counters of ids anew."""


class Syncs(Protocol):
    """A driver that keeps a schema: ``nova-db sync``."""

    def sync(self) -> str:
        """Create the schema, or upgrade it to the newest revision; a line that tells what was done."""


class SyncsTo(Protocol):
    """A driver whose schema has revisions: ``nova-db sync --to``."""

    def sync_to(self, revision: str) -> str:
        """Create or upgrade the schema to a revision; a line that tells what was done."""


class SyncScripts(Protocol):
    """A driver that tells how it would upgrade: ``nova-db sync --sql``."""

    def sync_script(self, revision: str | None = None) -> str:
        """What ``sync`` or ``sync_to`` would do now, as a script for the server; empty when there is nothing to do."""


class SchemaVersions(Protocol):
    """A driver that tells at which revision its schema is: ``nova-db version``."""

    def schema_version(self) -> Mapping[str, str | None]:
        """The ``revision`` of the database, the ``newest`` one, and the ``state``.

        That is ``current``, ``behind`` or, without a revision, ``empty``; whatever else is wrong is raised.
        """


class SchemaDifferences(Protocol):
    """A driver that compares its schema with this release's: ``nova-db check``."""

    def schema_differences(self) -> Sequence[str]:
        """How the database differs from what this release describes: a line for each difference."""


class Describes(Protocol):
    """A driver that tells of itself: ``nova-db status``."""

    def describe(self) -> Mapping[str, str]:
        """What an operator wants to know of the database, as texts by name: backend, engine, server, URL, schema."""


class Health(Protocol):
    """A driver that can be asked whether its database answers, at any time, by a probe of a service for one."""

    def health(self) -> Mapping[str, object]:
        """How the database is, in one look that is not repeated, and that raises nothing where it cannot be reached.

        ``reachable`` is a bool; ``location`` the URL without its secrets; ``revision`` that of the schema, None where
        there are none; ``server`` its name and version, where it tells; ``problem`` why it cannot be reached; and
        ``replica``, where there is one, whether it is ``in use`` or ``down``.
        """


class Snapshots(Protocol):
    """A driver that can go back to what its database held: for tests that prepare rows once and change them often."""

    def snapshot(self) -> object:
        """The rows and id counters as they are now, as something opaque for ``restore``. Waits for a writer."""

    def restore(self, snapshot: Any) -> None:
        """Go back to them, any number of times. Readers that are open may go on to see what they saw."""


class Statements(Protocol):
    """An engine that sends statements to a server; asked of the driver's ``engine``.

    Where an engine does not make this offer, the suite counts the calls of its transactions instead
    (:mod:`nova_db.engine.watching`), in the tests of what a function may cost.
    """

    def observe(self, note: Callable[[str], None]) -> AbstractContextManager[None]:
        """Tell every statement before it is sent, for the length of a block, those that begin and end transactions too.

        For tests and tools: those of all threads are told. What ``note`` raises, the call raises that sends it.
        """


class LibraryFaults(Protocol):
    """An engine that can have the library below it fail; asked of the driver's ``engine``.

    By it the suite proves that no error of a library comes through the calls of a transaction. Faults above the
    library, a conflict say, need no offer: :func:`nova_db.engine.watching.failing_at` has any engine fail.
    """

    def library_errors(self) -> Mapping[str, Callable[[], BaseException]]:
        """What the library may raise: for each kind of error, by its name, what makes one."""

    def failing_library(self, error: Callable[[], BaseException], at: int = 1) -> AbstractContextManager[Plan]:
        """Have the library raise, for the length of a block, in the ``at``-th of its calls, in whatever thread.

        The error is raised where the library's own would be, in its place: the call is not made.
        """


class Offer(Generic[P]):
    """One of the protocols, to be asked for."""

    __slots__ = ("methods",)

    def __init__(self, protocol: type[Any]) -> None:
        self.methods = tuple(name for name in vars(protocol) if not name.startswith("_"))
        """What is called; all of it has to be there."""

    def of(self, thing: object) -> P | None:
        """The driver, or the backend, itself if it makes this offer; None if it does not."""
        # As its callers would find them: a wrapper around a driver may have its methods by __getattr__.
        offered = all(callable(getattr(thing, name, None)) for name in self.methods)
        return cast("P", thing) if offered else None


PROVISION: Final[Offer[Provisions]] = Offer(Provisions)
DISCARD: Final[Offer[Discards]] = Offer(Discards)
RESET: Final[Offer[Resets]] = Offer(Resets)
SYNC: Final[Offer[Syncs]] = Offer(Syncs)
SYNC_TO: Final[Offer[SyncsTo]] = Offer(SyncsTo)
SYNC_SCRIPT: Final[Offer[SyncScripts]] = Offer(SyncScripts)
SCHEMA_VERSION: Final[Offer[SchemaVersions]] = Offer(SchemaVersions)
SCHEMA_DIFFERENCES: Final[Offer[SchemaDifferences]] = Offer(SchemaDifferences)
DESCRIBE: Final[Offer[Describes]] = Offer(Describes)
HEALTH: Final[Offer[Health]] = Offer(Health)
SNAPSHOT: Final[Offer[Snapshots]] = Offer(Snapshots)
STATEMENTS: Final[Offer[Statements]] = Offer(Statements)
LIBRARY_FAULTS: Final[Offer[LibraryFaults]] = Offer(LibraryFaults)


def engine_of(driver: object) -> Engine | None:
    """The storage engine that a driver is made of, its attribute ``engine``; None where it has none.

    By it the command tells which database it works on (``location()``, ``identify()``, ``identity()``), and the suite
    tests the primitives.
    """
    from nova_db.engine import Engine

    engine: object = getattr(driver, "engine", None)  # which may be another library's, of a driver that is not ours
    return engine if isinstance(engine, Engine) else None


def emptier(driver: object) -> Callable[[], None] | None:
    """What removes all rows of a driver's database: its ``reset``, else its engine's ``clear``; None: nothing does."""
    resetting, engine = RESET.of(driver), engine_of(driver)
    if resetting is not None:
        return resetting.reset
    return None if engine is None else engine.clear
