"""What is known of a database's schema: its revision, and whether it can be relied on."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from nova_db.clock import utcnow
from nova_db_sqlalchemy.migrations.configuration import is_repeatable_after, revisions
from nova_db_sqlalchemy.migrations.errors import FutureSchema, InterruptedUpgrade, SchemaError, UnversionedSchema
from nova_db_sqlalchemy.migrations.servers import others_upgrade
from nova_db_sqlalchemy.tables import METADATA, VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTERNAL: Final = sa.MetaData()
_VERSION: Final = sa.Table(VERSION_TABLE, _INTERNAL, sa.Column("version_num", sa.String(32), primary_key=True))
MARK: Final = sa.Table(
    "nova_db_upgrade",
    _INTERNAL,
    sa.Column("source", sa.String(32)),
    sa.Column("goal", sa.String(32), nullable=False),
    sa.Column("started_at", sa.DateTime, nullable=False),
    mysql_engine="InnoDB",
    mariadb_engine="InnoDB",
)
"""There while an upgrade is under way, on servers that cannot undo changes of a schema."""


@dataclass(frozen=True, slots=True)
class State:
    """What was found: the revisions noted (one, or none), tables of ours, and an unfinished upgrade (source, goal).

    While somebody else is upgrading there may be anything, and nothing is wrong with that.
    """

    versions: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    unfinished: tuple[str | None, str] | None = None
    is_being_upgraded: bool = False

    @property
    def revision(self) -> str | None:
        """The revision, or None."""
        return ", ".join(self.versions) or None

    def is_at(self, revision: str) -> bool:
        """Whether the database is at a revision, and nothing is wrong with it."""
        return self.revision == revision and self.unfinished is None and not self.is_being_upgraded

    @property
    def can_be_resumed(self) -> bool:
        """Whether what an unfinished upgrade has left to do can be done by another one."""
        if self.unfinished is None or self.revision not in revisions():
            return False
        return self.unfinished[1] == self.revision or is_repeatable_after(self.revision)

    def problem(self) -> SchemaError | None:
        """Why the database can be neither used nor upgraded, or None."""
        known = revisions()
        if self.is_being_upgraded:
            return None
        if self.unfinished is not None and not self.can_be_resumed:
            return InterruptedUpgrade(*self.unfinished)
        if self.revision is None:
            return UnversionedSchema(self.tables) if self.tables else None
        return None if self.revision in known else FutureSchema(self.revision, known[-1])


def read_state(connection: sa.Connection | None) -> State:
    """Look at a database; None is one that is not there."""
    if connection is None:
        return State()
    tables = set(sa.inspect(connection).get_table_names())
    versions: tuple[str, ...] = ()
    unfinished = None
    if VERSION_TABLE in tables:
        versions = tuple(connection.scalars(sa.select(_VERSION.c.version_num).order_by(_VERSION.c.version_num)))
    if MARK.name in tables:
        row = connection.execute(sa.select(MARK.c.source, MARK.c.goal)).first()
        unfinished = (row.source, row.goal) if row else (None, "an unknown one")
    return State(versions, tuple(sorted(tables & METADATA.tables.keys())), unfinished, others_upgrade(connection))


@contextlib.contextmanager
def marked(connection: sa.Connection, source: str | None, goal: str) -> Iterator[None]:
    """Leave a mark for the time of an upgrade that cannot be undone; it stays if the block does not come to its end."""
    if connection.dialect.name not in ("mysql", "mariadb"):
        yield
        return
    MARK.create(connection, checkfirst=True)
    connection.execute(MARK.delete())
    connection.execute(MARK.insert().values(source=source, goal=goal, started_at=utcnow()))
    connection.commit()
    yield
    unmark(connection)


def unmark(connection: sa.Connection) -> None:
    """Remove the mark, if there is one."""
    MARK.drop(connection, checkfirst=True)
    if connection.dialect.name in ("mysql", "mariadb"):
        connection.commit()
