"""One of the two databases: its tables in order, its rows in batches, conflicts and lost connections survived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from nova_db.engine import TRUE, Order, Predicate, Query, Row, guards
from nova_db.engine.counters import advance
from nova_db.exceptions import DBError
from nova_db.operations.rows.insisting import require_progress
from nova_db.operations.running.ending import committed
from nova_db.operations.running.retries import Retries
from nova_db.schema import PARENTS_FIRST, TABLES, Kind, Table

if TYPE_CHECKING:
    from nova_db.engine import Engine, Transaction

R = TypeVar("R")

ORDER: Final[tuple[Table, ...]] = (
    *PARENTS_FIRST,
    *[table.shadow for table in PARENTS_FIRST if table.shadow is not None],
)
"""All tables, shadow tables included, those that are referred to before those that refer to them."""

FIRST_ROWS: Final = 64
MOST_ROWS: Final = 2000
BYTES_AT_ONCE: Final = 4 << 20
"""About how much text a batch holds."""

OnProgress = Callable[[str, int, int], None]
"""Called with the name of a table, the number of its rows that are done since the last time, and that of all rows."""


class NotSynced(DBError):
    """A database lacks tables."""


class Extent(NamedTuple):
    """What is cheaply known of the rows of a table."""

    rows: int
    deleted: int
    """The sum of ``deleted``, which is the row's own id in a deleted row; 0 where it is none."""
    last: Any
    """The highest primary key, None without rows."""


class Database:
    """An engine, read and written a batch at a time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._retries = Retries()

    def require_schema(self) -> None:
        """Raise unless the tables are there, and nothing in them that is unknown."""
        missing = sorted(TABLES.keys() - set(self.engine.tables()))
        if missing:
            raise NotSynced(
                message=f"{self.name()} lacks {len(missing)} of {len(TABLES)} tables, {missing[0]} for one: "
                f"run `nova-db sync` on it first."
            )
        self.engine.require_whole_rows()

    def name(self) -> str:
        """What to call it, without a password."""
        described = self.engine.describe()
        return described.get("url") or described["engine"]

    def survey(self) -> dict[str, Extent]:
        """The extent of every table, in one snapshot."""
        return self._read(lambda tx: {table.name: _extent(tx, table) for table in ORDER}, snapshot=True)

    def count(self, table: Table, where: Predicate) -> int:
        """How many rows match."""
        return int(self._read(lambda tx: tx.aggregate(table.name, where), snapshot=False)[0]["count"])

    def edge(self, table: Table, where: Predicate = TRUE, *, limit: int, descending: bool = False) -> list[Row]:
        """The first rows that match, or the last ones, backwards."""
        order = (Order(table.primary_key, descending=descending),)
        query = Query(table.name, where, order=order, limit=limit)
        return self._read(lambda tx: tx.select(query), snapshot=False)

    def batches(self, table: Table, after: Any = None) -> Iterator[list[Row]]:
        """The rows by primary key, from after one on, in batches of a bounded size; each is one snapshot."""
        limit = FIRST_ROWS
        while True:  # ends where no rows come: each round begins after the last one's end
            rows = self._page(table, after, limit)
            if rows:
                require_progress(table, after, [rows[0][table.primary_key], rows[-1][table.primary_key]])
                yield rows
            if len(rows) < limit:
                return
            after = rows[-1][table.primary_key]
            limit = _next_limit(limit, rows)

    def rows(self, table: Table) -> Iterator[Row]:
        """The rows by primary key."""
        for batch in self.batches(table):
            yield from batch

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows with their keys, in a transaction."""
        self._write(lambda tx: tx.insert((table.name, rows)))

    def counters(self) -> Mapping[str, int]:
        """The ids that were handed out so far, see the engine's."""
        return self._retries.run(lambda losses: self.engine.counters())

    def advance(self, counters: Mapping[str, int]) -> None:
        """Let no id up to those given be handed out from now on."""
        self._write(lambda tx: advance(tx, counters))

    def _page(self, table: Table, after: Any, limit: int) -> list[Row]:
        place = None if after is None else (after,)
        query = Query(table.name, order=(Order(table.primary_key),), after=place, limit=limit)
        return self._read(lambda tx: tx.select(query), snapshot=False)

    def _read(self, call: Callable[[Transaction], R], *, snapshot: bool) -> R:
        if guards.users and not snapshot:
            call = guards.one_call(call)
        return self._retries.run(lambda losses: committed(self.engine.read(snapshot=snapshot), call))

    def _write(self, call: Callable[[Transaction], R]) -> R:
        return self._retries.run(lambda losses: committed(self.engine.write(losses=losses), call))


def _extent(tx: Transaction, table: Table) -> Extent:
    sums = ("deleted",) if table.column["deleted"].kind in (Kind.INTEGER, Kind.BIGINT) else ()
    [found] = tx.aggregate(table.name, sums=sums)
    if not found["count"]:
        return Extent(0, 0, None)
    key = table.primary_key
    [last] = tx.select(Query(table.name, order=(Order(key, descending=True),), limit=1, columns=(key,)))
    return Extent(found["count"], found.get("deleted", 0), last[key])


def _next_limit(limit: int, rows: Sequence[Row]) -> int:
    """How many rows to read next, so that a batch keeps its size in bytes."""
    each = max(1, _text_size(rows) // len(rows))
    return max(1, min(4 * limit, MOST_ROWS, BYTES_AT_ONCE // each))


def _text_size(rows: Iterable[Row]) -> int:
    return sum(len(value) for row in rows for value in row.values() if type(value) is str)


def unobserved(_table: str, _rows: int, _total: int) -> None:
    """Nobody is told of the progress."""


def opened(engine: Engine) -> Database:
    """The database behind an engine; its schema must be there."""
    database = Database(engine)
    database.require_schema()
    return database
