"""An engine over cells: the schema is a cell too, and so is the counter of each table."""

from __future__ import annotations

import abc
import contextlib
import functools
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from nova_db.engine.interface import Engine
from nova_db.engine.query import Query
from nova_db.engine.rows.cells.cells import Buffer
from nova_db.engine.rows.cells.packing import counter_name, packed_name
from nova_db.engine.rows.cells.paths import indexes
from nova_db.engine.rows.cells.transaction import CellTransaction
from nova_db.engine.rows.layout import layout
from nova_db.engine.transaction import Isolation
from nova_db.exceptions import DBError
from nova_db.schema import TABLES

_ALL: Final = (*TABLES, *(table.shadow.name for table in TABLES.values() if table.shadow is not None))
_SCHEMA: Final = packed_name("", "schema")
"""The key of the cell that holds the revision."""
_DESCRIBED: Final = packed_name("", "tables")
"""The key of the cell that says what the tables were when the revision was noted."""
_END: Final = b"\xff" * 5
"""Greater than every key."""
_STEP: Final = 10_000
"""How many cells or rows are changed at once, where it may be all of them."""


@functools.cache
def schema_revision() -> bytes:
    """What stands for the tables of this release, their columns and their indexes."""
    prefixes = [[index.prefix for index in indexes(name)] for name in _ALL]
    return hashlib.blake2b(_described() + repr(prefixes).encode(), digest_size=6).hexdigest().encode()


@functools.cache
def _described() -> bytes:
    """The tables of this release: of each the columns and the indexes, by name."""
    return json.dumps({name: [layout(name).table.names, list(layout(name).indexes)] for name in _ALL}).encode()


