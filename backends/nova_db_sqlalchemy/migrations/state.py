"""What is known of a database's schema: its revision, and whether it can be relied on."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from nova_db.clock import utcnow
from nova_db_sqlalchemy.migrations.configuration import is_repeatable_after, revisions
from nova_db_sqlalchemy.migrations.suiting import needed_after, noted
from nova_db_sqlalchemy.migrations.targets import migrating_on
from nova_db_sqlalchemy.schema_errors import (
    FutureSchema,
    InterruptedUpgrade,
    OddVersion,
    SchemaBehind,
    SchemaError,
    UnversionedSchema,
)
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA, UPGRADE_TABLE, USABLE_TABLE, VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_INTERNAL: Final = sa.MetaData()
_VERSION: Final = sa.Table(VERSION_TABLE, _INTERNAL, sa.Column("version_num", sa.String(32), primary_key=True))
MARK: Final = sa.Table(
    UPGRADE_TABLE,
    _INTERNAL,
    sa.Column("source", sa.String(32)),
    sa.Column("goal", sa.String(32), nullable=False),
    sa.Column("started_at", sa.DateTime, nullable=False),
    mysql_engine="InnoDB",
    mariadb_engine="InnoDB",
)


@dataclass(frozen=True, slots=True)
class State:
    """What was found: the revisions noted (one, or none), tables of ours, and an unfinished upgrade (source, goal).

    While somebody else is upgrading there may be anything, and nothing is wrong with that.
    """

    is_versioned: bool = False
    """Whether there is a place for the revision."""
    versions: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    unfinished: tuple[str | None, str] | None = None
    started_at: datetime | None = None
    is_being_upgraded: bool = False
    usable_since: Mapping[str, str] = field(default_factory=dict)
    """By revision: the oldest release, by its revision, that can work on it as well."""

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
        if self.unfinished is None:
            return False
        if self.revision is None:
            return self.unfinished[0] is None and (not self.tables or is_repeatable_after(None))
        return self.revision in revisions() and (
            self.unfinished[1] == self.revision or is_repeatable_after(self.revision)
        )

    @property
    def is_half_made(self) -> bool:
        """Whether the creation of the tables was cut short: some may be there, and no call could rely on them."""
        return self.unfinished is not None and self.revision is None and not self.is_being_upgraded

    def problem(self) -> SchemaError | None:
        """Why the database can be neither used nor upgraded, or None."""
        known = revisions()
        if self.is_being_upgraded:
            return None
        if OddVersion.is_one(self.versions):
            return OddVersion(self.versions)
        if self.unfinished is not None:
            return None if self.can_be_resumed else InterruptedUpgrade(*self.unfinished)
        if self.revision is None:
            return UnversionedSchema(self.tables) if self.tables else None
        return None if self.revision in known else FutureSchema(self.revision, known[-1])

    def refusal(self) -> SchemaError | None:
        """Why the database must not be used, or None: what no migration has ever touched may be, as tests do."""
        if self.is_half_made and self.unfinished is not None:
            return InterruptedUpgrade(*self.unfinished, can_be_resumed=self.can_be_resumed)
        if not self.is_versioned and self.unfinished is None:
            return None
        problem = self.problem()
        if problem is not None:
            return None if self.suits_older else problem
        needed = needed_after(self.revision) if self.revision in revisions() else None
        return None if needed is None else SchemaBehind(str(self.revision), needed)

    @property
    def suits_older(self) -> bool:
        """Whether a later release is, or was, upgrading the database in such a way that this one can work on it."""
        reached = [self.revision, *([] if self.unfinished is None else [self.unfinished[1]])]
        known = revisions()
        later = [revision for revision in reached if revision not in known]
        return bool(later) and all(self.usable_since.get(str(revision)) in known for revision in later)


def read_state(connection: sa.Connection | None) -> State:
    """Look at a database; None is one that is not there."""
    if connection is None:
        return State()
    state = _look(connection)
    # A mark that nobody stands behind is one that was left, unless its upgrade has come to its end while we looked.
    # That ends where two looks are alike, or find an upgrade at work: upgrades end, one after another, but once each.
    while state is None or (state.unfinished is not None and not state.is_being_upgraded):
        again = _look(connection)
        if again is not None and again == state:
            break
        state = again
    return state


def _look(connection: sa.Connection) -> State | None:
    """One look; None: an upgrade ended meanwhile, so that it says nothing."""
    tables = set(sa.inspect(connection).get_table_names())
    state = State(VERSION_TABLE in tables, tables=tuple(sorted(tables & SQL_METADATA.tables.keys())))
    try:
        if state.is_versioned:
            query = sa.select(_VERSION.c.version_num).order_by(_VERSION.c.version_num)
            state = replace(state, versions=tuple(connection.scalars(query)))
        if MARK.name in tables:
            row = connection.execute(sa.select(MARK)).first()
            if row is not None:
                state = replace(state, unfinished=(row.source, row.goal), started_at=row.started_at)
            elif not state.versions:
                state = replace(state, unfinished=(None, "an unknown one"))
            # Else an upgrade was cut short before it began: what the database was it still is.
        if USABLE_TABLE in tables:
            state = replace(state, usable_since=noted(connection))
    except DBAPIError as error:
        if not migrating_on(connection.dialect).has_changed(error):
            raise
        connection.rollback()
        return None
    return replace(state, is_being_upgraded=migrating_on(connection.dialect).others_upgrade(connection))


@contextlib.contextmanager
def marked(connection: sa.Connection, source: str | None, goal: str) -> Iterator[None]:
    """Leave a mark for the time of an upgrade that cannot be undone; it stays if the block does not come to its end."""
    if migrating_on(connection.dialect).is_undoing:
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
    if not migrating_on(connection.dialect).is_undoing:
        connection.commit()
