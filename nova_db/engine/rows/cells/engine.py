"""An engine over cells: the schema is a cell too, and so is the counter of each table."""

from __future__ import annotations

import abc
import contextlib
import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from nova_db.engine.interface import Engine
from nova_db.engine.rows.cells.packing import counter_name, packed_name
from nova_db.engine.rows.cells.table import Cells, CellTables, Codec
from nova_db.engine.rows.layout import layout
from nova_db.engine.rows.transaction import RowTransaction
from nova_db.engine.transaction import Isolation
from nova_db.exceptions import DBError
from nova_db.schema import TABLES

_ALL: Final = (*TABLES, *(table.shadow.name for table in TABLES.values() if table.shadow is not None))
_SCHEMA: Final = packed_name("", "schema")
"""The key of the cell that holds the revision."""


@functools.cache
def schema_revision() -> bytes:
    """What stands for the tables of this release, their columns and their indexes."""
    described = [(name, layout(name).table.names, tuple(layout(name).indexes)) for name in _ALL]
    return hashlib.blake2b(repr(described).encode(), digest_size=6).hexdigest().encode()


class CellTransaction(RowTransaction):
    """A transaction of a store of cells."""

    __slots__ = ("cells", "tables")

    def __init__(
        self, cells: Cells, codec: Callable[..., Codec], *, writes: bool, latch: AbstractContextManager[Any]
    ) -> None:
        """``codec`` says how the rows of a layout become bytes; ``latch`` is entered for the length of each call."""
        self.cells = cells
        self.tables = CellTables(cells, codec)
        super().__init__(self.tables, writes=writes, latch=latch)

    @property
    def schema(self) -> bytes | None:
        """The revision of the tables, or None without any."""
        with self._latch:
            return self.cells.get(_SCHEMA)

    @schema.setter
    def schema(self, revision: bytes) -> None:
        with self._latch:
            self.cells.put(_SCHEMA, revision)

    def renew(self) -> None:
        """Give the rows of another release the columns of this one, and index entries that are this one's."""
        with self._latch:
            self.keep_only(_SCHEMA, *map(packed_name, _ALL), *map(counter_name, _ALL))
            for name in _ALL:
                rows, table = self.tables[name], layout(name).table
                for key in [row[table.primary_key] for row in rows.all()]:
                    row = rows.get(key)
                    if row is not None:
                        rows.put(key, None, table.insert_values(row))

    def keep_only(self, *beginnings: bytes) -> None:
        """Remove all cells but those whose keys begin so."""
        found = [key for key, _ in self.cells.scan(b"", b"\xff" * 5) if not key.startswith(beginnings)]
        for key in found:
            self.cells.delete(key)


class CellEngine(Engine):
    """An engine whose writers take turns, and whose transactions see what was committed when they began.

    The author gives ``_begin``.
    """

    _is_ready = False
    """Whether the schema was seen to be there; it stays for as long as the database is open."""

    @abc.abstractmethod
    def _begin(self, *, writes: bool) -> CellTransaction:
        """Begin a transaction, whatever the schema; a writer once it is its turn."""

    def read(self, *, snapshot: bool = True) -> CellTransaction:
        """Open a reader.  It waits for nobody, and nobody for it."""
        tx = self._begin(writes=False)
        return tx if self._is_ready else self._ready(tx)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> CellTransaction:
        """Open a writer, once it is its turn; DBDeadlock when that takes too long.  Alone, it is serializable."""
        tx = self._begin(writes=True)
        return tx if self._is_ready else self._ready(tx)

    def create_schema(self) -> None:
        """Note the tables; where those of another release stand, complete their rows and make their indexes anew."""
        with self._writing() as tx:
            if tx.schema not in (None, schema_revision()):
                tx.renew()
            tx.schema = schema_revision()

    def clear(self) -> None:
        """Remove all rows and start the id counters anew."""
        with self._writing() as tx:
            tx.keep_only(_SCHEMA)

    def tables(self) -> Iterable[str]:
        """All tables, once they were created."""
        return [] if self._schema() is None else list(TABLES)

    def counters(self) -> Mapping[str, int]:
        """The highest id given so far, by table."""
        tx = self.read()
        try:
            return {name: tx.tables[name].last_id() for name, table in TABLES.items() if table.autoincrement}
        finally:
            tx.rollback()

    def _schema(self) -> bytes | None:
        """The revision of the tables."""
        tx = self._begin(writes=False)
        try:
            return tx.schema
        finally:
            tx.rollback()

    def _ready(self, tx: CellTransaction) -> CellTransaction:
        """The transaction, if the tables are this release's."""
        found = tx.schema
        if found == schema_revision():
            self._is_ready = True
            return tx
        tx.rollback()
        state = "holds no tables yet" if found is None else f"is of another release: its schema is {found.decode()}"
        raise DBError(message=f"The database {self.location()} {state}; nova-db sync mends that.")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[CellTransaction]:
        tx = self._begin(writes=True)
        try:
            yield tx
            tx.commit()
        finally:
            tx.rollback()
