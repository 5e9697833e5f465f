"""Statements of PostgreSQL that travel together: relations of a list, and an update with what belongs to its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nova_db.engine import Row
from nova_db.engine.predicates import Shape
from nova_db_sqlalchemy.postgresql.cursor import Packet
from nova_db_sqlalchemy.postgresql.packets import RelatedSelects, attacher, locals_of
from nova_db_sqlalchemy.sql.conditions import list_places
from nova_db_sqlalchemy.sql.conversion import array, reader
from nova_db_sqlalchemy.sql.hiding import packet_mask
from nova_db_sqlalchemy.sql.variants import Statement, by_shape
from nova_db_sqlalchemy.sql.write_statements import Assigned, WriteStatements, places_bound
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.grammar import Sql
    from nova_db_sqlalchemy.sql.statements import SelectShape


class PacketStatements(WriteStatements):
    """Statements in packets, and those that go before them."""

    @by_shape(lambda shape: list_places(shape.where))
    def list_alone(self, sizes: Sequence[int], shape: SelectShape) -> Statement[list[Row]]:
        """The select of a list whose relations come behind it, in a packet."""
        parameters = self.parameters()
        read = reader(self.columns_read(CATALOG[shape.table], shape.columns), self.grammar.row_forms)
        return self.statement(self.chosen(shape, parameters, sizes), parameters, read, shape.load)

    @by_shape(lambda table, load, is_last: ())
    def relations(
        self, sizes: Sequence[int], table: str, load: tuple[str, ...], is_last: bool
    ) -> Statement[Callable[[list[Row]], None]]:
        """The selects of the relations of rows, and the end of the transaction; what attaches what they give.

        The values: for each of the columns that lead to relations, what the rows have there.
        """
        leading = locals_of(table, load)
        selects = [*RelatedSelects(self.grammar, table, load).selects()]
        self.compiled += len(selects)
        places = [leading.index(select.local) for select in selects]

        def bind(values: Sequence[Any]) -> list[Sequence[str]]:
            given = [[array(keys)] for keys in values]
            return [*[given[place] for place in places], *([[]] if is_last else [])]

        attach = attacher(table, load, self.grammar.row_forms)
        packet = Packet.of(*[select.text.encode() for select in selects], *([b"COMMIT"] if is_last else []))
        mask = packet_mask([select.mask for select in selects])
        return Statement(packet, bind, lambda fetched: partial(attach, iter(fetched[0])), mask=mask)

    @by_shape(lambda name, where, assigned, load, column: list_places(where, len(places_bound(assigned))))
    def update_with_relations(
        self,
        sizes: Sequence[int],
        name: str,
        where: Shape,
        assigned: tuple[Assigned, ...],
        load: tuple[str, ...],
        column: str,
    ) -> Statement[list[Row]]:
        """An update of a row that the value of a unique column names, which gives the row with its relations.

        The values: those of the assignments, those of the condition, and that one.  The relations take a statement of
        their own, as the update may wait for the row.
        """
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        update = self._updating(name, where, assigned, parameters, sizes).returning(*self.returned(table, source))
        read = reader(self.columns_read(table), self.grammar.row_forms)
        changed = self.statement(update, parameters, read)
        related = self.document_by(name, load, column)

        def bind(values: Sequence[Any]) -> list[Sequence[Any]]:
            given, named = values[:-1], values[-1:]
            return [
                given if changed.bind is None else changed.bind(given),
                named if related.bind is None else related.bind(named),
            ]

        def read_all(fetched: Sequence[Any]) -> list[Row]:
            ((rows, documents),) = fetched
            found = changed.read(rows)
            for row in found:
                row.update(related.read(documents[0][0]))
            return found

        packet = Packet.of(*[_bytes(each.sql) for each in (changed, related)])
        return Statement(packet, bind, read_all, mask=packet_mask([changed.mask or (), related.mask or ()]))


def _bytes(sql: Sql) -> bytes:
    return sql.encode() if isinstance(sql, str) else sql
