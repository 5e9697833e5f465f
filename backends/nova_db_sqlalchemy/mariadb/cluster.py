"""Locks that hold on all nodes of a Galera cluster.

A node keeps its row locks to itself. What the nodes compare when a transaction commits is which rows it has changed;
the transaction that comes second is undone. So a row that is to be held is changed, and changed back.
"""

from __future__ import annotations

from typing import Final

_NEVER: Final = "'9999-12-31 23:59:59.999999'"
"""In the place of no time at all."""
_THERE: Final = f"COALESCE(created_at - INTERVAL 1 SECOND, {_NEVER})"
_AND_BACK: Final = f"NULLIF(created_at, {_NEVER}) + INTERVAL 1 SECOND"


def holding(table: str, key: str) -> tuple[str, str]:
    """The statements that hold the rows with some keys; they change nothing together, and something each."""
    return (
        f"UPDATE {table} SET created_at = {_THERE} WHERE {key} IN %s",
        f"UPDATE {table} SET created_at = {_AND_BACK} WHERE {key} IN %s",
    )
