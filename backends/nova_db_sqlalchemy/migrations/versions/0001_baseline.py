"""The tables of the first release, shadow tables included."""

from __future__ import annotations

from nova_db_sqlalchemy.migrations.baseline import TABLES, create, create_locks

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    for table in TABLES:
        create(table)
    for table in TABLES:
        if table.archived:
            create(table.shadow)
    create_locks()
