"""Which releases can work on a database that a later one has upgraded: what revisions say, and what is noted there.

A revision that only adds things says ``usable_since = "0005"``: services of the releases from that revision on work on
the database as they did before. A release does not know later revisions, so an upgrade notes that in the database, and
before it does anything else, for services may be started while it is under way or after it was cut short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from nova_db_sqlalchemy.migrations.configuration import revisions, said_by
from nova_db_sqlalchemy.tables.metadata import USABLE_TABLE


def notes(source: str | None, goal: str) -> list[str]:
    """The statements that note it of the revisions after one, up to another; none where none of them says anything."""
    known = revisions()
    ahead = known[known.index(source) + 1 if source else 0 : known.index(goal) + 1]
    said = {revision: since for revision in ahead if (since := said_by(revision, "usable_since")) is not None}
    return list(statements(said)) if said else []


def statements(said: Mapping[str, str]) -> Iterator[str]:
    """Those that note the oldest release that can work on a database after a revision, by revision."""
    columns = "revision VARCHAR(32) NOT NULL PRIMARY KEY, since VARCHAR(32) NOT NULL"
    yield f"CREATE TABLE IF NOT EXISTS {USABLE_TABLE} ({columns})"
    for revision, since in said.items():
        yield f"DELETE FROM {USABLE_TABLE} WHERE revision = '{revision}'"
        yield f"INSERT INTO {USABLE_TABLE} (revision, since) VALUES ('{revision}', '{since}')"


def note(connection: sa.Connection, source: str | None, goal: str) -> None:
    """Note it in a database."""
    for statement in notes(source, goal):
        connection.exec_driver_sql(statement)


def noted(connection: sa.Connection) -> dict[str, str]:
    """What was noted, by revision."""
    rows = connection.exec_driver_sql(f"SELECT revision, since FROM {USABLE_TABLE}")
    return {str(revision): str(since) for revision, since in rows}


def needed_after(revision: str) -> str | None:
    """The newest revision after one without which this release cannot work (``is_needed = True``), or None."""
    known = revisions()
    ahead = known[known.index(revision) + 1 :]
    return next((later for later in reversed(ahead) if said_by(later, "is_needed")), None)
