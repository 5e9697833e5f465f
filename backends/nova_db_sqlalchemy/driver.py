"""The SQL backend as a driver."""

from __future__ import annotations

from typing import Any

from nova_db import conf as configuration
from nova_db.operations import EngineDriver
from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.engine import SQLEngine
from nova_db_sqlalchemy.settings import Settings


class SQLAlchemyDriver(EngineDriver):
    """All functions of the API on a SQL database.

    :param connection: the database's URL; None: ``[database] connection``.
    :param conf: the configuration; None: ``nova_db.conf.get_conf()``.

    :raises ValueError: the URL is none, or names a database or driver library that is not supported.
    :raises BackendLoadError: the database's driver library is not installed.
    """

    engine: SQLEngine

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        conf = conf or configuration.get_conf()
        connection = connection or conf["database"]["connection"] or configuration.DEFAULT_CONNECTION
        super().__init__(SQLEngine(connection, Settings.from_conf(conf)), conf)

    def sync(self) -> str:
        """Create the schema, or upgrade it to this release's revision; a line that tells what was done.

        :raises SchemaError: the database is of a newer release, or its tables were not made by migrations.
        """
        if urls.is_memory(self.engine.url):
            return super().sync()
        from nova_db_sqlalchemy import migrations

        target = self.engine.url.render_as_string(hide_password=False)
        before = migrations.status(target)["current"]
        after = migrations.upgrade(target)
        if before == after:
            return f"the schema is at revision {after} already"
        return f"the schema was created at revision {after}" if before is None else f"upgraded from {before} to {after}"

    @classmethod
    def provision(cls, connection: str | None) -> str:
        """Make an empty database for tests, its tables included; its URL.

        :param connection: the URL of a server: a database beside the one named; None: a temporary SQLite file.
        """
        from nova_db_sqlalchemy.provisioning import make_database

        made = make_database(connection or configuration.DEFAULT_CONNECTION)
        try:
            engine = SQLEngine(made)
            engine.create_schema()
            engine.close()
        except BaseException:
            cls.discard(made)
            raise
        return made

    @classmethod
    def discard(cls, connection: str) -> None:
        """Remove a database that ``provision`` made; nothing if it is gone."""
        from nova_db_sqlalchemy.provisioning import drop_database

        drop_database(connection)
