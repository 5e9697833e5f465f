"""The tables of the first release, shadow tables included."""

from __future__ import annotations

from nova_db_sqlalchemy.migrations.baseline import TABLES, create, create_locks

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

repeatable = True
"""It may be cut short at any point: the next one completes it."""


def upgrade() -> None:
    """Create what is missing of it."""
    for table in TABLES:
        create(table)
    for table in TABLES:
        if table.archived:
            create(table.shadow)
    create_locks()
