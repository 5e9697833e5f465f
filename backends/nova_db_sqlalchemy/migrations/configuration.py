"""How Alembic is set up, without an ``alembic.ini``."""

from __future__ import annotations

from argparse import Namespace
from functools import cache
from pathlib import Path
from typing import Any, Final

from alembic.config import Config
from alembic.script import ScriptDirectory

from nova_db_sqlalchemy.tables import METADATA, VERSION_TABLE

CONNECTION: Final = "connection"
URL: Final = "url"
"""Attributes of the configuration: what ``env.py`` is to work on."""


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


def options() -> dict[str, Any]:
    """What Alembic is told about any database."""
    return {
        "version_table": VERSION_TABLE,
        "target_metadata": METADATA,
        "compare_type": True,
        "include_name": _is_ours,
        "render_as_batch": True,
    }


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Tables of others in the same database are none of our business."""
    return kind != "table" or name in METADATA.tables
