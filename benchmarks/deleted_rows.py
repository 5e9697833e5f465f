"""Instances that were deleted, with what belongs to them, made by raw SQL for what archives them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nova_db.exceptions import DBError
from nova_db_sqlalchemy.engine import SQLEngine

CHILDREN = {
    "instance_metadata": (2, True),
    "instance_system_metadata": (3, False),
    "instance_info_caches": (1, True),
    "instance_faults": (1, False),
}
"""How many rows of a table belong to an instance, and whether they were deleted with it."""
ROWS = 1 + sum(count for count, _ in CHILDREN.values())
DELETED_AT = "2026-01-01 00:00:00.000000"


class Server:
    """A connection that runs statements as they are."""

    def __init__(self, connection: str) -> None:
        self._server = SQLEngine(connection).server
        self._connection = self._server.connect()
        self.name = self._server.name
        self.cursor = self._connection.cursor

    def close(self) -> None:
        self._server.close(self._connection)

    def run(self, *statements: str) -> None:
        """Run statements, one after the other.

        :raises DBError: one failed.
        """
        try:
            for statement in statements:
                self.cursor.execute(statement)
        except self._server.errors as error:
            raise DBError(error) from error

    def transaction(self, statements: Iterator[str] | Sequence[str]) -> None:
        self.run("BEGIN IMMEDIATE" if self.name == "sqlite" else "BEGIN", *statements, "COMMIT")

    def numbers(self, last: int) -> str:
        """A query of the numbers from 1 on, as ``n``."""
        if self.name == "postgresql":
            return f"SELECT n FROM generate_series(1, {last}) AS n"
        if self.name == "sqlite":
            return f"SELECT value AS n FROM generate_series(1, {last})"
        return f"SELECT seq AS n FROM seq_1_to_{last}"

    def text(self, *parts: str) -> str:
        return f"concat({', '.join(parts)})" if self.name == "mariadb" else " || ".join(parts)

    def uuid(self, number: str) -> str:
        """A text of 36 characters in no order, as uuids are."""
        cast = f"cast({number} AS CHAR)" if self.name == "mariadb" else f"cast({number} AS VARCHAR)"
        if self.name == "sqlite":
            # The low bits first, so that neighbours are far apart.
            return f"printf('%08x-0000-0000-0000-%012d', ({number} * 2654435761) & 4294967295, {number})"
        return f"concat(substr(md5({cast}), 1, 8), '-0000-0000-0000-', lpad({cast}, 12, '0'))"


def fill(server: Server, instances: int) -> None:
    """Instances that were deleted, and what belongs to them."""
    numbers = (
        f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {instances})"
        if server.name == "sqlite"
        else f"WITH numbers AS ({server.numbers(instances)})"
    )

    def insert(table: str, values: dict[str, str]) -> str:
        columns = {"created_at": f"'{DELETED_AT}'", **values}
        chosen = f"SELECT {', '.join(columns.values())} FROM numbers"
        into = f"INSERT INTO {table} ({', '.join(columns)})"
        return f"{into} {numbers} {chosen}" if server.name != "sqlite" else f"{numbers} {into} {chosen}"

    owner = server.uuid("n")
    common = {"deleted_at": f"'{DELETED_AT}'", "deleted": "n", "id": "n"}
    values = {"uuid": owner, "host": "'host1'", "project_id": "'p'", "display_name": "'a server'", "locked": "false"}
    server.transaction([insert("instances", {**common, **values})])
    for table, (count, is_deleted) in CHILDREN.items():
        for each in range(count):
            number = f"n * {count} - {each}"
            row = {"id": number, "instance_uuid": owner, "deleted": number if is_deleted else "0"}
            if is_deleted:
                row["deleted_at"] = f"'{DELETED_AT}'"
            if table.endswith("metadata"):
                row |= {"key" if server.name == "sqlite" else quoted(server, "key"): f"'key{each}'", "value": "'value'"}
            elif table == "instance_faults":
                row |= {"code": "500", "message": "'it broke'"}
            else:
                row["network_info"] = "'[]'"
            server.transaction([insert(table, row)])
    if server.name == "postgresql":
        server.run("VACUUM ANALYZE")
    elif server.name == "sqlite":
        server.run("PRAGMA wal_checkpoint(TRUNCATE)")


def quoted(server: Server, name: str) -> str:
    return f"`{name}`" if server.name == "mariadb" else f'"{name}"'
