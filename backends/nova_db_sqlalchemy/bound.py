"""The database that a binding puts into force, such as the fixture of a test: SQLAlchemy's way to it."""

from __future__ import annotations

import weakref
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from nova_db import offers
from nova_db.api import bound_driver
from nova_db.exceptions import NotSupported
from nova_db_sqlalchemy.engine import SQLEngine
from nova_db_sqlalchemy.sqlalchemy_engines import engine_on
from nova_db_sqlalchemy.tables.catalog import CATALOG

_NO_SQL = (
    "The driver that is bound (%(driver)s) has no SQL database for ORM sessions: a test of them needs the fixture on a "
    "SQL backend, DatabaseFixture('sqlalchemy'), or nova_db_backend = sqlalchemy in pytest's configuration."
)


def bound_engine() -> SQLEngine | None:
    """Our engine on the database that is bound here and now; None without a binding.

    :raises NotSupported: what is bound has no SQL database.
    """
    driver = bound_driver()
    if driver is None:
        return None
    engine = offers.engine_of(driver)
    if not isinstance(engine, SQLEngine):
        raise NotSupported(message=_NO_SQL % {"driver": type(driver).__name__})
    return engine


def engine_beside(ours: SQLEngine, arguments: dict[str, Any]) -> sa.Engine:
    """A new engine of SQLAlchemy on the database of ours, which empties what was written through it too."""
    engine = engine_on(ours.server.place(), ours.settings, **arguments)
    event.listen(engine, "before_cursor_execute", _note(weakref.ref(ours)))
    return engine


def _note(reference: weakref.ref[SQLEngine]) -> Any:
    """What tells our engine the tables that statements may write to; it is not kept alive by that."""

    def note(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        ours = reference()
        if ours is None:
            return
        compiled: Any = getattr(context, "compiled", None)
        statement: Any = None if compiled is None else compiled.statement
        if getattr(statement, "is_dml", False) and not compiled.ctes:
            ours.database.dirty.update({statement.table.name} & CATALOG.keys())
        elif not getattr(statement, "is_select", False) or compiled.ctes:
            ours.database.dirty.update(CATALOG)  # SQL of the caller's own: it may be anything

    return note
