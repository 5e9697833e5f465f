"""Archiving: the contract of moving soft-deleted rows out of the way.

Every table but ``security_group_default_rules`` has a shadow table, named ``shadow_`` and its name, with the same
columns. A soft-deleted row moves there as it is. No function reads shadow tables: to callers an archived row is gone,
whatever ``context.read_deleted`` is.

A row that another row refers to by foreign key, be that one live or deleted, cannot move. Some rows stay live when
their parent is deleted (an instance's system metadata, an aggregate's hosts, a flavor's access); the parent then stays
where it is.
"""

from __future__ import annotations

import abc

from nova_db.driver.types import Context, Count


class ArchivingContract(abc.ABC):
    """What a driver does for archiving."""

    @abc.abstractmethod
    def archive_deleted_rows(self, context: Context, max_rows: Count = None) -> int:
        """Archive up to ``max_rows`` rows (None: all) of all tables together, and return how many it were.

        Auth: admin.

        Each table is passed once, those that refer to others before those, as by
        :func:`archive_deleted_rows_for_table`; so fewer than ``max_rows`` does not mean that nothing is left. Each
        table is a transaction of its own: if one fails, the tables before it remain archived.

        :raises ValueError: ``max_rows`` is negative.
        """

    @abc.abstractmethod
    def archive_deleted_rows_for_table(self, context: Context, tablename: str, max_rows: Count = None) -> int:
        """Archive up to ``max_rows`` rows (None: all) of the table ``tablename``, and return how many it were.

        Auth: admin.

        The lowest keys go first. The answer is 0, and nothing moves, if any of the rows chosen is referred to, or if
        the table has no shadow table. Racing: a row is in one of the two tables, and counted by one caller.

        :raises DBError: there is no such table.
        :raises ValueError: ``max_rows`` is negative.
        """
