"""What callers see when servers, networks and disks fail, each failure made for real."""

from __future__ import annotations
