"""Statements of MariaDB alone: rows that are found without locks and locked by their keys.

InnoDB locks every row that a locking read looks at, also those that turn out not to match; it would wait for them, too.
So such a read finds its rows in a subquery, which reads without locks, and tests the condition again on what is locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from nova_db.engine import Order, Row
from nova_db.engine.ordering import total_order
from nova_db.engine.predicates import Shape
from nova_db.schema import Kind, Table
from nova_db_sqlalchemy.sql.conditions import Conditions, list_places
from nova_db_sqlalchemy.sql.conversion import SPARE, reader
from nova_db_sqlalchemy.sql.parameters import Parameters
from nova_db_sqlalchemy.sql.statements import SelectShape
from nova_db_sqlalchemy.sql.variants import Statement, by_shape
from nova_db_sqlalchemy.sql.write_statements import Assigned, WriteStatements
from nova_db_sqlalchemy.tables.catalog import CATALOG, is_single
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

_EARLY: Final = {"col": 0, "add": 1}
"""What looks at the row as it was. Other such assignments do not come here: the writer works them out."""


class MariaDBStatements(WriteStatements):
    """The statements of MariaDB and MySQL."""

    def assignments(
        self, table: Table, source: sa.FromClause, assigned: tuple[Assigned, ...], values: Any
    ) -> dict[str, Any]:
        # MySQL assigns one after the other.
        expressions = super().assignments(table, source, assigned, values)
        early = sorted([item for item in assigned if not isinstance(item, str)], key=lambda item: _EARLY[item[1]])
        first = {item[0]: expressions.pop(item[0]) for item in early}
        return {**first, **expressions}

    def _select(self, shape: SelectShape, sizes: Sequence[int]) -> Statement[list[Row]]:
        table, source = CATALOG[shape.table], SQL_METADATA.tables[shape.table]
        if not shape.lock or is_single(table, shape.where):
            return super()._select(shape, sizes)
        parameters = self.parameters()
        rows = source.alias("found")
        order = total_order(shape.order, table.primary_key)
        conditions = Conditions(self.grammar, parameters, sizes)
        found = sa.select(rows.c[table.primary_key]).where(conditions.expression(shape.where, table, rows))
        if shape.nulls is not None:
            found = found.where(conditions.after(order, shape.nulls, table, rows))
        if shape.limit is not None:
            found = found.order_by(*self.sorting(table, rows, order)).limit(self._spare_limit(shape, parameters))
        columns = self.columns_read(table, shape.columns)
        statement = self._by_keys(table, found, [source.c[name] for name, _ in columns])
        parameters.rewind()
        again = Conditions(self.grammar, parameters, sizes)
        statement = statement.where(again.expression(shape.where, table, source)).with_for_update()
        if shape.nulls is not None:
            statement = statement.where(again.after(order, shape.nulls, table, source))
        if shape.limit == 1:
            statement = statement.limit(sa.literal_column("1"))
        else:
            statement = statement.order_by(*self.sorting(table, source, order))
            if shape.limit is not None:
                statement = statement.limit(parameters.value(Kind.BIGINT))
        return self.statement(statement, parameters, reader(columns, self.grammar.row_forms), shape.load)

    def _spare_limit(self, shape: SelectShape, parameters: Parameters) -> Any:
        """How many rows to look at: those that somebody takes while they are waited for do not count."""
        return sa.literal_column(str(1 + SPARE)) if shape.limit == 1 else parameters.whole("and_spare")

    @by_shape(lambda name, where, order, wait: list_places(where))
    def pick(
        self, sizes: Sequence[int], name: str, where: Shape, order: tuple[Order, ...], wait: bool
    ) -> Statement[list[Row]]:
        """A select of the first rows, locked; those that others keep locked are waited for or skipped."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        rows = source.alias("found")
        found = sa.select(rows.c[table.primary_key]).where(self.condition(name, where, parameters, sizes, rows))
        found = found.order_by(*self.sorting(table, rows, total_order(order, table.primary_key)))
        found = found.limit(parameters.whole("and_spare"))
        statement = self._by_keys(table, found, self.returned(table, source))
        parameters.rewind()
        # Without an order here the server locks no row past the last one wanted.
        statement = statement.where(self.condition(name, where, parameters, sizes))
        statement = statement.limit(parameters.value(Kind.BIGINT))
        statement = statement.with_for_update(skip_locked=not wait)
        return self.statement(statement, parameters, reader(self.columns_read(table), self.grammar.row_forms))

    def _by_keys(self, table: Table, found: sa.Select[Any], columns: Sequence[Any]) -> sa.Select[Any]:
        """A select of the rows with the keys that a subquery finds, in its order."""
        source, keys = SQL_METADATA.tables[table.name], found.subquery("keys_found")
        joined = keys.join(source, source.c[table.primary_key] == keys.c[table.primary_key])
        # By any other way the server would come by other rows, and lock them.
        statement = sa.select(*columns).select_from(joined).with_hint(source, "FORCE INDEX (PRIMARY)")
        return statement.prefix_with("STRAIGHT_JOIN")
