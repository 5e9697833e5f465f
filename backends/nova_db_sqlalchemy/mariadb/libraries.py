"""Which DB-API library a URL names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.mariadb.library import Library


def library_for(url: sa.URL, *, plain: bool) -> Library:
    """The library that a URL names, imported here.

    :param plain: use it by what it documents, also where it is known better.
    """
    if url.get_driver_name() == "mysqldb":
        from nova_db_sqlalchemy.mariadb.by_mysqlclient import MySQLClient

        return MySQLClient()
    from nova_db_sqlalchemy.mariadb.by_pymysql import library

    return library(plain=plain)
