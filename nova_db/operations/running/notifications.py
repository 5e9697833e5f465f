"""Telling the plugs of other cells what has been committed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from nova_db import cells
from nova_db.operations.running.sessions import Sessions
from nova_db.staleness import on_primary

Payload = Callable[[Any, Mapping[str, Any]], Any]
"""What listeners are told, made of the result of a call and its arguments by name."""


def result_itself(result: Any, arguments: Mapping[str, Any]) -> Any:
    """The record that the call returned."""
    return result


class Notice:
    """What listeners are told of a call."""

    __slots__ = ("_payload", "kind")

    def __init__(self, kind: str, payload: Payload = result_itself) -> None:
        self.kind = kind
        self._payload = payload

    def send(self, driver: Sessions, result: Any, arguments: Mapping[str, Any]) -> None:
        """Tell, once the outermost transaction has been committed; unless the caller wants nobody told."""
        if arguments.get("update_cells", True):
            payload = copy.deepcopy(self._payload(result, arguments))
            # A listener has accepted no stale reads.
            driver._after_commit(lambda: on_primary(cells.notify, self.kind, payload))
