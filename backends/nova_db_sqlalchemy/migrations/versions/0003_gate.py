"""On PostgreSQL, the tables by whose locks single calls and serializable transactions keep clear of each other."""

from __future__ import annotations

from nova_db_sqlalchemy.migrations.online import execute_on

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

repeatable = True
"""It may be cut short at any point: the next one completes it."""


def upgrade() -> None:
    """Create what is missing of it; a release that needs the tables may have made them already."""
    tables = ("nova_db_gate", "nova_db_queue")
    execute_on(("postgresql",), *[f"CREATE TABLE IF NOT EXISTS {table} ()" for table in tables])
