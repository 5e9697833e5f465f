"""The base of engines that keep rows themselves: whoever writes one gives its store's own parts, and has all the rest.

The rows of a table (``Rows``: get, put, look up, count) and how a transaction begins and ends (``RowTransaction``) make
an engine; a store that has neither transactions nor versions needs the rows alone (``inplace``).
"""

from __future__ import annotations

from nova_db.engine.rows.access import Bounds, find_by_indexes
from nova_db.engine.rows.codec import Codec, json_codec
from nova_db.engine.rows.hashed import HashIndex
from nova_db.engine.rows.layout import Columns, Layout, layout, value_of
from nova_db.engine.rows.ordered import OrderedIndex, Ordering, Walk
from nova_db.engine.rows.relations import attacher_by_indexes
from nova_db.engine.rows.table import Readable, Rows, Tables
from nova_db.engine.rows.transaction import RowTransaction

__all__ = [
    "Bounds",
    "Codec",
    "Columns",
    "HashIndex",
    "Layout",
    "OrderedIndex",
    "Ordering",
    "Readable",
    "RowTransaction",
    "Rows",
    "Tables",
    "Walk",
    "attacher_by_indexes",
    "find_by_indexes",
    "json_codec",
    "layout",
    "value_of",
]
