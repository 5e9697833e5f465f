"""Transactions, and the calls in them that read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nova_db.engine import TRUE, Order, Predicate, Query, Row
from nova_db.engine.ordering import sort_rows
from nova_db.engine.relations import attach
from nova_db.exceptions import DBError
from nova_db.schema import Relation
from nova_db_sqlalchemy.sql.statements import IN_PYTHON
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.transactions.in_python import select_in_python
from nova_db_sqlalchemy.transactions.key_finding import KeyFinding
from nova_db_sqlalchemy.transactions.projection import projected, without_relations

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.variants import Variants


class SQLTransaction(KeyFinding):
    """What readers and writers have in common."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        if query.lock:
            self.require_writer()
        if query.limit == 0:
            return []
        variants = self._variants(query)
        if variants is IN_PYTHON:
            self.hold()
            return select_in_python(self, query)
        values: list[Any] = []
        query.where.bind(values)
        after = query.after
        if after is not None:
            values += [value for value in after if value is not None]
        if query.limit is not None and query.limit != 1:
            values.append(query.limit)
        statement = variants.fitting(values)
        if statement.load:
            self.hold()
        fetched = self.fetch(statement, values)
        try:
            rows = statement.read(fetched)
        except (TypeError, ValueError):
            if statement.load or not query.load or not self._database.statements.grammar.documents_may_break:
                raise
            return self._select_apart(query)
        if statement.load and rows:
            # Statements should depend on the query, not on how many rows it happens to find.
            load = self.load if query.lock else self.load_list
            load(query.table, rows, statement.load)
        return rows

    def _variants(self, query: Query) -> Variants[list[Row]]:
        """The statements for a query."""
        return self._database.statements.select(query)

    def _select_apart(self, query: Query) -> list[Row]:
        """The rows of a query whose relations are too long for a document, in one state with them."""
        self.hold()
        rows = self.select(without_relations(query))
        attach(self, query.table, rows, query.load)
        return rows if query.columns is None else projected(rows, query.columns, query.load)

    def aggregate(
        self, table: str, where: Predicate = TRUE, *, sums: tuple[str, ...] = (), group_by: tuple[str, ...] = ()
    ) -> list[Row]:
        values = where.parameters()
        statements = self._database.statements
        statement = statements.aggregate(table, where.shape(), sums, group_by).fitting(values)
        found = statement.read(self.fetch(statement, values))
        order = [Order(column) for column in group_by]
        is_in_order = not any(statements.is_cut(CATALOG[table], part) for part in order)
        return found if is_in_order else sort_rows(found, order)

    def related(self, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
        if not keys:
            return []
        values = (keys,)
        statement = self._database.statements.related(relation).fitting(values)
        pairs = statement.read(self.fetch(statement, values))
        if relation.via is None:
            return pairs
        remote = relation.remote
        return list({(key, row[remote]): (key, row) for key, row in pairs}.values())  # linked twice, listed once

    def load(self, table: str, rows: list[Row], load: tuple[str, ...]) -> None:
        """Attach relations to rows: to one by a document of all of them, else by a statement for each relation."""
        statements, key = self._database.statements, CATALOG[table].primary_key
        if len(rows) > 1 or key not in rows[0] or not statements.in_one_statement(table, load, is_list=False):
            attach(self, table, rows, load)
            return
        values = (rows[0][key],)
        statement = statements.document(table, load).fitting(values)
        ((document,),) = self.fetch(statement, values)
        try:
            rows[0].update(statement.read(document))
        except (TypeError, ValueError):
            if not self._database.statements.grammar.documents_may_break:
                raise
            attach(self, table, rows, load)

    def load_list(self, table: str, rows: list[Row], load: tuple[str, ...]) -> None:
        """Attach relations to the rows of a list."""
        attach(self, table, rows, load)

    def require_writer(self) -> None:
        """DBError in a reader."""
        raise DBError(message="The transaction is a reader, it cannot write.")
