"""Telling the plugs of other cells what has been committed."""

from __future__ import annotations

import copy
from typing import Any

from nova_db import cells, conf
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.staleness import on_primary


class Notifier(TransactionalDriver):
    """Sends notifications once the outermost transaction has been committed."""

    def _notify(self, kind: str, payload: Any) -> None:
        if conf.option("enable", "cells"):
            mine = copy.deepcopy(payload)
            self._after_commit(lambda: on_primary(cells.notify, kind, mine))  # a listener has accepted nothing
