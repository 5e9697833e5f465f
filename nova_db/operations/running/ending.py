"""How a transaction that one call makes ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from nova_db.engine import Transaction

P = ParamSpec("P")
R = TypeVar("R")


def committed(tx: Transaction, call: Callable[Concatenate[Transaction, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What a call makes of a transaction that has just begun: it is committed, or undone where the call fails."""
    try:
        result = call(tx, *args, **kwargs)
    except BaseException:
        tx.rollback()
        raise
    tx.commit()
    return result
