"""mysqlclient: MariaDB's or MySQL's own library in C, by what it documents."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import MySQLdb
from sqlalchemy.dialects.mysql.mysqldb import MySQLDialect_mysqldb

from nova_db_sqlalchemy.connections.cut_off import cut_off
from nova_db_sqlalchemy.connections.parameters import typed
from nova_db_sqlalchemy.mariadb.kinds import WRITTEN
from nova_db_sqlalchemy.mariadb.library import CONVERSIONS, DECIDED, Library, PlainConnection, discarded_on_error
from nova_db_sqlalchemy.mariadb.parameters import MYSQLCLIENT, with_tls_files
from nova_db_sqlalchemy.mariadb.urls import without_hosts

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.mariadb.cursor import DBAPIConnection

T = TypeVar("T")
_CONVERSIONS: Final = {**CONVERSIONS, **dict.fromkeys(WRITTEN, str)}
"""Without one, a value that is no text by its kind would stay bytes."""


class MySQLClient(Library):
    """mysqlclient."""

    name = "mysqldb"
    Error = MySQLdb.Error

    def options(self, url: sa.URL) -> dict[str, Any]:
        _, options = MySQLDialect_mysqldb().create_connect_args(url.set(query={}))
        return with_tls_files({**options, **typed(MYSQLCLIENT, without_hosts(url).query)})

    def connect(self, options: Mapping[str, Any], prepare: Callable[[DBAPIConnection], T]) -> T:
        given = {**options, **DECIDED, "conv": _CONVERSIONS}
        return self.open(given, lambda connection: prepare(PlainConnection(connection)))

    def open(self, options: Mapping[str, Any], prepare: Callable[[Any], T]) -> T:
        silence = options["read_timeout"]
        bounds = {} if silence is None else {"read_timeout": max(1, math.ceil(silence))}
        given = {name: value for name, value in options.items() if name != "read_timeout"}
        connection: Any = MySQLdb.connect(**given, **bounds)
        with discarded_on_error(connection), cut_off(connection.fileno(), options["connect_timeout"]):
            return prepare(connection)
