"""The ``nova-db`` command."""

from __future__ import annotations

from nova_db.cli.command import main

__all__ = ["main"]
