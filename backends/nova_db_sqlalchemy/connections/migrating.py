"""What migrations have to know of a server; ``<server>/migrating.py`` implements it."""

from __future__ import annotations

import abc
import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from sqlalchemy.exc import OperationalError

from nova_db_sqlalchemy.schema_errors import UpgradeBusy
from nova_db_sqlalchemy.tables.differences import Difference

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.exc import DBAPIError


class NewIndex(NamedTuple):
    """An index that a revision makes."""

    name: str
    table: str
    columns: tuple[str, ...]
    nulls_first: tuple[str, ...] = ()
    """The columns whose nulls come first also on a server that sorts them last by itself."""

    @property
    def options(self) -> dict[str, Any]:
        """What Alembic is told of it; each server takes what is meant for it."""
        return {"postgresql_ops": dict.fromkeys(self.nulls_first, "NULLS FIRST")}


class Migrating(abc.ABC):
    """How upgrades run on a server, and what it calls the parts of a table; as on SQLite unless said otherwise."""

    is_undoing: ClassVar[bool] = True
    """Whether changes of the schema that are not committed are undone."""
    scripts_are_transactions: ClassVar[bool | None] = None
    """Whether a script has to have transactions; None: as Alembic thinks."""

    # ---------------------------------------------------------------------------------------------- upgrades

    @abc.abstractmethod
    def exclusive(self, engine: sa.Engine, seconds: float) -> AbstractContextManager[sa.Connection]:
        """A connection for the only one who changes the schema of this database.

        What the block has not committed is committed at its end and undone if it raises.

        :param seconds: how long to wait for others.
        :raises UpgradeBusy: they took longer.
        """

    @abc.abstractmethod
    def create_index(self, context: MigrationContext, index: NewIndex) -> None:
        """Create an index of a table that clients are using; complete what was cut short before."""

    def narrow_index(self, context: MigrationContext, index: NewIndex, *, in_use: bool) -> None:  # noqa: B027 - as above
        """Have an index hold these columns alone where the server takes no entry of all; it stays as it is elsewhere.

        :param in_use: clients are using the table; and what was cut short before is to be completed.
        """

    @abc.abstractmethod
    def add_column(self, context: MigrationContext, table: str, column: sa.Column[Any]) -> None:
        """Add a column that takes nulls to a table that clients are using; nothing if it is there."""

    def encoding_fault(self, connection: sa.Connection) -> str | None:
        """Why the database cannot hold every text, and what to do; None: it can."""
        return None

    def end_look(self, connection: sa.Connection) -> None:  # noqa: B027 - most have one transaction for everything
        """End the transaction that looking began where Alembic is to have its own."""

    def others_upgrade(self, connection: sa.Connection) -> bool:
        """Whether somebody else is upgrading the database, where that can be seen from outside."""
        return False

    def has_changed(self, error: DBAPIError) -> bool:
        """Whether an error says that a table was dropped, or made anew, since the server was asked for its name."""
        return False

    def cannot_open(self, engine: sa.Engine, error: DBAPIError) -> str | None:
        """What to say of a connection that cannot be made; None: what the server says."""
        return None

    def lacks_right(self, error: DBAPIError) -> bool:
        """Whether an error says that the user lacks a right."""
        return False

    def script_url(self, url: sa.URL, dialect: sa.Dialect) -> sa.URL:
        """The URL that a script for the server behind a URL is made with."""
        return url

    # ------------------------------------------------------------------------------------------- description

    def lacking(self, connection: sa.Connection) -> Iterable[Difference]:
        """What is missing of that which writers lock beside the tables."""
        return ()

    def type_name(self, text: str) -> str:
        """A type as its statements write it, in the words for what they mean."""
        return text

    def table_options(self, table: sa.Table, dialect: sa.Dialect) -> str | None:
        """The options that a table ought to have; None: there are none."""
        return None

    def found_table_options(self, found: Mapping[str, Any], dialect: sa.Dialect) -> str | None:
        """The options that a table has."""
        return None

    def index_remarks(self, index: sa.Index, dialect: sa.Dialect) -> dict[str, str]:
        """What is special about columns of an index: how much of a text, where nulls are."""
        return {}

    def unfinished_indexes(self, connection: sa.Connection) -> set[str]:
        """The indexes that were begun beside the clients' work and never finished, which serve nobody."""
        return set()

    def numbered(self, connection: sa.Connection, columns: Mapping[str, Iterable[Any]]) -> set[str]:
        """The tables whose rows the server numbers."""
        return {table for table in columns if any(column.get("autoincrement") is True for column in columns[table])}


def in_turns(change: Callable[[], object], is_busy: Callable[[DBAPIError], bool], *, tries: int, wait: int) -> None:
    """Have a change wait for transactions that use the table, but in turns: while it waits, all others queue behind.

    :param is_busy: whether an error says that a turn was in vain.
    :param wait: the seconds of a turn, which the server keeps.
    :raises UpgradeBusy: all turns were in vain.
    """
    for tries_left in reversed(range(tries)):
        try:
            change()
        except OperationalError as error:
            if not is_busy(error):
                raise
            if not tries_left:
                raise UpgradeBusy(tries * wait) from error
            time.sleep(1)
        else:
            return


@contextlib.contextmanager
def own_connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that is closed afterwards, whatever the engine does with others.

    Each of its statements sees what was committed before, as one that waited for a lock needs.
    """
    with engine.connect() as connection:
        connection.execution_options(isolation_level="READ COMMITTED")
        try:
            yield connection
        finally:
            connection.invalidate()
