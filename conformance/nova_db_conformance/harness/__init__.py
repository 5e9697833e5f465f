"""What the suite is made with."""

from __future__ import annotations
