"""One module for each database; ``base`` says what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db.exceptions import BackendLoadError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.dialects.base import Dialect
    from nova_db_sqlalchemy.settings import Settings


def dialect_for(url: sa.URL, settings: Settings) -> Dialect:
    """The dialect of the database that a URL names; its driver library is imported here."""
    if url.get_backend_name() == "sqlite":
        from nova_db_sqlalchemy.dialects.sqlite import SQLiteDialect

        return SQLiteDialect(url, settings)
    try:
        from nova_db_sqlalchemy.dialects.postgresql import PostgreSQLDialect
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("psycopg", "psycopg_binary"):
            raise
        raise BackendLoadError(
            name="sqlalchemy", reason=f"psycopg cannot be imported ({error})", module="psycopg", extra="postgresql"
        ) from error
    return PostgreSQLDialect(url, settings)
