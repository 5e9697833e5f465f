"""Statements and rows in the log, where ``[database] connection_debug`` asks for them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from nova_db_sqlalchemy.link import Report

STATEMENTS_FROM = 50
ROWS_FROM = 100
_LOG = logging.getLogger("nova_db_sqlalchemy.statements")


def log_report(debug: int) -> Report | None:
    """What reports statements to the log at a level of ``connection_debug``; None where nothing is to be logged."""
    if debug < STATEMENTS_FROM:
        return None

    def report(statement: str | None, rows: Sequence[Any]) -> None:
        if statement is not None:
            _LOG.info("%s", statement)
        elif debug >= ROWS_FROM:
            for row in rows:
                _LOG.info("row %r", row)

    return report
