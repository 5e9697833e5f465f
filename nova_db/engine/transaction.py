"""An open transaction: the primitives that the author of a backend writes; what they promise, ``interface`` says."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Any

from nova_db.engine.predicates import TRUE, Predicate
from nova_db.engine.query import Order, Query
from nova_db.engine.relations import related_rows
from nova_db.engine.values import Row, Values
from nova_db.exceptions import DBDeadlock, DBError
from nova_db.schema import Relation


def following(failure: BaseException, message: str) -> DBError:
    """What further calls raise after a failure: a conflict goes on being one, whoever has caught it."""
    if isinstance(failure, DBDeadlock):
        return DBDeadlock(failure, message=str(failure))
    return DBError(failure, message=message)


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
        of the rows.  An id given moves the counter on: what a committed transaction has used is never handed out.
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
        """Set columns of the rows that match, and return how many do.

        Those are the rows that match when the call begins: each is met once, whatever is set on it, and each is judged
        and changed by what it held then.  So it is in all calls that change rows.

        Values are plain, ``Col``, ``Add``, ``IfChanged`` or ``IfNew``.  A primary key among them must be that of every
        row that matches, and is not set; see ``nova_db.engine.keys``.
        """

    @abc.abstractmethod
    def update_returning(self, query: Query, values: Values) -> list[Row]:
        """``update`` with the query's table and condition; the rows as they are now, in order, with ``query.load``.

        The order is that of their new values.
        The query has neither ``limit`` nor ``after``.
        """

    @abc.abstractmethod
    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        """Set columns row by row: pairs of primary key and values, all with the same columns.  Rows matched.

        A row that does not meet ``where`` is left alone.  A key may come twice: the later change finds what the
        earlier one has made.
        """

    @abc.abstractmethod
    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        """Take up to ``limit`` rows that others race for: set ``values`` on the first that match and return them.

        They come as they are now, in the order in which they were found: by the values that they had.
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
        """A block that is undone as a whole, and alone, when an exception leaves it.

        A call that failed in it, and whose error was caught within, is told at its end: it is undone all the same, and
        raises ``DBError``.  Either way the transaction goes on from before the block, but for a conflict, which undoes
        all of it.
        """

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
