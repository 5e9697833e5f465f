"""The storage-engine interface: what the author of a backend writes.

An engine keeps the rows of the tables that ``nova_db.schema`` describes.  Everything above it (authorization, soft
delete, the meaning of each API function) is written once on the primitives below, so an engine knows nothing of
instances or quotas.  Rows come validated: complete, of the column's Python type (int, float, bool, str, naive UTC
``datetime.datetime`` with microseconds, None), within length and range.  An engine stores them exactly, and enforces
what needs the other rows: primary keys, unique rules (null equals nothing), foreign keys (no cascade).

Shadow tables (``shadow_services``), to which archiving moves rows, are tables like the others, which every primitive
takes: they have the columns and the primary key of theirs, count no ids (a row comes with its own), and know neither
unique rules nor foreign keys.

To make an engine connects to nothing.  Until ``create_schema`` has been called a database may have no tables: what
needs one raises ``DBError`` then, unless the engine makes tables as they are used, and nothing of it stays.

What an engine promises, each promise tested by the conformance suite:

1. A reader opened with ``snapshot=True`` sees one state of the database throughout.  No reader waits for a writer, be
   it of its own thread, and no writer for a reader.
2. In a plain writer (``Isolation.READ_COMMITTED``) each call sees everything that was committed before the call began,
   and the transaction's own writes.  An isolated one (``SERIALIZABLE``) sees, besides its own writes, one state of the
   database, or the newest one with all that it has read held as it was, rows that were not there included.
3. Conditional writes (``update``, ``update_returning``, ``claim``, ``delete``, ``move``) hold the rows that they change
   until the end: what two callers race for goes to one.  In a plain writer they test the newest committed version of
   each row; in an isolated one a row whose newest version is not the one that the transaction sees is a conflict.
4. A conflict may surface in any call or in ``commit`` as ``DBDeadlock``; the transaction is then undone as a whole, and
   goes on saying so.  Whoever waits for a writer, of whatever thread or process, waits at most for ``[database]
   lock_timeout``, and has lost to it then.  What a plain writer has read, it may rely on only if it has written, locked
   or serialized it; an isolated one may rely on all that it has read, against plain and isolated writers alike.
   Neither may before ``commit`` has returned; but what a plain writer holds so each call shows as it was, or is a
   conflict: a call of the API may be refused for what it shows.  A rule (unique, foreign key) broken by a row that an
   isolated writer does not see is a conflict too.
5. Counts are rows matched, not rows whose values differ.
6. Operations can be run again after a conflict: an engine keeps no state between transactions but the rows.
7. A commit whose outcome is unknown raises ``DBCommitUnknown``; every other error of ``commit`` means undone.  Either
   way the transaction has ended.
8. A reader does not become a writer: its writing calls raise ``DBError``, and so do ``serialize`` and ``Query.lock``.
9. An engine serves many threads at once (a transaction stays in its thread) and survives ``fork`` (see
   ``nova_db.forking``).  It may be closed at any time by any thread, also within a transaction, which waits for nobody:
   what is open goes on to its end, its connection is closed then, and the engine may be used again.

Keys: ids are counted from 1 to 2**31 - 1, each table for itself.  An id that a committed transaction has used, be its
row gone, is never handed out again; one that was handed out in what was undone may come again or not, and nobody may
rely on either.  The key of a row never changes: an update may repeat it.

Errors: ``DBDuplicateEntry`` and ``DBReferenceError``, raised by the call that breaks the rule, never by ``commit``, and
by one that breaks both the former; ``DBDataError`` where an ``Add`` leaves the column's range (the message is that of
validation, ``value`` the sum; of several the first: of the changes of ``update_each`` in their order, else of the rows
by key, and of a row's columns as they are assigned), where an update gives a row another key (``columns`` is the key),
and where no id is left (so too, and ``value`` None); ``DBDeadlock``,
``DBConnectionError``, ``DBError``; never an exception of a DB-API library.  The first three carry ``table``,
``columns`` and ``value``, a tuple where the rule has several columns; a ``DBReferenceError`` names the table and column
that refer, also when the row referred to was to go, and is given the other table, as ``lacking`` or ``holding``.
After an error the transaction can only be rolled back, or continued from before the ``savepoint`` in which it happened.
"""

from __future__ import annotations

import abc
from collections.abc import Hashable, Iterable, Mapping
from enum import Enum

from nova_db.engine.counters import probed
from nova_db.engine.transaction import Isolation, Transaction
from nova_db.schema import TABLES

INTERFACE_VERSION = 2


class Capability(Enum):
    """What not every engine has; the value is the name the suite prints."""

    PERSISTENT = "rows outlive the engine: another engine on the same connection sees them"
    CONCURRENT_WRITERS = "two writers can be open at once in different threads"


class Engine(abc.ABC):
    """A storage engine: opens transactions, keeps the schema."""

    capabilities: frozenset[Capability] = frozenset()
    missing: Mapping[Capability, str] = {}
    """Why each capability that the engine lacks is missing."""

    @abc.abstractmethod
    def read(self, *, snapshot: bool = True) -> Transaction:
        """Open a reader.  ``snapshot=False`` promises that at most one call will be made on it."""

    @abc.abstractmethod
    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> Transaction:
        """Open a writer; an engine may isolate it more than it is asked to.

        ``losses``: how many conflicts in a row its caller has lost so far.  An engine on which conflicts are decided
        at the end, or by chance, lets those go first that have lost, so that everybody gets through.
        """

    @abc.abstractmethod
    def create_schema(self) -> None:
        """Create the tables that are missing, shadow tables included; a new database is empty."""

    @abc.abstractmethod
    def clear(self) -> None:
        """Remove all rows of all tables and start the id counters anew (for tests: the only thing that reuses ids)."""

    def close(self) -> None:  # noqa: B027 - an engine may have nothing to release
        """Release what the engine holds, at any time: what is in use, when its transaction ends; see promise 9."""

    def describe(self) -> Mapping[str, str]:
        """What an operator wants to know: at least ``engine``, and where it applies ``server``, ``url``, ``schema``."""
        return {"engine": type(self).__name__}

    def location(self) -> str:
        """Which database it is: its URL, without secrets; nothing is connected to, and empty where it has none."""
        return ""

    def identify(self) -> Mapping[str, str]:
        """More of which one it is, in whatever state it is: ``server``, ``revision`` and ``others``, where they apply.

        ``others`` is the number of tables in a database that has none of ours: it may be somebody else's.

        Looking makes no database.
        """
        return {}

    def identity(self) -> Hashable:
        """What two engines have alike whose database is one, however their URLs name it; None: nothing tells."""
        return self.location() or None

    def tables(self) -> Iterable[str]:
        """The names of the tables that exist."""
        return list(TABLES)

    def require_whole_rows(self) -> None:  # noqa: B027 - most know their rows
        """Raise where rows may have more columns than the schema, which a copy of them would lose."""

    def counters(self) -> Mapping[str, int]:
        """For each table with automatic ids a number: no id handed out or given before is above it, all later ones are.

        The default takes an id of each table in a writer that it rolls back, so ids are lost to it, and it takes a
        database that can be written to.  An engine that can look at its counters answers without.
        """
        tx = self.write()
        try:
            return probed(tx)
        finally:
            tx.rollback()
