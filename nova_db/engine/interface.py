"""The storage-engine interface: what the author of a backend writes.

An engine keeps the rows of the tables that ``nova_db.schema`` describes.  Everything above it (authorization, soft
delete, the meaning of each API function) is written once on the primitives below, so an engine knows nothing of
instances or quotas.  Rows come validated: complete, of the column's Python type (int, float, bool, str, naive UTC
``datetime.datetime`` with microseconds, None), within length and range.  An engine stores them exactly, and enforces
what needs the other rows: primary keys, unique rules (null equals nothing), foreign keys (no cascade).

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
   goes on saying so.  What a plain writer has read, it may rely on only if it has written, locked or serialized it; an
   isolated one may rely on all that it has read, against plain and isolated writers alike.  Neither may before
   ``commit`` has returned.  A rule (unique, foreign key) broken by a row that an isolated writer does not see is a
   conflict too.
5. Counts are rows matched, not rows whose values differ.
6. Operations can be run again after a conflict: an engine keeps no state between transactions but the rows.
7. A commit whose outcome is unknown raises ``DBCommitUnknown``; every other error of ``commit`` means undone.  Either
   way the transaction has ended.
8. A reader does not become a writer: its writing calls raise ``DBError``, and so do ``serialize`` and ``Query.lock``.
9. An engine serves many threads at once (a transaction stays in its thread) and survives ``fork`` (see
   ``nova_db.forking``).  It may be closed at any time by any thread, also within a transaction, which waits for nobody:
   what is open goes on to its end, its connection is closed then, and the engine may be used again.

Errors: ``DBDuplicateEntry`` and ``DBReferenceError``, raised by the call that breaks the rule, never by ``commit``;
``DBDataError`` where an ``Add`` leaves the column's range; ``DBDeadlock``, ``DBConnectionError``, ``DBError``; never an
exception of a driver library.  The first three carry ``table``, ``columns`` and ``value``, a tuple where the rule has
several columns; a ``DBReferenceError`` names the table and column that refer, also when the row referred to was to go.
After an error the transaction can only be rolled back, or continued from before the ``savepoint`` in which it happened.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Any

from nova_db.engine.predicates import TRUE, Predicate
from nova_db.engine.query import Order, Query
from nova_db.engine.relations import related_rows
from nova_db.schema import Relation

INTERFACE_VERSION = 2

Row = dict[str, Any]
Values = Mapping[str, Any]


class Capability(Enum):
    """What not every engine has; the value is the name the suite prints."""

    PERSISTENT = "rows outlive the engine: another engine on the same connection sees them"
    CONCURRENT_WRITERS = "two writers can be open at once in different threads"


class Isolation(Enum):
    """What a writer may rely on; the value is the name by which callers ask for it."""

    READ_COMMITTED = "read committed"
    SERIALIZABLE = "serializable"


class Transaction(abc.ABC):
    """An open transaction: used by one thread, ended by exactly one ``commit`` or ``rollback``."""

    __slots__ = ()

    @abc.abstractmethod
    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        """Insert rows of one or several tables, in order, and return them, one list a batch, with their keys.

        A row has every column but may lack the automatic ``id`` (or have it None); ids handed out ascend in the order
        of the rows.  An id given moves the counter on, so that no id is ever handed out twice, deleted rows included.
        Rows of a later batch may refer to rows of an earlier one.
        """

    @abc.abstractmethod
    def select(self, query: Query) -> list[Row]:
        """The rows of a query, in order, as fresh dicts, with the relations of ``query.load`` attached.

        It alone takes a ``Regexp`` in its condition.  Where both ``columns`` and ``load`` are given, the columns
        include those that the relations join on.
        """

    @abc.abstractmethod
    def aggregate(
        self, table: str, where: Predicate = TRUE, *, sums: tuple[str, ...] = (), group_by: tuple[str, ...] = ()
    ) -> list[Row]:
        """Count rows and sum columns, for all rows or for each combination of ``group_by`` columns.

        Each result has the key ``count``, one key a summed column (an int, nulls count as 0, 0 for no rows) and one a
        grouping column.  Without ``group_by`` there is exactly one result; with it results come sorted by the
        grouping columns.
        """

    @abc.abstractmethod
    def update(self, table: str, where: Predicate, values: Values) -> int:
        """Set columns of the rows that match; values are plain, ``Col``, ``Add`` or ``IfChanged``.  Rows matched."""

    @abc.abstractmethod
    def update_returning(self, query: Query, values: Values) -> list[Row]:
        """``update`` with the query's table and condition; the rows as they are now, in order, with ``query.load``.

        The query has neither ``limit`` nor ``after``.
        """

    @abc.abstractmethod
    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        """Set columns row by row: pairs of primary key and values, all with the same columns.  Rows matched.

        A row that does not meet ``where`` is left alone.
        """

    @abc.abstractmethod
    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        """Take up to ``limit`` rows that others race for: set ``values`` on the first that match and return them.

        No row goes to two callers.  Rows that another transaction is taking may be passed over, but fewer than
        ``limit`` rows (none, for instance) come back only when no other row matches.
        """

    @abc.abstractmethod
    def delete(self, table: str, where: Predicate) -> int:
        """Remove rows.  ``DBReferenceError`` when another row refers to one of them.  Rows removed."""

    @abc.abstractmethod
    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        """Move the first ``limit`` matching rows to a table of the same columns, unchanged.  Rows moved.

        ``DBReferenceError`` as for ``delete``; ``DBDuplicateEntry`` when a key is in the target already.
        """

    @abc.abstractmethod
    def serialize(self, *names: str) -> None:
        """Wait until no other open transaction has serialized one of the names, and keep them until the end.

        For what no row stands for yet: uniqueness without a unique rule.  Names are taken in sorted order.
        """

    @abc.abstractmethod
    def savepoint(self) -> AbstractContextManager[None]:
        """A block that is undone as a whole, and alone, when an exception leaves it."""

    @abc.abstractmethod
    def commit(self) -> None:
        """Make the writes visible to all, together; they survive what the engine's durability promises."""

    @abc.abstractmethod
    def rollback(self) -> None:
        """Undo everything; never raises for a connection that is lost already."""

    def related(self, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
        """The rows at the other end of a relation: (key, row) pairs, fresh dicts, each key's rows by primary key.

        ``keys`` are values of ``relation.local``; which of target and link rows must be live, ``relation.live`` says.
        The default reads through ``select``; an engine that joins does it in one statement.
        """
        return related_rows(self, relation, keys)


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

    def tables(self) -> Iterable[str]:
        """The names of the tables that exist."""
        from nova_db.schema import TABLES

        return list(TABLES)

    def counters(self) -> Mapping[str, int]:
        """For each table with automatic ids a number: no id handed out or given before is above it, all later ones are.

        The default takes an id of each table in a writer that it rolls back, so ids are lost to it, and it takes a
        database that can be written to.  An engine that can look at its counters answers without.
        """
        from nova_db.engine.counters import probed

        return probed(self)
