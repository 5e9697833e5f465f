"""What makes a call a transaction: begun, committed or undone, run again; and whose it is."""

from __future__ import annotations
