"""Why a schema cannot be worked with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from nova_db.exceptions import DBError
from nova_db.exceptions.redaction import without_credentials
from nova_db.exceptions.wording import shown, suggestion

_REVISION: Final = re.compile(r"\d{4,}")
_NOTED = "note that with python -c \"from nova_db_sqlalchemy import migrations; migrations.stamp('URL')\""
"""How to tell a database that its tables are those of the newest revision."""


class SchemaError(DBError):
    """The schema of the database is not what the operation needs; nothing was changed."""

    summary = "The schema of the database cannot be used"


class UnknownRevision(SchemaError):
    """A revision was asked for that this release does not have.

    :param revision: what was asked for.
    :param known: the revisions that there are, the oldest first.
    """

    def __init__(self, revision: str, known: Sequence[str]) -> None:
        self.revision = revision
        self.known = list(known)
        asked = without_credentials(str(revision))
        meant = [each for each in known if each.lstrip("0") == asked.lstrip("0")] if asked.strip("0") else []
        hint = suggestion(meant[0]) if meant else ";"
        super().__init__(message=f"There is no schema revision {asked!r}{hint} this release has {', '.join(known)}.")


class OlderRevision(SchemaError):
    """A revision was asked for that lies behind the database's.

    :param revision: what was asked for.
    :param current: the database's revision.
    """

    def __init__(self, revision: str, current: str) -> None:
        self.revision = revision
        self.current = current
        super().__init__(
            message=f"The database is at schema revision {current}, past {revision}: a schema is never downgraded. "
            f"Restore a backup instead."
        )


class FutureSchema(SchemaError):
    """The database is at a revision that this release does not know.

    :param current: the database's revision.
    :param head: the newest one of this release.
    :param why: why this release cannot do what it was asked for, although it may work on the database; a sentence.
    """

    def __init__(self, current: str, head: str, why: str = "") -> None:
        self.current = current
        self.head = head
        super().__init__(
            message=f"The database is at schema revision {current!r}, which this release does not know (its newest is "
            f"{head}): it was upgraded by a later release of nova-db. {why}{' ' if why else ''}Use that one."
        )


class OddVersion(SchemaError):
    """What stands in the place of the revision is none, or more than one: no release has left it so.

    :param found: what stands there.
    """

    def __init__(self, found: Sequence[str]) -> None:
        self.found = list(found)
        rows = "two rows" if len(found) == 2 else f"{len(found)} rows" if found[1:] else "a row that is no revision"
        super().__init__(
            message=f"The table nova_db_version has {rows} ({', '.join(map(repr, map(shown, found[:3])))}); one with a "
            f"revision is expected. If `nova-db check` finds no other difference, {_NOTED}."
        )

    @staticmethod
    def is_one(found: Sequence[str]) -> bool:
        """Whether there is anything else than one revision, of whatever release, or none."""
        return len(found) > 1 or not all(_REVISION.fullmatch(each) for each in found)


def require_known(found: Sequence[str], known: Sequence[str]) -> None:
    """Refuse to take rows elsewhere whose columns may be more than this release knows.

    :param found: the revisions that the database is at.
    :raises OddVersion: they are none.
    :raises FutureSchema: one is not known.
    """
    if OddVersion.is_one(found):
        raise OddVersion(found)
    later = [revision for revision in found if revision not in known]
    if later:
        raise FutureSchema(later[0], known[-1], "Its rows may have columns that would be lost on the way.")


class SchemaBehind(SchemaError):
    """The database is at a revision before one that this release cannot do without.

    :param current: the database's revision.
    :param needed: the revision that is needed.
    """

    def __init__(self, current: str, needed: str) -> None:
        self.current = current
        self.needed = needed
        super().__init__(
            message=f"The database is at schema revision {current}, and this release needs {needed}: run nova-db sync."
        )


class UnversionedSchema(SchemaError):
    """The database has tables of ours but no version: something other than a migration made them.

    :param tables: the tables.
    """

    def __init__(self, tables: Sequence[str]) -> None:
        self.tables = list(tables)
        some = ", ".join(tables[:3]) + (f" and {len(tables) - 3} more" if len(tables) > 3 else "")
        super().__init__(
            message=f"The database has the tables {some}, but no schema version, so it is not known how to upgrade it. "
            f"Use an empty database; or, if `nova-db check` finds no difference in the tables, {_NOTED}."
        )


class WrongEncoding(SchemaError):
    """The database, or a table, is in an encoding that cannot hold every text."""


class InterruptedUpgrade(SchemaError):
    """An upgrade was cut short on a server that cannot undo changes of the schema (MySQL, MariaDB).

    :param source: the revision that it started from, or None.
    :param goal: the revision that it was to reach.
    :param can_be_resumed: whether the next upgrade completes it, before which the database cannot be used.
    """

    def __init__(self, source: str | None, goal: str, *, can_be_resumed: bool = False) -> None:
        self.source = source
        self.goal = goal
        what = f"An upgrade of the database from schema revision {source}" if source else "The creation of the tables"
        remedy = (
            "; run `nova-db sync` again, which completes it."
            if can_be_resumed
            else ", and this server cannot undo what was done of it. Restore a backup, or complete the schema by hand, "
            f"until `nova-db check` finds no difference in the tables, and {_NOTED}."
        )
        super().__init__(message=f"{what} to {goal} was interrupted{remedy}")


class UnfinishedUpgrade(SchemaError):
    """An upgrade is under way, or was cut short and can be completed; which of the two cannot always be told."""

    def __init__(self) -> None:
        super().__init__(
            message="An upgrade of the database is under way, or was cut short: nova-db sync waits for it, or "
            "completes it."
        )


class UpgradeBusy(SchemaError):
    """Somebody else has been upgrading the database, or writing to it, for too long.

    :param seconds: how long was waited.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(message=f"Another upgrade or a writer has kept the database locked for {seconds:g} seconds.")
