"""Statements and rows in the log, where ``[database] connection_debug`` asks for them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

from nova_db_sqlalchemy.connections.connection import Report

STATEMENTS_FROM = 50
ROWS_FROM = 100
SECRET = "password"
"""Part of the names of columns whose values are never logged."""
_LOG = logging.getLogger("nova_db_sqlalchemy.statements")


def log_report(debug: int) -> Report | None:
    """What reports statements to the log at a level of ``connection_debug``; None where nothing is to be logged."""
    if debug < STATEMENTS_FROM:
        return None

    # Whether the last statement of a thread names a column that holds passwords: the rows do not say whose they are.
    # By thread, as no other task of the thread comes between a statement and its rows.
    last = threading.local()

    def report(statement: str | None, rows: Sequence[Any]) -> None:
        if statement is not None:
            last.is_secret = SECRET in statement
            _LOG.info("%s", statement)
        elif debug >= ROWS_FROM:
            if rows and last.is_secret:
                _LOG.info("%d rows with passwords", len(rows))
                return
            for row in rows:
                _LOG.info("row %r", row)

    return report
