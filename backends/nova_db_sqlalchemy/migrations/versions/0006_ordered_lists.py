"""Indexes by which the newest instances of all, of a project or of a user are read in their order, and no others."""

from __future__ import annotations

from typing import Final

from nova_db_sqlalchemy.migrations.online import create_index

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

repeatable = True
"""It may be cut short at any point: the next one completes it."""
usable_since = "0005"
"""Releases from this one on work on the database afterwards as they did before."""
is_needed = False
"""Without the indexes this release works, and lists of a large cloud take longer."""

_ORDER: Final = ("created_at", "id")


def upgrade() -> None:
    """Create what is missing of it."""
    _create("instances_created_at_id_idx", *_ORDER)
    _create("instances_project_id_deleted_created_at_id_idx", "project_id", "deleted", *_ORDER)
    _create("instances_project_id_created_at_id_idx", "project_id", *_ORDER)
    _create("instances_user_id_deleted_created_at_id_idx", "user_id", "deleted", *_ORDER)
    _create("instances_user_id_created_at_id_idx", "user_id", *_ORDER)


def _create(name: str, *columns: str) -> None:
    create_index(name, "instances", *columns, nulls_first=[column for column in columns if column != "id"])
