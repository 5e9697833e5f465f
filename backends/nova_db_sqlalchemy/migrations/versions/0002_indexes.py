"""Indexes that lists of the newest instances, searches by metadata and the release of idle addresses lack."""

from __future__ import annotations

from typing import Final

from nova_db_sqlalchemy.migrations.online import create_index, execute_on

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

repeatable = True
"""It may be cut short at any point: the next one completes it."""

_SLOTS: Final = 1024


def upgrade() -> None:
    """Create what is missing of it."""
    create_index(
        "instances_deleted_created_at_id_idx", "instances", "deleted", "created_at", "id",
        nulls_first=("deleted", "created_at"),
    )  # fmt: skip
    create_index("instance_metadata_key_value_idx", "instance_metadata", "key", "value")
    create_index("instance_system_metadata_key_value_idx", "instance_system_metadata", "key", "value")
    create_index("fixed_ips_deleted_allocated_updated_at_idx", "fixed_ips", "deleted", "allocated", "updated_at")
    # The rows that stand for names; the first revision did not make them from its beginning.
    execute_on(
        ("mysql", "mariadb"),
        "CREATE TABLE IF NOT EXISTS nova_db_locks "
        "(slot SMALLINT NOT NULL PRIMARY KEY, turn BIGINT NOT NULL DEFAULT 0) ENGINE=InnoDB",
        f"INSERT IGNORE INTO nova_db_locks (slot) VALUES {', '.join(f'({slot})' for slot in range(_SLOTS))}",
    )
