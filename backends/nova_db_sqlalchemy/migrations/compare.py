"""What distinguishes the schema of a database from the one that this release describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from nova_db.schema import TABLES
from nova_db_sqlalchemy.migrations.configuration import options, revisions
from nova_db_sqlalchemy.migrations.description import Description, described, found
from nova_db_sqlalchemy.migrations.state import MARK, read_state
from nova_db_sqlalchemy.migrations.targets import Target, migrating_on, reading
from nova_db_sqlalchemy.tables.differences import NOTHING, Difference, missing
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA, VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(target: Target = None) -> list[Difference]:
    """The differences between a database and ``nova_db.schema``, by table; an empty list when there is none.

    Compared are columns with their types, lengths, nulls and collation, keys, unique constraints, foreign keys,
    indexes, how rows are numbered, and on MariaDB and MySQL the rows that stand for names; not the order of columns,
    for a server puts a new one behind all others.  Tables of others are left alone.  A SQLite file that is missing is
    not created.
    """
    with reading(target) as connection:
        if connection is None:
            return [missing(name) for name in sorted(SQL_METADATA.tables)]
        return sorted([*_differences(connection), *migrating_on(connection.dialect).lacking(connection)])


def revision_differences(target: Target = None) -> list[Difference]:
    """How the notes that migrations leave in a database differ from those of one that is at the newest revision."""
    with reading(target) as connection:
        state = read_state(connection)
    newest = revisions()[-1]
    differences = []
    if state.revision != newest:
        differences.append(Difference(VERSION_TABLE, "revision", newest, state.revision or NOTHING))
    if state.unfinished is not None:
        source, goal = state.unfinished
        differences.append(Difference(MARK.name, "table", NOTHING, f"an upgrade from {source or NOTHING} to {goal}"))
    return differences


def model_differences() -> list[Difference]:
    """The differences between the ORM models and ``nova_db.schema``; an empty list when there is none."""
    from nova_db_sqlalchemy.models import MODELS

    differences = []
    for table in TABLES.values():
        model = MODELS.get(table.model)
        if model is None:
            differences.append(Difference(table.name, "model", table.model, NOTHING))
            continue
        mapper = sa.inspect(model)
        wanted, got = {*table.names, *table.relations}, {attribute.key for attribute in mapper.attrs}
        differences += [Difference(table.name, f"attribute {name}", table.model, NOTHING) for name in wanted - got]
        differences += [Difference(table.name, f"attribute {name}", NOTHING, table.model) for name in got - wanted]
    return sorted(differences)


def _differences(connection: sa.Connection) -> Iterator[Difference]:
    present = found(connection)
    noticed = set()
    for name, table in SQL_METADATA.tables.items():
        if name not in present:
            noticed.add(name)
            yield missing(name)
            continue
        for difference in _parts(name, described(table, connection.dialect), present[name]):
            noticed.add(name)
            yield difference
    yield from _alembic_differences(connection, noticed)


def _parts(table: str, expected: Description, present: Description) -> Iterator[Difference]:
    for part in dict.fromkeys([*expected, *present]):
        wanted, got = expected.get(part, NOTHING), present.get(part, NOTHING)
        if wanted != got:
            yield Difference(table, part, wanted, got)


def _alembic_differences(connection: sa.Connection, noticed: set[str]) -> Iterator[Difference]:
    """What Alembic sees in tables where nothing was noticed: it looks at things that this module may not know of."""
    context = MigrationContext.configure(connection, opts=options())
    for entry in compare_metadata(context, SQL_METADATA):
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
