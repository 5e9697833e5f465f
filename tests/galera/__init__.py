"""Tests on a Galera cluster of three nodes; `make test-galera` runs them, `pytest tests` leaves them out."""

from __future__ import annotations
