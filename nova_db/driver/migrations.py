"""Migrations: the contract of moving instances between hosts, and resizing them.

``status`` is free text, compared exactly.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import Migration, MigrationWithInstance
from nova_db.driver.types import Context, Id, Seconds, Text, Values


class MigrationsContract(abc.ABC):
    """What a driver does for migrations."""

    @abc.abstractmethod
    def migration_create(self, context: Context, values: Values) -> Migration:
        """Insert a migration with the columns in ``values``, and return it. The instance need not exist.

        Auth: admin.
        """

    @abc.abstractmethod
    def migration_update(self, context: Context, id: Id, values: Values) -> Migration:
        """Write ``values`` to the migration ``id``, and return it.

        Auth: admin. Rows: all.

        :raises MigrationNotFound: no such migration.
        """

    @abc.abstractmethod
    def migration_get(self, context: Context, migration_id: Id) -> Migration:
        """Return the migration ``migration_id``.

        Auth: admin. Rows: all.

        :raises MigrationNotFound: no such migration.
        """

    @abc.abstractmethod
    def migration_get_by_instance_and_status(self, context: Context, instance_uuid: Text, status: Text) -> Migration:
        """Return the first migration of the instance ``instance_uuid`` that has this ``status``.

        Auth: admin. Rows: all.

        :raises MigrationNotFoundByStatus: no such migration; ``instance_id`` is the uuid. It is a
            ``MigrationNotFound``.
        """

    @abc.abstractmethod
    def migration_get_unconfirmed_by_dest_compute(
        self, context: Context, confirm_window: Seconds, dest_compute: Text
    ) -> list[Migration]:
        """Return the migrations to ``dest_compute`` whose confirmation is overdue.

        Auth: admin. Rows: all.

        They have the status ``finished`` and were last updated ``confirm_window`` seconds ago or earlier. A migration
        never updated is not among them.
        """

    @abc.abstractmethod
    def migration_get_in_progress_by_host_and_node(
        self, context: Context, host: Text, node: Text
    ) -> list[MigrationWithInstance]:
        """Return the migrations from or to ``node`` of ``host`` that are neither confirmed nor reverted.

        Auth: admin. Rows: visible.

        Host and node must match on the same side. Any other status than ``confirmed`` and ``reverted`` counts, errors
        included, but not a null one. Each record carries ``instance``, itself with ``system_metadata``, or None if
        there is no live instance of that uuid.
        """
