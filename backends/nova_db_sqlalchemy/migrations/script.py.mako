"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = "${up_revision}"
down_revision = "${down_revision}"
branch_labels = None
depends_on = None

repeatable = False
"""Whether it may be run again after it was cut short, on servers that cannot undo changes of a schema."""


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "pass"}
