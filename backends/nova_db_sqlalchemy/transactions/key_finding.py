"""The calls in a transaction that find the keys of rows, for what Python does a part of."""

from __future__ import annotations

from typing import Any

from nova_db.engine import Predicate, Query
from nova_db_sqlalchemy.connections.server import Mode
from nova_db_sqlalchemy.transactions.lifecycle import Lifecycle


class KeyFinding(Lifecycle):
    """A transaction that finds keys."""

    __slots__ = ()

    @property
    def sees_one_state(self) -> bool:
        """Whether what one statement has found is still there, unchanged, for the next."""
        return self._mode is not Mode.WRITE

    def sizes(self, table: str, where: Predicate, columns: tuple[str, ...]) -> list[tuple[Any, int]]:
        """The keys of the rows that match, and how long the texts of some columns are together; by key."""
        values = where.parameters()
        statement = self._database.statements.sizes(table, where.shape(), columns).fitting(values)
        return [(key, size) for key, size in statement.read(self.fetch(statement, values))]

    def sorted_keys(self, query: Query) -> list[tuple[Any, ...]]:
        """The keys of the rows of a query, as ``KeyStatements.sorted_keys`` has them."""
        values = query.where.parameters()
        after = query.after
        nulls = None if after is None else tuple([value is None for value in after])
        values += [value for value in after or () if value is not None]
        if query.limit is not None:
            values.append(query.limit)
        statements = self._database.statements
        variants = statements.sorted_keys(query.table, query.where.shape(), query.order, nulls, query.limit is not None)
        statement = variants.fitting(values)
        return statement.read(self.fetch(statement, values))
