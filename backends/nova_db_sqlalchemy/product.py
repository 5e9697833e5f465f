"""What is known of a server, as a product, before anything is connected; ``<server>/product.py`` implements it."""

from __future__ import annotations

import abc
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from nova_db_sqlalchemy.connections.parameters import Table, check

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.connections.migrating import Migrating
    from nova_db_sqlalchemy.connections.server import Server
    from nova_db_sqlalchemy.settings import Settings
    from nova_db_sqlalchemy.sql.write_statements import WriteStatements
    from nova_db_sqlalchemy.transactions.database import Database


_LAST_PORT: Final = 65_535
_HALF: Final = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes that are no text, as on a command line, and what no server can be told."""


class Package(NamedTuple):
    """What is imported for a DB-API library, and the extra of this distribution that installs it."""

    module: str
    extra: str


class Product(abc.ABC):
    """SQLite, PostgreSQL or MariaDB: the rules of its URLs, and what else there is of it, imported when asked for."""

    libraries: ClassVar[Mapping[str, Package | None]]
    """The DB-API libraries that it is used through, as URLs call them, the one that is taken if none is named first."""
    parameters: ClassVar[Mapping[str, Table]]
    """What a URL may have for each of them."""
    repeated: ClassVar[tuple[str, ...]] = ()
    """The parameters that may be given several times."""
    is_usual: ClassVar[bool] = False
    """Whether SQLAlchemy takes that one too where a URL names none."""

    def table(self, url: sa.URL) -> Table | None:
        """The parameters of the library that a URL names; None: it is none of ours."""
        return self.parameters.get(url.drivername.partition("+")[2] or next(iter(self.libraries)))

    def check(self, url: sa.URL, given: Mapping[str, str | Sequence[str]], where: str) -> None:
        """Refuse parameters that the library of a URL cannot use.

        :param where: what they stand in.
        :raises ValueError: one of them; no password is quoted.
        """
        table = self.table(url)
        if table is not None:
            check(table, given, where, self.repeated)

    def completed(self, url: sa.URL) -> sa.URL:
        """A URL in the form that all of us work with.

        :raises ValueError: it breaks a rule of this server; no password is quoted.
        """
        parts = {name: parameter.part for name, parameter in (self.table(url) or {}).items() if parameter.part}
        for name in parts.keys() & url.query.keys():  # a password is shown, unless it is in its own place
            value: Any = url.query[name]
            part: dict[str, Any] = {parts[name]: int(value) if parts[name] == "port" else value}
            url = url.set(**part).difference_update_query([name])
        for part_name, text in (("user", url.username), ("password", url.password)):
            if _HALF.search(str(text or "")):
                raise ValueError(f"The database's URL has a {part_name} that is no text in UTF-8")
        if url.port is not None and not 1 <= url.port <= _LAST_PORT:
            raise ValueError(f"The database's URL has the port {url.port}; 1 to {_LAST_PORT} is expected")
        return url

    def is_memory(self, url: sa.URL) -> bool:
        """Whether a URL names a database in memory: private to the engine, which takes it along when it ends."""
        return False

    def is_missing_file(self, url: sa.URL) -> bool:
        """Whether a URL is that of a file which does not exist."""
        return False

    @abc.abstractmethod
    def database(self, url: sa.URL, settings: Settings) -> Database[Server, WriteStatements]:
        """The database for an engine; the library is imported here."""

    def create_engine(self, url: sa.URL, settings: Settings, arguments: Mapping[str, Any]) -> sa.Engine:
        """An engine of SQLAlchemy whose connections are made and prepared as those of our engine are.

        They are only prepared where the caller has them made: by a library of another name, or a function.

        :param arguments: what the caller wants of :func:`sqlalchemy.create_engine`, in the place of our choice.
        """
        connects = url.get_driver_name() in self.libraries and "creator" not in arguments
        return self._new_engine(url, settings, arguments, connects=connects)

    @abc.abstractmethod
    def _new_engine(
        self, url: sa.URL, settings: Settings, arguments: Mapping[str, Any], *, connects: bool
    ) -> sa.Engine:
        """The engine; ``connects``: whether we make its connections."""

    @abc.abstractmethod
    def migrating(self) -> Migrating:
        """What migrations have to know."""

    @abc.abstractmethod
    def make_database(self, url: sa.URL, name: str, settings: Settings) -> sa.URL:
        """Make an empty database beside the one that a URL names; its URL.

        :raises DBConnectionError: the server cannot be reached.
        :raises DBError: it does not let the user create databases.
        """

    @abc.abstractmethod
    def drop_database(self, url: sa.URL, name: str, settings: Settings) -> None:
        """Remove it, also while others are connected to it; nothing if it is gone."""
