"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = "${up_revision}"
down_revision = "${down_revision}"
branch_labels = None
depends_on = None

repeatable = True
"""It may be cut short at any point: the next one completes it. (Make that true, or say False.)"""
usable_since = "${down_revision}"
"""Releases from this one on work on the database afterwards as they did before. (Make that true, or leave it out.)"""
is_needed = ${any(each.startswith("from nova_db_sqlalchemy.migrations.columns") for each in (imports or "").splitlines())}
"""Whether this release cannot work on a database before it, as when it stores what that has no column for."""


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "pass"}