class CellEngine(Engine):
    """An engine whose writers take turns, and whose transactions see what was committed when they began.

    The author gives one method, which nobody but the base calls:

    ``_begin(writes=...)`` begins a transaction, of the author's class, whatever the schema is, and where there are no
    cells yet, too.  A reader sees what is committed now, and waits for nobody.  A writer waits for its turn first, for
    ``[database] lock_timeout`` at most, and then takes the cells that it reads, so that they are what the one before it
    has left; ``FileTurn.begun`` does both, and gives the turn back if the second fails.  It makes no database: where
    there is none, say no folder, it raises ``DBConnectionError`` and leaves nothing behind.  What makes one is
    ``create_schema``, which the author overrides for that, and which calls the base's.  Beside that error, ``_begin``
    may raise ``DBDeadlock`` (the turn did not come in time), ``DBTransactionError`` (the thread has it itself) and
    ``DBError``; none of the store's library, as it is called outside of the latch.

    Where to begin one would make files in a place that has none, say an empty folder, ``_is_empty`` may say so before.
    """

    _is_ready = False
    """Whether the schema was seen to be there; it stays for as long as the database is open."""

    @abc.abstractmethod
    def _begin(self, *, writes: bool) -> CellTransaction:
        """Begin a transaction, whatever the schema; a writer once it is its turn."""

    def _is_empty(self) -> bool:
        """Whether there is a place for a database and nothing in it, where to begin a transaction would make files."""
        return False

    def read(self, *, snapshot: bool = True) -> CellTransaction:
        """Open a reader.  It waits for nobody, and nobody for it."""
        if not self._is_ready and self._is_empty():
            raise self._unready(None)
        tx = self._begin(writes=False)
        return tx if self._is_ready else self._ready(tx)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> CellTransaction:
        """Open a writer, once it is its turn; DBDeadlock when that takes too long.  Alone, it is serializable."""
        if not self._is_ready:
            # Without tables no turn is to be taken, for which some file may be made.
            self.read().rollback()
        tx = self._begin(writes=True)
        return tx if self._is_ready else self._ready(tx)

    def create_schema(self) -> None:
        """Note the tables; where those of another release stand, complete their rows and make their indexes anew."""
        found = self._schema()
        if found not in (None, schema_revision()):
            self._renew()
        with self._writing() as cells:
            cells.put(_SCHEMA, schema_revision())
            cells.put(_DESCRIBED, _described())

    def schema_version(self) -> Mapping[str, str | None]:
        """The revision of the database and this release's, and whether they are one; see ``nova_db.offers``."""
        found, newest = self._schema(), schema_revision()
        state = "empty" if found is None else "current" if found == newest else "behind"
        return {"revision": None if found is None else found.decode(), "newest": newest.decode(), "state": state}

    def schema_differences(self) -> list[str]:
        """How the tables of the database differ from this release's, a line for each difference."""
        found = self._schema()
        if found is None:
            return ["the database is empty: nova-db sync creates the tables"]
        if found == schema_revision():
            return []
        theirs, ours = json.loads(self._cell(_DESCRIBED) or b"{}"), json.loads(_described())
        named = sorted({*_names(theirs)} ^ {*_names(ours)})
        told = [f"{each} is {'missing' if each in _names(ours) else 'none of this release'}" for each in named]
        return told or [f"the database is of another release: its schema is {found.decode()}"]

    def clear(self) -> None:
        """Remove all rows and start the id counters anew; DBError where the store does not remove what it should."""
        if not self._is_empty():
            self._remove_all_but(_SCHEMA, _DESCRIBED)

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
        return None if self._is_empty() else self._cell(_SCHEMA)

    def _cell(self, key: bytes) -> bytes | None:
        """The value of a cell, whatever the schema."""
        tx = self._begin(writes=False)
        try:
            return tx.cell(key)
        finally:
            tx.rollback()

    def _ready(self, tx: CellTransaction) -> CellTransaction:
        """The transaction, if the tables are this release's."""
        try:
            found = tx.cell(_SCHEMA)
        except BaseException:
            tx.rollback()
            raise
        if found == schema_revision():
            self._is_ready = True
            return tx
        tx.rollback()
        raise self._unready(found)

    def _unready(self, found: bytes | None) -> DBError:
        """What is said of a database with tables of another revision, or none."""
        state = "holds no tables yet" if found is None else f"is of another release: its schema is {found.decode()}"
        return DBError(message=f"The database {self.location()} {state}; nova-db sync mends that.")

    def _renew(self) -> None:
        """Do what ``create_schema`` says, in steps that can be done again: the revision changes after the last."""
        kept = (_SCHEMA, _DESCRIBED, *map(packed_name, _ALL), *map(counter_name, _ALL))
        self._remove_all_but(*kept)
        for name in _ALL:
            after: tuple[Any, ...] | None = None
            while after != ():  # the place moves on, up to the last row
                after = self._renewed(name, after)

    def _renewed(self, name: str, after: tuple[Any, ...] | None) -> tuple[Any, ...]:
        """Renew some rows of a table, those after a place; the place of the last of them, empty where none was left."""
        table = layout(name).table
        tx = self._begin(writes=True)
        try:
            rows = tx.tables[name]
            found = rows.page(Query(name, after=after, limit=_STEP), lambda *_: ())
            for row in found:
                rows.put(row[table.primary_key], None, table.insert_values(row))
            tx.commit()
        finally:
            tx.rollback()
        return (found[-1][table.primary_key],) if found else ()

    def _remove_all_but(self, *beginnings: bytes) -> None:
        """Remove the cells whose keys do not begin so, some at a time."""
        before: list[tuple[bytes, bytes]] = []
        while found := self._removed(beginnings):  # some less each time, or it ends
            if found == before:  # nobody else has written so many again, each with the same value
                raise DBError(
                    message=f"{len(found)} cells that were removed are still there, the first of them {found[0][0]!r}: "
                    f"CellTransaction._apply does not remove cells that have None, or Cells.scan goes on giving them."
                )
            before = found

    def _removed(self, beginnings: tuple[bytes, ...]) -> list[tuple[bytes, bytes]]:
        """Remove some of the cells whose keys do not begin so, and say which."""
        with self._writing() as cells:
            others = (cell for cell in cells.scan(b"", _END) if not cell[0].startswith(beginnings))
            found = list(islice(others, _STEP))
            for key, _ in found:
                cells.put(key, None)
        return found

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Buffer]:
        """The cells, to be changed whatever the schema."""
        tx = self._begin(writes=True)
        try:
            with tx.writing() as cells:
                yield cells
            tx.commit()
        finally:
            tx.rollback()


def _names(described: Mapping[str, Any]) -> Iterator[str]:
    """What the tables of a description have, one by one, in words."""
    for name, (columns, its_indexes) in described.items():
        yield f"table {name}"
        yield from (f"column {column} of table {name}" for column in columns)
        yield from (f"index ({', '.join(index.split())}) of table {name}" for index in its_indexes)
