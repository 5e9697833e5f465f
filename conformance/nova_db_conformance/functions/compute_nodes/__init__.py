"""The family ``compute_nodes``; what is promised stands in ``nova_db/driver/compute_nodes.py``."""

from __future__ import annotations
