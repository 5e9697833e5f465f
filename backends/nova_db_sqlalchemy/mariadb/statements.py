"""Statements of MariaDB alone: rows that are found without locks and locked by their keys.

InnoDB locks every row that a locking read looks at, also those that turn out not to match; it would wait for them, too.
So such a read finds its rows in a subquery, which reads without locks, and tests the condition again on what is locked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from nova_db.engine import Order, Row
from nova_db.engine.ordering import total_order
from nova_db.engine.predicates import Shape
from nova_db.schema import Kind, Table
from nova_db_sqlalchemy.mariadb.cursor import Packet
from nova_db_sqlalchemy.mariadb.isolation import SNAPSHOT
from nova_db_sqlalchemy.mariadb.packets import (
    Pairs,
    Pieces,
    Travel,
    among,
    attached,
    joining,
    known_columns,
    legs_of,
    legs_reader,
    select_of,
)
from nova_db_sqlalchemy.sql.conditions import Conditions, list_places
from nova_db_sqlalchemy.sql.conversion import SPARE, reader
from nova_db_sqlalchemy.sql.hiding import mask_of, packet_mask
from nova_db_sqlalchemy.sql.parameters import Parameters
from nova_db_sqlalchemy.sql.statements import SelectShape
from nova_db_sqlalchemy.sql.variants import Statement, by_shape
from nova_db_sqlalchemy.sql.write_statements import Assigned, WriteStatements
from nova_db_sqlalchemy.tables.catalog import CATALOG, is_single
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

R = TypeVar("R")
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

    @by_shape(lambda name, where, columns, load, way: list_places(where))
    def packet(
        self,
        sizes: Sequence[int],
        name: str,
        where: Shape,
        columns: tuple[str, ...] | None,
        load: tuple[str, ...],
        way: Travel,
    ) -> Statement[list[Row]]:
        """The select of a record by a unique key, and those of its relations."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters, shown = self.parameters(), self.columns_read(table, columns)
        condition = self.condition(name, where, parameters, sizes)
        record = sa.select(*[source.c[column] for column, _ in shown]).where(condition)
        if way is Travel.LOCKING:
            record = record.with_for_update()
        read, legs = reader(shown, self.grammar.row_forms), legs_of(name, load, known_columns(condition), condition)
        read_legs = legs_reader(legs, self.grammar.row_forms)

        def read_all(fetched: Sequence[Pieces]) -> list[Row]:
            ((first, *pieces),) = fetched
            return attached(name, read(first), load, read_legs(pieces))

        selects = [record, *map(select_of, legs)]
        before, behind = (SNAPSHOT, ("COMMIT",)) if way is Travel.ALONE else ((), ())
        return self._packet(selects, parameters, read_all, before, behind)

    @by_shape(lambda name, load, is_last: ())
    def relations(
        self, sizes: Sequence[int], name: str, load: tuple[str, ...], is_last: bool
    ) -> Statement[Iterator[Pairs]]:
        """The selects of the relations of rows; the values: for each column that leads to them, those of the rows.

        :param is_last: whether they end the transaction.
        """
        parameters = self.parameters()
        known = {local: among(parameters.value(None)) for local in joining(name, load)}
        legs = legs_of(name, load, known)
        read_legs = legs_reader(legs, self.grammar.row_forms)

        def read_all(fetched: Sequence[Pieces]) -> Iterator[Pairs]:
            return read_legs(fetched[0])

        return self._packet([select_of(leg) for leg in legs], parameters, read_all, (), ("COMMIT",) if is_last else ())

    def _packet(
        self,
        selects: Sequence[sa.Select[Any]],
        parameters: Parameters,
        read: Callable[[Any], R],
        before: Sequence[str] = (),
        behind: Sequence[str] = (),
    ) -> Statement[R]:
        """Selects that have their parameters in common, as one statement, between others."""
        self.compiled += len(selects)
        texts = [str(select.compile(dialect=self.grammar.compiler)) for select in selects]
        sql, bind = parameters.placed(";".join([*before, *texts, *behind]), self.grammar.mark)
        first, last = len(before), len(before) + len(texts)

        def packed(values: Sequence[Any]) -> Packet:
            return Packet(values if bind is None else bind(values), first, last)

        return Statement(sql, packed, read, mask=packet_mask([mask_of(select, None) for select in selects]))

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
