"""The tables of ``docs/operations.md`` that list the parameters of URLs, made from what is declared of the libraries.

``python -m scripts.url_parameters`` writes them anew, after a declaration has changed.
"""

from __future__ import annotations

from typing import Final

from nova_db_sqlalchemy.connections.parameters import Role, Table
from nova_db_sqlalchemy.mariadb.parameters import MYSQLCLIENT, PYMYSQL
from nova_db_sqlalchemy.postgresql.parameters import PSYCOPG
from nova_db_sqlalchemy.sqlite.parameters import PYSQLITE
from scripts.belongings import PAGE

BEGIN: Final = "<!-- parameters -->\n"
END: Final = "<!-- end of parameters -->\n"
LIBRARIES: Final = {"sqlite3": PYSQLITE, "psycopg": PSYCOPG, "PyMySQL": PYMYSQL, "mysqlclient": MYSQLCLIENT}
_ALONE: Final = (Role.PLACE, Role.SECRET)


def redrawn(page: str) -> str:
    """A page with the tables as they are declared."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = "\n".join(_table(library, table) for library, table in LIBRARIES.items())
    return f"{before}{BEGIN}{tables}{END}{after}"


def _table(library: str, table: Table) -> str:
    usable = {name: parameter for name, parameter in sorted(table.items()) if not parameter.is_refused}
    lines = [
        f"| `{name}` | {parameter.expected.rstrip(',')}{' (not shared)' if parameter.role in _ALONE else ''} |\n"
        for name, parameter in usable.items()
    ]
    refused = ", ".join(f"`{name}`" for name in sorted(table.keys() - usable.keys()))
    return f"| {library} | what is expected |\n|---|---|\n{''.join(lines)}| refused | {refused} |\n"


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text()))
