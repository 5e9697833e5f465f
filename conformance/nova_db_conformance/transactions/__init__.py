"""Open transactions: whose they are, and what happens to them."""

from __future__ import annotations
