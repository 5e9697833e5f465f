"""The SQL backend as a driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from nova_db.conf import DEFAULT_CONNECTION, get_conf, secret_option
from nova_db.conf.defaults import configured_connection
from nova_db.exceptions import NotSupported
from nova_db.operations import EngineDriver
from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.engine import SQLEngine
from nova_db_sqlalchemy.schema_errors import UnfinishedUpgrade
from nova_db_sqlalchemy.sqlalchemy_engines import engine_on, meant

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables


class SQLAlchemyDriver(EngineDriver):
    """All functions of the API on a SQL database.

    :param connection: the database's URL; None: ``[database] connection``.
    :param conf: the configuration; None: ``nova_db.conf.get_conf()``. Its ``slave_connection`` is that of a replica of
        its ``connection``, and is left alone where ``connection`` is another database.

    :raises ValueError: a URL is none, or names a database or DB-API library that is not supported.
    :raises BackendLoadError: the database's DB-API library is not installed.
    """

    engine: SQLEngine

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        conf = conf or get_conf()
        configured = configured_connection(conf) if connection is None else secret_option(conf, "connection")
        engine = SQLEngine(*meant(connection, conf, any_library=False))
        replica = None
        slave = secret_option(conf, "slave_connection")
        if slave and connection in (None, configured):
            from nova_db_sqlalchemy.replica import replica_of

            replica = replica_of(engine, slave, engine.settings)
        super().__init__(engine, conf, replica=replica)

    def sync(self) -> str:
        """Create the schema, or upgrade it to this release's revision; a line that tells what was done.

        :raises SchemaError: the database is of a newer release, or its tables were not made by migrations.
        """
        return super().sync() if urls.is_memory(self.engine.url) else self.sync_to("head")

    def sync_to(self, revision: str) -> str:
        """Create the schema at a revision, or upgrade it to that one; a line that tells what was done.

        :raises SchemaError: there is no such revision, the database is past it, or cannot be upgraded.
        """
        from nova_db_sqlalchemy import migrations

        migrations.status(self._migrated())  # refuses what cannot be upgraded
        before, after = migrations.upgraded(self._migrated(patiently=True), revision)
        if before == after:
            return f"the schema is at revision {after} already"
        return f"the schema was created at revision {after}" if before is None else f"upgraded from {before} to {after}"

    def sync_script(self, revision: str | None = None) -> str:
        """The statements that ``sync`` or ``sync_to`` would execute now, as a script; an empty one for nothing.

        :raises SchemaError: there is no such revision, the database is past it, or cannot be upgraded.
        """
        from nova_db_sqlalchemy import migrations

        return migrations.script(self._migrated(), revision or "head")

    def schema_version(self) -> Mapping[str, str | None]:
        """The ``revision`` of the database, the ``newest`` one of this release, and the ``state``.

        That is ``current``, ``behind`` or, without a revision, ``empty``.

        :raises SchemaError: an upgrade is under way or was cut short, or this release can do nothing with the database.
        """
        from nova_db_sqlalchemy import migrations

        found = migrations.status(self._migrated())
        if found["problem"] is not None:
            raise migrations.SchemaError(message=found["problem"])
        if found["unfinished"]:
            raise UnfinishedUpgrade
        state = "empty" if found["current"] is None else "current" if found["synced"] else "behind"
        return {"revision": found["current"], "newest": found["head"], "state": state}

    def schema_differences(self) -> list[str]:
        """What distinguishes the database, and the ORM models, from the schema of this release: a line for each.

        :raises DBConnectionError: the database cannot be reached, or the file does not exist.
        :raises SchemaError: an upgrade is under way, or was cut short and can be completed: what it has left to do is
            no difference.
        """
        from nova_db_sqlalchemy import migrations

        target = self._migrated()
        urls.require_place(self.engine.url)
        version = migrations.status(target)
        if version["unfinished"]:
            raise UnfinishedUpgrade
        if version["current"] is None and version["problem"] is None:
            return ["the database is empty: nova-db sync creates the tables"]
        found = [*migrations.model_differences(), *migrations.revision_differences(target), *migrations.check(target)]
        return [str(difference) for difference in found]

    def _identified(self) -> Mapping[str, str]:
        urls.require_place(self.engine.url)
        return self.engine.identify(patiently=False)

    def _migrated(self, *, patiently: bool = False) -> sa.Engine:
        """The database for migrations, with the settings of this driver, if they can work on it.

        :param patiently: whether statements may take any time, as those that make indexes do.
        """
        if urls.is_memory(self.engine.url):
            raise NotSupported("A SQLite database in memory has no schema revisions: it is made anew each time.")
        settings = self.engine.settings
        if patiently:
            settings = replace(settings, read_timeout=None)
        return engine_on(self.engine.url, settings, poolclass=NullPool)

    @classmethod
    def provision(cls, connection: str | None) -> str:
        """Make an empty database for tests, its tables included; its URL.

        :param connection: the URL of a server: a database beside the one named; None: a temporary SQLite file.
        """
        from nova_db_sqlalchemy.provisioning import make_database

        made = make_database(connection or DEFAULT_CONNECTION)
        try:
            engine = SQLEngine(*meant(made, any_library=False))
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
