"""A transaction that has another one do everything, for those who look at the calls on their way."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from nova_db.engine.predicates import TRUE, Predicate
from nova_db.engine.query import Order, Query
from nova_db.engine.transaction import Transaction
from nova_db.engine.values import Row, Values
from nova_db.schema import Relation


class ForwardingTransaction(Transaction):
    """Hands each call to another transaction, once ``_before`` has seen it.

    What the other one calls on itself, as for the relations of a query, is not seen.
    """

    __slots__ = ("_tx",)

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    @abc.abstractmethod
    def _before(self, primitive: str, *names: str, columns: Sequence[str] | None = ()) -> None:
        """A primitive is about to be called.

        :param names: the tables that it is called for, or the names that it serializes.
        :param columns: those that are read; None: all of them.
        """

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        self._before("insert", *[table for table, _ in batches])
        return self._tx.insert(*batches)

    def select(self, query: Query) -> list[Row]:
        self._before("select", query.table, columns=query.columns)
        return self._tx.select(query)

    def aggregate(
        self, table: str, where: Predicate = TRUE, *, sums: tuple[str, ...] = (), group_by: tuple[str, ...] = ()
    ) -> list[Row]:
        self._before("aggregate", table, columns=(*sums, *group_by))
        return self._tx.aggregate(table, where, sums=sums, group_by=group_by)

    def update(self, table: str, where: Predicate, values: Values) -> int:
        self._before("update", table)
        return self._tx.update(table, where, values)

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        self._before("update_returning", query.table, columns=query.columns)
        return self._tx.update_returning(query, values)

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        self._before("update_each", table)
        return self._tx.update_each(table, changes, where)

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        self._before("claim", table, columns=None)
        return self._tx.claim(table, where, values, order=order, limit=limit)

    def delete(self, table: str, where: Predicate) -> int:
        self._before("delete", table)
        return self._tx.delete(table, where)

    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        self._before("move", source)
        return self._tx.move(source, target, where, order=order, limit=limit)

    def serialize(self, *names: str) -> None:
        self._before("serialize", *names)
        self._tx.serialize(*names)

    def savepoint(self) -> AbstractContextManager[None]:
        self._before("savepoint")
        return self._tx.savepoint()

    def related(self, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
        self._before("related", relation.name, columns=None)
        return self._tx.related(relation, keys)

    def commit(self) -> None:
        self._tx.commit()

    def rollback(self) -> None:
        self._tx.rollback()
