"""Rows as bytes: MessagePack by msgspec, columns by name, those that are null left out.

So a row that an earlier release has written can be read by a later one, whose new columns are null in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from operator import itemgetter

import msgspec

from nova_db.engine import Row
from nova_db.engine.rows import Layout
from nova_db.engine.rows.cells import Codec
from nova_db.schema import Kind

_TYPES = {Kind.INTEGER: int, Kind.BIGINT: int, Kind.BOOLEAN: bool, Kind.FLOAT: float, Kind.DATETIME: dt.datetime}


def codec(layout: Layout) -> Codec:
    """How the rows of a table become bytes."""
    fields = [(column.name, _TYPES.get(column.kind, str) | None, None) for column in layout.table.columns]
    kind = msgspec.defstruct(layout.name, fields, omit_defaults=True, gc=False)
    encoder, decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(kind)
    values = itemgetter(*layout.table.names)  # their places are known, their names would be looked up

    def decode(cells: Iterable[bytes]) -> Iterator[Row]:
        return map(msgspec.structs.asdict, map(decoder.decode, cells))

    return Codec(lambda row: encoder.encode(kind(*values(row))), decode)
