"""What connecting has shown of the servers that a URL leads to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nova_db_sqlalchemy.mariadb.session import COLLATIONS

if TYPE_CHECKING:
    from nova_db_sqlalchemy.mariadb.cursor import Result
    from nova_db_sqlalchemy.mariadb.session import ServerVersion


class Traits:
    """What a server can do; until one has answered, what most can.

    Safe without a lock, with a global one in Python and without: every connection learns the same of the servers.
    """

    def __init__(self) -> None:
        self.is_mariadb = True
        """Whether it is a MariaDB, else a MySQL."""
        self.has_returning = True
        """Whether inserts tell the keys that they give; else these are counted from the first one."""
        self.has_counters = True
        """Whether the server tells, as they are now, the numbers that it gives next."""
        self.is_cluster = False
        """Whether the servers are the nodes of a Galera cluster, each with locks of its own."""
        self._step = 1

    @property
    def collation(self) -> str:
        """The collation of our columns."""
        return COLLATIONS[self.is_mariadb]

    def learn(self, version: ServerVersion, step: int, *, is_cluster: bool) -> None:
        """Take over what a new connection was told; ``step``: what keys are counted with."""
        self._step = step
        self.is_cluster = is_cluster
        if not version.is_mariadb and self.is_mariadb:
            self.is_mariadb = self.has_returning = self.has_counters = False

    def returning(self, key: str) -> str:
        """How an insert of several rows ends that is to tell their keys."""
        return f" RETURNING {key}" if self.has_returning else ""

    def numbers(self, result: Result, count: int) -> Sequence[int]:
        """The keys that the server has given to the rows of an insert, in their order."""
        if len(result.rows) == count:
            return sorted([number for (number,) in result.rows])
        return range(result.insert_id, result.insert_id + count * self._step, self._step)
