"""Rows as bytes, for stores that keep nothing else."""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from nova_db.engine.rows.layout import Layout, layout
from nova_db.engine.values import Row
from nova_db.schema import Kind


class Codec(NamedTuple):
    """How the rows of a table become bytes."""

    encode: Callable[[Row], bytes]
    decode: Callable[[Iterable[bytes]], Iterator[Row]]
    """Of many, one after the other; each row is a dict of its own."""


def json_codec(of: Layout) -> Codec:
    """Rows as JSON, columns by name, those that are null left out: to begin with, whoever needs speed has another one.

    A row that an earlier release has written can be read by a later one, whose new columns are null in it.
    """
    return _codec(of.name)


@functools.cache
def _codec(name: str) -> Codec:
    columns = layout(name).table.columns
    nothing = dict.fromkeys(column.name for column in columns)
    moments = [column.name for column in columns if column.kind is Kind.DATETIME]

    def encode(row: Row) -> bytes:
        found = {name: value for name, value in row.items() if value is not None}
        return json.dumps(found, separators=(",", ":"), default=dt.datetime.isoformat).encode()

    def decode(cells: Iterable[bytes]) -> Iterator[Row]:
        for data in cells:
            row: Row = nothing | json.loads(data)
            for name in moments:
                if row[name] is not None:
                    row[name] = dt.datetime.fromisoformat(row[name])
            yield row

    return Codec(encode, decode)
