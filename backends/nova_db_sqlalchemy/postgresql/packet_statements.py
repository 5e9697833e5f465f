"""Statements of PostgreSQL that travel together: relations of a list, and an update with what belongs to its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nova_db.engine import Row
from nova_db_sqlalchemy.postgresql.cursor import Packet
from nova_db_sqlalchemy.postgresql.packets import RelatedSelects, attacher, locals_of
from nova_db_sqlalchemy.sql.conditions import list_places
from nova_db_sqlalchemy.sql.conversion import array, reader
from nova_db_sqlalchemy.sql.hiding import packet_mask
from nova_db_sqlalchemy.sql.variants import Statement, by_shape
from nova_db_sqlalchemy.sql.write_statements import WriteStatements
from nova_db_sqlalchemy.tables.catalog import CATALOG

if TYPE_CHECKING:
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
