"""The SQL backend: an engine over SQLAlchemy's tables and compiler, run on the DB-API library's own cursors.

From the bottom up: ``tables`` describes the tables, ``sql`` makes compiled statements of shapes, ``connections`` opens
and shares connections, ``transactions`` runs statements on them; all that is known of a server stands in its folder
(``sqlite``, ``postgresql``, ``mariadb``), and ``servers`` chooses it.  ``models`` and ``session`` are SQLAlchemy's ORM
on the same tables, for reports and scripts; the API does not use them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nova_db_sqlalchemy.driver import SQLAlchemyDriver
    from nova_db_sqlalchemy.engine import SQLEngine

__all__ = ["SQLAlchemyDriver", "SQLEngine"]


def __getattr__(name: str) -> Any:
    # The ORM models and the migrations do not need the engine, nor the other way round.
    if name == "SQLAlchemyDriver":
        from nova_db_sqlalchemy.driver import SQLAlchemyDriver

        return SQLAlchemyDriver
    if name == "SQLEngine":
        from nova_db_sqlalchemy.engine import SQLEngine

        return SQLEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
