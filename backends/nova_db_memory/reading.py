"""What a transaction reads: the stores, and for a reader beside a writer what is committed of them.

A reader holds the engine's latch for the length of a call, so that it sees no change half made.  A writer does without
when it reads: nobody else changes rows meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from threading import get_ident
from typing import Any

from nova_db.engine import TRUE, Order, Predicate, Query, Row, Transaction
from nova_db.engine.ordering import page, sort_rows, total_order
from nova_db.exceptions import DBConnectionError, DBError
from nova_db.schema import Relation
from nova_db_memory.changes import Changing
from nova_db_memory.finding import find
from nova_db_memory.loading import attach, attachers, follower
from nova_db_memory.locks import Locks
from nova_db_memory.state import State
from nova_db_memory.versions import Former, Tables


class Reading(Changing, Transaction):
    """The part of a transaction that reads."""

    __slots__ = ("_is_open", "_kept", "_locks", "_snapshot", "_state", "error", "writes")

    def __init__(self, locks: Locks, state: State, *, writes: bool, snapshot: bool = False) -> None:
        self._stores = state.stores
        self.log = []
        self._before = None
        self._locks = locks
        self._state = state
        self.writes = writes
        self._snapshot = snapshot
        self._is_open = True
        self.error: BaseException | None = None
        """Why a call failed; nothing is possible then but to roll back, or back to a savepoint."""
        self._kept: dict[str, Former] | None = None

    def select(self, query: Query) -> list[Row]:
        self.require_usable(for_writing=query.lock)
        if self.writes:  # without the latch: nobody else changes rows meanwhile
            tables: Tables = self._stores
            return self._out(query, tables, self._page(tables, query))
        latch = self._locks.latch
        try:
            latch.acquire()
            tables = self._seen()
            return self._out(query, tables, self._page(tables, query))
        finally:
            latch.release()

    def aggregate(
        self, table: str, where: Predicate = TRUE, *, sums: tuple[str, ...] = (), group_by: tuple[str, ...] = ()
    ) -> list[Row]:
        groups: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
        if not group_by:
            groups[()] = []  # one result, even of no rows
        self.require_usable()
        with self._locks.latch:
            tables = self._stores if self.writes else self._seen()
            found = find(tables[table], where, tables.probe)
        for row in found:
            groups[tuple([row[column] for column in group_by])].append(row)
        results = []
        for values, rows in groups.items():
            result: Row = {"count": len(rows), **dict(zip(group_by, values, strict=True))}
            for column in sums:
                result[column] = sum(row[column] or 0 for row in rows)
            results.append(result)
        return sort_rows(results, [Order(column) for column in group_by])

    def related(self, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
        self.require_usable()
        follow = follower(relation)
        with self._locks.latch:
            tables = self._stores if self.writes else self._seen()
            return [(key, row.copy()) for key in dict.fromkeys(keys) for row in follow(tables, key)]

    def require_usable(self, *, for_writing: bool = False) -> None:
        """Raise DBError after the end or a failure, or when a reader is to write."""
        if not self._is_open:
            raise self._ended("The transaction has ended.")
        if self.error is not None:
            message = "An earlier call failed: the transaction can only be rolled back, at least to a savepoint."
            raise DBError(self.error, message=message)
        if for_writing and not self.writes:
            raise DBError(message="The transaction is a reader, it cannot write.")

    def _ended(self, message: str) -> DBError:
        """What to raise after the end, or in a process that was forked while the transaction was open."""
        if isinstance(self.error, DBConnectionError):
            return DBConnectionError(message=str(self.error))
        return DBError(message=message)

    def keep(self, before: Mapping[str, Former]) -> None:
        """Go on seeing these versions, except where earlier ones are kept already: newer ones are being committed."""
        kept = self._kept
        if kept is not None:
            for table, former in before.items():
                mine = kept.setdefault(table, Former())
                for key, row in former.rows.items():
                    mine.add(key, row)

    def _seen(self) -> Tables:
        """The tables as a reader sees them."""
        state, kept = self._state, self._kept
        if kept is None and self._snapshot:
            self._kept = {}
            state.readers[self] = get_ident()
        writer = state.writer
        if not kept and (writer is None or not writer.log):
            return self._stores
        return state.views(kept)

    def _page(self, tables: Tables, query: Query) -> list[Row]:
        """The stored rows that a query asks for, in order."""
        store, order, after = tables[query.table], query.order, query.after
        if order or after is not None:
            found = find(store, query.where, tables.probe)
            return page(found, total_order(order, store.layout.key), after, query.limit)
        return find(store, query.where, tables.probe, query.limit)

    def _out(self, query: Query, tables: Tables, rows: list[Row]) -> list[Row]:
        """What the caller gets of stored rows: copies, with relations."""
        columns = query.columns
        if columns is None:
            copies = [row.copy() for row in rows]
        else:
            copies = [{column: row[column] for column in columns} for row in rows]
        if query.load:
            attach(tables, rows, copies, attachers(query.table, query.load))
        return copies
