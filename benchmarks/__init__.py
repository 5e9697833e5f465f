"""What things cost."""

from __future__ import annotations
