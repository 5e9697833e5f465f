"""What is marked as secret, and what passwords look like, is nowhere to be read."""

from __future__ import annotations
