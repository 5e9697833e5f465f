"""SQLAlchemy's engines on SQLite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import StaticPool

from nova_db_sqlalchemy.connections.orm import WRITES, pooled, suit
from nova_db_sqlalchemy.sqlite.connecting import Connecting
from nova_db_sqlalchemy.sqlite.urls import is_memory, options

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings


def create_engine(url: sa.URL, settings: Settings, arguments: Mapping[str, Any], *, connects: bool) -> sa.Engine:
    """An engine whose transactions begin with ``BEGIN``, so that what one reads is one snapshot."""
    if is_memory(url):
        arguments = {"poolclass": StaticPool, **arguments}
    connecting = Connecting(url, settings, has_file=False)
    file, known = options(url) if connects else ("", {})
    given = {"check_same_thread": is_memory(url), **known, **arguments.get("connect_args", {})}
    engine = sa.create_engine(url, **pooled(settings, arguments))
    suit(
        engine,
        replace(settings, connect_retries=0),  # a file that is not there does not come by waiting
        connect=(lambda: connecting.connect(file, given)) if connects else None,
        prepare=connecting.prepare,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
