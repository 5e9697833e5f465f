"""How connections to MariaDB and MySQL are made, for whomever: options, hosts, and what a session is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy.mariadb.errors import code_of, explain, is_lost, is_refusal
from nova_db_sqlalchemy.mariadb.hosts import Hosts
from nova_db_sqlalchemy.mariadb.session import ServerVersion, own_settings, preparation, server_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.mariadb.library import Library
    from nova_db_sqlalchemy.settings import Settings

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables

T = TypeVar("T")
_SYNTAX: Final = 1064
"""An error that quotes what follows the mistake: also what is sent together with it."""


class Greeted(Protocol):
    """A connection, of whichever library."""

    def get_server_info(self) -> str:
        """The version that the server has greeted with."""


class Connecting:
    """Connections to one database.

    :param own: statements that connections of one kind are told as well.
    """

    def __init__(self, url: sa.URL, settings: Settings, library: Library, own: Sequence[str] = ()) -> None:
        self.hosts = Hosts(url)
        self._settings = settings
        self._library = library
        self._own = own
        first = url.query.get("init_command")
        # Not by the library: PyMySQL would read the answer by means of its own.
        self._first = first.rstrip("; ") if isinstance(first, str) else None

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The library's options for those of a URL, both time-outs among them; ``read_timeout`` may be None."""
        return {
            **self._library.defaults,
            "connect_timeout": max(1, round(self._settings.connect_timeout)),
            "read_timeout": self._settings.read_timeout,
            **{name: value for name, value in own_settings(given).items() if name != "init_command"},
        }

    def connect_to(
        self, host: Mapping[str, Any], given: Mapping[str, Any], connect: Callable[[dict[str, Any]], T]
    ) -> T:
        """What ``connect`` makes of the options for one host.

        :raises DBConnectionError: there is no connection to be had.
        """
        options, began = {**self.options(given), **host}, time.monotonic()
        try:
            return connect(options)
        except DBConnectionError as error:
            error.for_good()
            raise
        except self._library.Error as error:
            is_final, bound = is_refusal(error), options["connect_timeout"]
            explain(error, _place(options), bound if time.monotonic() - began >= bound else None)
            # Without the frames of the library, in whose variables the password is.
            failure = DBConnectionError(error.with_traceback(None))
            raise failure.for_good() if is_final else failure from error
        except (TypeError, OSError, RuntimeError) as error:
            # A parameter of the URL that the library does not know, a file that is not there, a package that it lacks.
            raise DBConnectionError(error).for_good() from error

    def prepare(self, connection: Greeted, run: Callable[[list[str]], object]) -> ServerVersion:
        """Tell a connection what all of ours are told.

        :param run: what runs several statements.
        :raises DBConnectionError: the server is too old.
        """
        server = server_of(connection.get_server_info())
        if self._first is not None:
            try:
                run([self._first])
            except self._library.Error as error:
                if is_lost(error):
                    raise
                why = "it is no SQL that the server understands" if code_of(error) == _SYNTAX else error.args[-1]
                message = f"The database's URL has an init_command that the server refuses: {why}."
                raise DBConnectionError(message=message) from error  # no inner one: ORM sessions would raise that
        run(preparation(server, self._settings, self._own))
        return server


def _place(options: Mapping[str, Any]) -> str:
    return options.get("unix_socket") or f"{options.get('host') or 'localhost'}:{options.get('port') or 3306}"
