"""What distinguishes the schema of a database from the one that this release describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from nova_db_sqlalchemy.migrations.configuration import options
from nova_db_sqlalchemy.migrations.description import Description, described, found
from nova_db_sqlalchemy.migrations.servers import Target, reading
from nova_db_sqlalchemy.tables import METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

NOTHING: Final = "nothing"


@dataclass(frozen=True, order=True, slots=True)
class Difference:
    """One difference: ``str()`` tells it in a line.

    :ivar table: the name of the table.
    :ivar part: what of it: ``table``, ``column host``, ``index instances_host_idx``, ...
    :ivar expected: what this release describes; ``"nothing"`` for what should not be there.
    :ivar found: what the database has; ``"nothing"`` for what is missing.
    """

    table: str
    part: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.table}, {self.part}: expected {self.expected}, found {self.found}"


def check(target: Target = None) -> list[Difference]:
    """The differences between a database and ``nova_db.schema``, by table; an empty list when there is none.

    Compared are columns with their types, lengths, nulls, order and collation, keys, unique constraints, foreign keys,
    indexes, and how rows are numbered.  Tables of others are left alone.  A SQLite file that is missing is not created.
    """
    with reading(target) as connection:
        if connection is None:
            return [_missing(name) for name in sorted(METADATA.tables)]
        return sorted(_differences(connection))


def _differences(connection: sa.Connection) -> Iterator[Difference]:
    present = found(connection)
    noticed = set()
    for name, table in METADATA.tables.items():
        if name not in present:
            noticed.add(name)
            yield _missing(name)
            continue
        for difference in _parts(name, described(table, connection.dialect), present[name]):
            noticed.add(name)
            yield difference
    yield from _alembic_differences(connection, noticed)


def _missing(table: str) -> Difference:
    return Difference(table, "table", "a table", NOTHING)


def _parts(table: str, expected: Description, present: Description) -> Iterator[Difference]:
    for part in dict.fromkeys([*expected, *present]):
        wanted, got = expected.get(part, NOTHING), present.get(part, NOTHING)
        if wanted != got:
            yield Difference(table, part, wanted, got)


def _alembic_differences(connection: sa.Connection, noticed: set[str]) -> Iterator[Difference]:
    """What Alembic sees in tables where nothing was noticed: it looks at things that this module may not know of."""
    context = MigrationContext.configure(connection, opts=options())
    for entry in compare_metadata(context, METADATA):
        for change in entry if isinstance(entry, list) else [entry]:
            table = _table_of(change)
            if table not in noticed:
                yield Difference(table, "as Alembic sees it", "no change", " ".join(str(word) for word in change))


def _table_of(change: tuple[Any, ...]) -> str:
    """The table of a change: ``("add_index", index)``, ``("modify_type", schema, table, column, ...)``, ..."""
    subject = change[1]
    if subject is None or isinstance(subject, str):
        return str(change[2])
    table = getattr(subject, "table", subject)
    return str(table.name)
