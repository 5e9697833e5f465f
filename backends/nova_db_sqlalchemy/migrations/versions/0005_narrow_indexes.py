"""Indexes whose entries could be larger than PostgreSQL takes, 2,704 bytes, so that it refused the rows."""

from __future__ import annotations

from nova_db_sqlalchemy.migrations.online import narrow_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

repeatable = True
"""It may be cut short at any point: the next one completes it."""


def upgrade() -> None:
    """Leave out of each what tells least."""
    narrow_index("agent_builds_hypervisor_os_architecture_idx", "agent_builds", "hypervisor", "os")
    narrow_index("console_pools_host_console_type_compute_host_idx", "console_pools", "host", "compute_host")
    narrow_index("migrations_by_host_nodes_and_status_idx", "migrations", "deleted", "source_compute", "source_node")
