"""The family ``ec2_ids``; what is promised stands in ``nova_db/driver/ec2_ids.py``."""

from __future__ import annotations
