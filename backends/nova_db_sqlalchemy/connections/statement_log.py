"""Statements and rows in the log, where ``[database] connection_debug`` asks for them."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nova_db.exceptions.redaction import secret_tables
from nova_db_sqlalchemy.connections.connection import Report, text_of
from nova_db_sqlalchemy.sql.hiding import hidden

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.grammar import Sql
    from nova_db_sqlalchemy.sql.hiding import Mask

STATEMENTS_FROM = 50
ROWS_FROM = 100
_WORD = re.compile(r"\w+")
_LOG = logging.getLogger("nova_db_sqlalchemy.statements")


def log_report(debug: int, mask_of: Callable[[Sql], Mask | None] = lambda sql: None) -> Report | None:
    """What reports statements to the log at a level of ``connection_debug``; None where nothing is to be logged.

    :param mask_of: which values of a statement's rows are not shown; None where that is not known.
    """
    if debug < STATEMENTS_FROM:
        return None

    # The last statement of a thread, as the rows do not say whose they are.  By thread, as no other task of the thread
    # comes between a statement and its rows.
    last = threading.local()

    def report(statement: Sql | None, rows: Sequence[Any]) -> None:
        if statement is not None:
            last.statement = statement
            _LOG.info("%s", text_of(statement))
        elif debug >= ROWS_FROM and rows:
            statement = getattr(last, "statement", b"")  # sent before anybody listened
            _log_rows(rows, statement, mask_of(statement))

    return report


def _log_rows(rows: Sequence[Any], statement: Sql, mask: Mask | None) -> None:
    if mask is None and (not statement or not secret_tables().isdisjoint(_WORD.findall(text_of(statement)))):
        _LOG.info("%d rows of a statement that is not known: there may be secrets in them", len(rows))
        return
    for row in rows:
        _LOG.info("row %r", row if mask is None else hidden(row, mask))
