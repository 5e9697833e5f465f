"""What MariaDB and MySQL do not tell of a failure, read from what was being written."""

from __future__ import annotations

from nova_db_sqlalchemy.connections.errors import Fault, Written
from nova_db_sqlalchemy.mariadb.errors import NO_MORE_IDS
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.transactions.blame import Blame


def lacks_id(fault: Fault, written: Written) -> bool:
    """Whether the server has no id left; MySQL then says that the one it gives is taken, though nobody gave any."""
    if fault.detail != "PRIMARY" or not written.is_insert:
        return fault.detail == NO_MORE_IDS
    table = CATALOG[written.table]
    return table.autoincrement and all(row.get(table.primary_key) is None for row in written.batches[0][1])


def longest_text(written: Written) -> Blame | None:
    """The longest text, which makes a statement too large; None where there is none."""
    texts = [
        Blame(table, (column,), value)
        for table, rows in written.batches
        for row in rows
        for column, value in row.items()
        if isinstance(value, str)
    ]
    return max(texts, key=lambda blame: len(blame.value), default=None)
