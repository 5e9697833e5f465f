"""The primitives, on the rows of a store: all of a ``Transaction`` but how it begins and ends."""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from nova_db.engine.assignments import updater
from nova_db.engine.matching import Probe, matcher
from nova_db.engine.ordering import sort_rows, total_order
from nova_db.engine.predicates import TRUE, Predicate
from nova_db.engine.query import Order, Query
from nova_db.engine.rows.aggregates import aggregated
from nova_db.engine.rows.changes import Changing, Version
from nova_db.engine.rows.process import OneProcess
from nova_db.engine.rows.relations import attacher, follower
from nova_db.engine.rows.savepoints import Savepoint
from nova_db.engine.rows.table import Readable, Rows, Tables
from nova_db.engine.transaction import Transaction, following
from nova_db.engine.values import Row, Values
from nova_db.exceptions import DBConnectionError, DBError
from nova_db.schema import Relation

_P = ParamSpec("_P")
_R = TypeVar("_R")
_DICTS: Final = {dict}


def _writing(
    method: Callable[Concatenate[RowTransaction, _P], _R],
) -> Callable[Concatenate[RowTransaction, _P], _R]:
    """A primitive that writes: in a writer only, alone, and where it fails nothing is possible but to undo it."""

    @functools.wraps(method)
    def call(self: RowTransaction, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        if self.error is not None or not (self._is_open and self.writes):
            self.require_usable(for_writing=True)
        try:
            with self._latch:
                return method(self, *args, **kwargs)
        except BaseException as error:
            self.error = error
            raise

    return call


class RowTransaction(Changing, Transaction):
    """A transaction of a row store.

    The author of a store gives its rows by table, and says how savepoints and the transaction itself end (``_mark``,
    ``_release``, ``_undo``, ``_commit``, ``_roll_back``); ``_seen``, ``_written``, ``_put``,
    ``_lock`` and ``serialize`` are for stores that have more to do.
    """

    __slots__ = ("_is_open", "_latch", "_rows", "error", "writes")

    def __init__(
        self, rows: Mapping[str, Rows], *, writes: bool, latch: AbstractContextManager[Any] | None = None
    ) -> None:
        """``rows`` are those of each table, by name; ``latch`` is held for the length of each call, where readers
        could see a change half made; None: all are let through but those of a forked process.
        """
        self._rows = rows
        self._latch = OneProcess() if latch is None else latch
        self.writes = writes
        self._is_open = True
        self.error: BaseException | None = None
        """Why a call failed; nothing is possible then but to roll back, or back to a savepoint."""

    # What a store says ------------------------------------------------------------------------------------------------

    def _seen(self) -> Tables:
        """What a reading call reads from, by name; the rows themselves, where they are those of this transaction."""
        return self._rows

    def _written(self) -> Mapping[str, Rows]:
        """What a writing call reads from and writes to, by name."""
        return self._rows

    def _lock(self, rows: Readable, found: Sequence[Row]) -> None:
        """Let rows stay as they are until the transaction ends; done where a writer is alone."""

    @abc.abstractmethod
    def _mark(self) -> Any:
        """Begin a savepoint."""

    def _release(self, mark: Any) -> None:
        """End a savepoint, and keep what was written in it."""

    @abc.abstractmethod
    def _undo(self, mark: Any) -> None:
        """Take back all that was written since a savepoint began."""

    @abc.abstractmethod
    def _commit(self) -> None:
        """Make what was written visible to all."""

    @abc.abstractmethod
    def _roll_back(self) -> None:
        """Take back all that was written."""

    _is_own = False
    """Whether the store makes a dict anew for each row that it gives or takes, so that the caller's are no copies."""

    def _own(self, rows: list[Row]) -> list[Row]:
        """Rows as the caller's own."""
        return rows if self._is_own else [*map(dict.copy, rows)]

    def _put(self, rows: Rows, old: Sequence[Row] | None, new: Sequence[Row] | None) -> None:
        rows.put_all([*map(rows.layout.by_key, old or new or ())], old, new)

    # The primitives ---------------------------------------------------------------------------------------------------

    def select(self, query: Query) -> list[Row]:
        if self.error is not None or query.lock or not self._is_open:
            self.require_usable(for_writing=query.lock)
        with self._latch:
            tables = self._seen()
            rows = tables[query.table]
            # What _probe gives, without a call, as this is the path of every read; and a page that has no order.
            probe = lambda table, column, value: tables[table].having(column, value)  # noqa: E731
            if query.order or query.after is not None:
                found = rows.page(query, probe)
            else:
                found = rows.find(query.where, probe, query.limit)
            if query.lock:
                self._lock(rows, found)
            return self._out(query, tables, found)

    def aggregate(
        self, table: str, where: Predicate = TRUE, *, sums: tuple[str, ...] = (), group_by: tuple[str, ...] = ()
    ) -> list[Row]:
        self.require_usable()
        with self._latch:
            tables = self._seen()
            found = tables[table].find(where, _probe(tables))
        return aggregated(found, sums, group_by)

    def related(self, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
        self.require_usable()
        follow = follower(relation)
        with self._latch:
            tables = self._seen()
            return [(key, row) for key in dict.fromkeys(keys) for row in self._own(follow(tables, key))]

    @_writing
    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        tables = self._written()
        made = [(tables[table], _copies(rows)) for table, rows in batches]
        self._insert(tables, made)
        return [self._own(new) for _, new in made]

    @_writing
    def update(self, table: str, where: Predicate, values: Values) -> int:
        tables = self._written()
        rows = tables[table]
        return len(self._update(tables, rows, rows.find(where, _probe(tables)), values))

    @_writing
    def update_returning(self, query: Query, values: Values) -> list[Row]:
        tables = self._written()
        rows = tables[query.table]
        found = self._update(tables, rows, rows.find(query.where, _probe(tables)), values)
        if query.order:
            found = sort_rows(found, total_order(query.order, rows.layout.key))
        return self._out(query, tables, found)

    @_writing
    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        tables = self._written()
        rows = tables[table]
        test = matcher(where, _probe(tables))
        versions: list[Version] = []
        newest: dict[Any, Row] = {}
        for key, values in changes:
            row = newest.get(key) or rows.get(key)
            if row is not None and test(row):
                newest[key] = new = updater(rows.layout.table, values)(row)
                versions.append((rows, row, new))
        self._replace(tables, versions)
        return len(versions)

    @_writing
    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        tables = self._written()
        rows = tables[table]
        found = rows.page(Query(table, where, order=order, limit=limit), _probe(tables))
        return self._own(self._update(tables, rows, found, values))

    @_writing
    def delete(self, table: str, where: Predicate) -> int:
        tables = self._written()
        rows = tables[table]
        found = rows.find(where, _probe(tables))
        self._remove(tables, rows, found)
        return len(found)

    @_writing
    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        tables = self._written()
        left, entered = tables[source], tables[target]
        found = left.page(Query(source, where, order=order, limit=limit), _probe(tables))
        self._insert(tables, [(entered, found)])
        self._remove(tables, left, found)
        return len(found)

    def serialize(self, *names: str) -> None:
        self.require_usable(for_writing=True)  # a writer is alone, whatever the names

    def savepoint(self) -> AbstractContextManager[None]:
        return Savepoint(self)

    def commit(self) -> None:
        if not self._is_open:
            raise self._ended("The transaction has ended already.")
        error = self.error
        if error is not None:
            self.rollback()
            raise following(error, "The transaction was rolled back, because a call in it had failed.")
        self._commit()

    def rollback(self) -> None:
        if self._is_open:
            self._roll_back()

    # What they share --------------------------------------------------------------------------------------------------

    def require_usable(self, *, for_writing: bool = False) -> None:
        """Raise DBError after the end or a failure, or when a reader is to write."""
        if not self._is_open:
            raise self._ended("The transaction has ended.")
        if self.error is not None:
            message = "An earlier call failed: the transaction can only be rolled back, at least to a savepoint."
            raise following(self.error, message)
        if for_writing and not self.writes:
            raise DBError(message="The transaction is a reader, it cannot write.")

    def _ended(self, message: str) -> DBError:
        """What to raise after the end, or in a process that was forked while the transaction was open."""
        if isinstance(self.error, DBConnectionError):
            return DBConnectionError(message=str(self.error))
        return DBError(message=message)

    def _out(self, query: Query, tables: Tables, rows: list[Row]) -> list[Row]:
        """What the caller gets of stored rows: copies, with relations."""
        columns = query.columns
        if columns is None:  # what _own does, without a call
            copies = rows if self._is_own else [row.copy() for row in rows]
        else:
            copies = [{column: row[column] for column in columns} for row in rows]
        if query.load and copies:
            # Over a store's rows, others may lie that a writer is changing: those are come by as anybody's.
            attaching = tables[query.table].attacher if tables is self._rows else attacher
            attaching(query.table, query.load)(tables, rows, copies)
        return copies


def _copies(rows: Sequence[Values]) -> list[Row]:
    """Copies of rows, which share their keys with others if these do."""
    return [*map(dict.copy, rows)] if {*map(type, rows)} <= _DICTS else [dict(row) for row in rows]  # type: ignore[arg-type] # all are dicts


def _probe(tables: Tables) -> Probe:
    """What a semijoin finds rows by."""
    return lambda table, column, value: tables[table].having(column, value)
