"""Rows that stand for names, on servers whose own locks by name are neither a transaction's nor a cluster's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

LOCK_TABLE: Final = "nova_db_locks"
SLOTS: Final = 1024
"""How many rows there are; names share them, which makes some wait without need."""


def creation() -> list[str]:
    """The statements that make the rows, as far as they are missing."""
    rows = ", ".join(f"({slot})" for slot in range(SLOTS))
    columns = "slot SMALLINT NOT NULL PRIMARY KEY, turn BIGINT NOT NULL DEFAULT 0"
    return [
        f"CREATE TABLE IF NOT EXISTS {LOCK_TABLE} ({columns}) ENGINE=InnoDB",
        f"INSERT IGNORE INTO {LOCK_TABLE} (slot) VALUES {rows}",
    ]


def slots(names: Iterable[str]) -> list[int]:
    """The rows that stand for names, in the order in which everybody locks them."""
    return sorted(
        {int.from_bytes(hashlib.blake2b(name.encode(), digest_size=2).digest(), "big") % SLOTS for name in names}
    )
