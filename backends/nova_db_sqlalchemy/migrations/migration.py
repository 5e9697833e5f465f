"""Upgrading and checking the schema of a database.

Every function takes the database as a URL or a SQLAlchemy engine; None is the configured one.  They raise
``DBConnectionError`` when it cannot be reached, and the kinds of ``SchemaError``.

The options of ``[database]`` hold as in :mod:`nova_db_sqlalchemy.session`; but upgrades wait without ``read_timeout``,
for their statements may take any time.
"""

from __future__ import annotations

import io
from typing import Final, TypedDict

import sqlalchemy as sa
from alembic import command

from nova_db import forking
from nova_db_sqlalchemy.migrations import drafts, suiting
from nova_db_sqlalchemy.migrations.configuration import configuration, revisions, scripts
from nova_db_sqlalchemy.migrations.state import State, marked, read_state, unmark
from nova_db_sqlalchemy.migrations.targets import Target, exclusive, migrating_on, opened, reading, require_encoding
from nova_db_sqlalchemy.schema_errors import OlderRevision, UnknownRevision
from nova_db_sqlalchemy.sqlalchemy_engines import meant

LOCK_SECONDS: Final = 600.0
"""How long an upgrade waits for another one, unless told otherwise."""

# Alembic keeps what it is working on in module state.
_alembic_lock = forking.lock(__name__, "_alembic_lock")


class Status(TypedDict):
    """What :func:`status` tells."""

    current: str | None
    """The revision of the database; None when it has none."""
    head: str
    """The newest revision of this release."""
    synced: bool
    """Whether the database can be used as it is."""
    unfinished: bool
    """Whether an upgrade is under way, or was cut short and can be resumed."""
    problem: str | None
    """Why it can neither be used nor upgraded."""


def head() -> str:
    """The newest revision of this release."""
    return revisions()[-1]


def current(target: Target = None) -> str | None:
    """The revision that a database is at, even if this release does not know it; None: it has none."""
    with reading(target) as connection:
        return read_state(connection).revision


def status(target: Target = None) -> Status:
    """How a database stands to this release.  A SQLite file that is missing is not created.

    :raises DBConnectionError: the database cannot be reached.
    """
    with reading(target) as connection:
        state = read_state(connection)
    problem = state.problem()
    return {
        "current": state.revision,
        "head": head(),
        "synced": state.is_at(head()),
        "unfinished": state.is_being_upgraded or state.can_be_resumed,
        "problem": None if problem is None else str(problem),
    }


def require_usable(target: Target = None) -> bool:
    """Refuse a database that this release must not work on; False: it is being upgraded, ask again later.

    One that was made without migrations is taken for what it seems to be.

    :raises FutureSchema: a later release upgraded it, to a revision that this one cannot work on.
    :raises SchemaBehind: this release needs a later revision.
    :raises UnversionedSchema: it has tables of ours, and has lost its version.
    :raises InterruptedUpgrade: the creation of the tables was cut short, or an upgrade that cannot be resumed.
    """
    with reading(target) as connection:
        state = read_state(connection)
    refusal = state.refusal()
    if refusal is not None:
        raise refusal
    return not state.is_being_upgraded


def upgrade(target: Target = None, revision: str = "head", *, lock_seconds: float = LOCK_SECONDS) -> str:
    """Bring a database to a revision, creating its tables if it is empty, and a SQLite file if it is missing.

    Of several upgrades of one database at the same time, on one server, one does the work and the others wait for it.
    Tables are made as a whole or not at all on SQLite and PostgreSQL, however the upgrade ends; on MySQL and MariaDB
    the next upgrade makes what one that was cut short has left undone.  A revision that works beside the clients is
    resumed on every server.

    :param revision: one of this release's, or ``"head"`` for the newest.
    :param lock_seconds: how long to wait for another upgrade.
    :returns: the revision that the database is at now; :func:`upgraded` tells the one before as well.

    :raises UnknownRevision: there is no such revision.
    :raises WrongEncoding: the database cannot hold every text.
    :raises OlderRevision: the database is past it.
    :raises FutureSchema: a later release upgraded the database.
    :raises UnversionedSchema: the database has tables that no migration made.
    :raises InterruptedUpgrade: a former upgrade was cut short, and cannot be resumed.
    :raises UpgradeBusy: another upgrade did not end in time.
    """
    return upgraded(target, revision, lock_seconds=lock_seconds)[1]


