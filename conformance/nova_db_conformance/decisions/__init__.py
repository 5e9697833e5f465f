"""What holds for all functions, decision by decision."""

from __future__ import annotations
