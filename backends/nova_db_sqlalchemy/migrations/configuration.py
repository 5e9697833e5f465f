"""How Alembic is set up, without an ``alembic.ini``."""

from __future__ import annotations

from argparse import Namespace
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from nova_db_sqlalchemy.tables.metadata import SQL_METADATA, VERSION_TABLE, differs_by_server

CONNECTION: Final = "connection"
URL: Final = "url"
"""Attributes of the configuration: what ``env.py`` is to work on."""
DIFFERING_INDEXES: Final = frozenset(
    index.name for table in SQL_METADATA.tables.values() for index in table.indexes if differs_by_server(index)
)
SOURCE: Final = "source"
"""Another one: the revision that an upgrade starts from, None if it makes the tables."""


def configuration(**attributes: Any) -> Config:
    """A configuration of Alembic for the migrations in this package."""
    config = Config(attributes=attributes, cmd_opts=Namespace(quiet=True))
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@cache
def scripts() -> ScriptDirectory:
    """The revisions of this release."""
    return ScriptDirectory.from_config(configuration())


def revisions() -> list[str]:
    """The names of all revisions, the oldest first."""
    return [script.revision for script in scripts().walk_revisions()][::-1]


def is_repeatable_after(revision: str | None) -> bool:
    """Whether the revision that follows may be run again after it was cut short."""
    known = revisions()
    position = known.index(revision) + 1 if revision in known else 0
    if position >= len(known):
        return False
    return bool(said_by(known[position], "repeatable"))


def said_by(revision: str, name: str) -> Any:
    """What a revision says of itself under a name, or None."""
    return getattr(scripts().get_revision(revision).module, name, None)


def options() -> dict[str, Any]:
    """What Alembic is told about any database."""
    return {
        "version_table": VERSION_TABLE,
        "target_metadata": SQL_METADATA,
        "compare_type": True,
        "include_name": _is_ours,
        "include_object": _can_be_compared,
        "render_as_batch": True,
    }


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Tables of others in the same database are none of our business."""
    return kind != "table" or name in SQL_METADATA.tables


def _can_be_compared(item: object, *_arguments: object) -> bool:
    """Alembic does not recognise an index that differs from server to server; ``check`` looks at it without Alembic."""
    return not (isinstance(item, sa.Index) and item.name in DIFFERING_INDEXES)
