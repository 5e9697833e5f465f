"""Indexes by which archiving finds what belongs to instances that are gone."""

from __future__ import annotations

from nova_db_sqlalchemy.migrations.online import create_index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

repeatable = True
"""It may be cut short at any point: the next one completes it."""


def upgrade() -> None:
    """Create what is missing of it."""
    create_index("shadow_instances_uuid_idx", "shadow_instances", "uuid")
    create_index("volume_usage_cache_instance_id_idx", "volume_usage_cache", "instance_id")
