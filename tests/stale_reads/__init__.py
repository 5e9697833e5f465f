"""Reading from a replica, with a second database in its place."""

from __future__ import annotations