def upgraded(
    target: Target = None, revision: str = "head", *, lock_seconds: float = LOCK_SECONDS
) -> tuple[str | None, str]:
    """``upgrade``: the revision that it found once it was its turn, None of an empty database, and the one now."""
    goal = _resolved(revision)
    with opened(target, patiently=True) as engine:
        with engine.connect() as connection:
            require_encoding(connection)
            if read_state(connection).is_at(goal):
                return goal, goal
        with exclusive(engine, lock_seconds) as connection:
            state = read_state(connection)
            if not _is_ahead(state, goal):
                unmark(connection)
                return goal, goal
            _upgrade(connection, state.revision, goal)
    return state.revision, goal


def _upgrade(connection: sa.Connection, source: str | None, goal: str) -> None:
    """Have Alembic upgrade a database, in which is noted who else may work on it: first of all, where somebody may."""
    if source is not None:
        suiting.note(connection, source, goal)
    migrating_on(connection.dialect).end_look(connection)
    with _alembic_lock, marked(connection, source, goal):
        command.upgrade(configuration(connection=connection, source=source), goal)
        if source is None:
            suiting.note(connection, source, goal)


def stamp(target: Target = None, revision: str = "head", *, lock_seconds: float = LOCK_SECONDS) -> str:
    """Note that a database has the schema of a revision, without looking at it or changing it.

    For schemas that were completed by hand after an interrupted upgrade, or made some other way.  Use :func:`check`
    afterwards.

    :returns: the revision.
    :raises UnknownRevision: there is no such revision.
    :raises UpgradeBusy: an upgrade did not end in time.
    """
    goal = _resolved(revision)
    with opened(target, patiently=True) as engine, exclusive(engine, lock_seconds) as connection, _alembic_lock:
        command.stamp(configuration(connection=connection, source=None), goal, purge=True)
        unmark(connection)
    return goal


def sql(target: Target = None, revision: str = "head", *, start: str | None = None) -> str:
    """The statements that an upgrade would execute, as a script; the database is not asked.

    For MariaDB use a URL that begins with ``mariadb``.  See also :func:`script`.

    :param start: the revision to start from; None: an empty database.
    """
    goal = _resolved(revision)
    url = target.url if isinstance(target, sa.Engine) else meant(target)[0]
    config = configuration(url=url, source=start)
    config.output_buffer = text = io.StringIO()
    with _alembic_lock:
        command.upgrade(config, goal if start is None else f"{_resolved(start)}:{goal}", sql=True)
    statements = "".join(f"{statement};\n\n" for statement in suiting.notes(start and _resolved(start), goal))
    return statements + text.getvalue() if start else text.getvalue() + statements


def script(target: Target = None, revision: str = "head") -> str:
    """The statements with which :func:`upgrade` would bring this database to a revision; it is only looked at.

    :returns: the script; an empty text when there is nothing to do.
    :raises SchemaError: the database cannot be upgraded, or not to this revision.
    """
    goal = _resolved(revision)
    with reading(target) as connection:
        state = read_state(connection)
        url = meant(target.url if isinstance(target, sa.Engine) else target)[0]
        if connection is not None:
            url = migrating_on(connection.dialect).script_url(url, connection.dialect)
    if state.is_half_made and (problem := state.refusal()) is not None:
        raise problem  # a script makes tables; what is there already only an upgrade knows
    if not _is_ahead(state, goal):
        return ""
    return sql(url, goal, start=state.revision)


def new_revision(message: str, target: Target = None) -> str:
    """Write a new revision, for developers: what makes a database that is at the head equal to ``nova_db.schema``.

    It is formatted by ruff, where that is installed.

    :returns: the path of its file, which wants reading and mending.
    """
    with opened(target) as engine, engine.connect() as connection, _alembic_lock:
        config = configuration(connection=connection, source=None)
        name = f"{len(revisions()) + 1:04}"
        made = command.revision(
            config, message, autogenerate=True, rev_id=name, process_revision_directives=drafts.in_our_words
        )
    scripts.cache_clear()
    assert made is not None
    assert not isinstance(made, list)
    drafts.tidy(made.path)
    return made.path


def _resolved(revision: str) -> str:
    known = revisions()
    if revision == "head":
        return known[-1]
    if revision not in known:
        raise UnknownRevision(revision, known)
    return revision


def _is_ahead(state: State, goal: str) -> bool:
    """Whether there is something to do to reach a revision.

    :raises SchemaError: the database cannot be upgraded, or not to this one.
    """
    problem = state.problem()
    if problem is not None:
        raise problem
    if state.revision is None:
        return True
    known = revisions()
    if known.index(state.revision) > known.index(goal):
        raise OlderRevision(goal, state.revision)
    return state.revision != goal
