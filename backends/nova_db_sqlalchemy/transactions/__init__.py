"""What runs statements: readers and writers, and how they begin and end."""

from __future__ import annotations
