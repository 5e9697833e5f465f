"""The plans of statements: which tables they read as a whole, and what they sort."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.connections import connection as connections
from nova_db_sqlalchemy.connections.connection import text_of
from nova_db_sqlalchemy.mariadb.cursor import Packet
from nova_db_sqlalchemy.tables.catalog import CATALOG
from tests.sqlalchemy.helpers import CONTROL

HANG_SECONDS: Final = 120
PAGES: Final = 100
"""Ten thousand instances have more."""


class Sent(NamedTuple):
    """A statement as it was sent."""

    text: str
    parameters: Sequence[Any]


class Plan(NamedTuple):
    """What a server does for a statement."""

    whole: frozenset[str]
    """Tables that it goes through, by an index or not, or all of whose live rows."""
    sorts: bool
    told: str
    """In the server's words."""


class Recorder:
    """In the place of the cursor that reports statements: keeps them with their parameters, too."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def cursor_class(self) -> type[Any]:
        """The class of cursors that tell this one."""
        sent = self.sent

        class Recording(connections._ObservedCursor):
            def execute(self, statement: str | bytes, parameters: Any = ()) -> Any:
                sent.extend(_each(statement, parameters))
                return super().execute(statement, parameters)

            def executemany(self, statement: str | bytes, parameters: Any) -> Any:
                given = list(parameters)
                sent.extend(Sent(text_of(statement), each) for each in given[:1])
                return super().executemany(statement, given)

        return Recording

    def take(self) -> list[Sent]:
        """The statements since the last time that can be explained: what begins and ends transactions is left out."""
        taken = [each for each in self.sent if each.text.startswith(_EXPLAINED) and _READS.search(each.text)]
        others = {each.text for each in self.sent if not each.text.startswith((*_EXPLAINED, *CONTROL, *_OTHERS))}
        assert not others, others
        self.sent.clear()
        return taken


def _each(statement: str | bytes, parameters: Any) -> Iterator[Sent]:
    """A statement, or those that travel in one packet, each with its share of the parameters."""
    texts: Sequence[bytes] | None = getattr(statement, "texts", None)
    if texts is not None:
        yield from [Sent(text.decode(), each) for text, each in zip(texts, parameters, strict=True)]
        return
    text = text_of(statement)
    if not isinstance(parameters, Packet):
        yield Sent(text, parameters)
        return
    values = iter(parameters.values)
    for part in text.split(";"):
        yield Sent(part, tuple(itertools.islice(values, part.count("%s"))))
    assert not list(values), text


_EXPLAINED: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "/*", "(SELECT")
_READS: Final = re.compile(r"^(?!INSERT)|SELECT")
_OTHERS: Final = ("LOCK", "START", "DO ", "/*!", "ANALYZE", "PRAGMA")


def explainer(engine: SQLEngine) -> Callable[[Sent], Plan]:
    """What explains statements on a connection of an engine, the same one each time."""
    return {"sqlite": _sqlite, "postgresql": _postgresql, "mariadb": _mariadb}[engine.server.name](engine)


def run(engine: SQLEngine, *statements: str) -> None:
    """Run statements of a server."""
    with sa.create_engine(engine.url, poolclass=sa.NullPool).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def analyze(engine: SQLEngine) -> None:
    """Have the server learn what there is."""
    tables = ", ".join(name for name in CATALOG)
    run(engine, f"ANALYZE TABLE {tables}" if engine.server.name == "mariadb" else "ANALYZE")


def settle(engine: SQLEngine) -> None:
    """Wait until the server has counted what came, if it does so by itself, as MariaDB does within seconds."""
    if engine.server.name != "mariadb":
        return
    counted = "SELECT max(stat_value) FROM mysql.innodb_index_stats WHERE stat_name = 'n_leaf_pages'"
    query = f"{counted} AND database_name = DATABASE() AND table_name = 'instances' AND index_name = 'PRIMARY'"
    end = time.monotonic() + HANG_SECONDS
    with sa.create_engine(engine.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        while (connection.exec_driver_sql(query).scalar() or 0) < PAGES:  # ends with the counting, or the time
            assert time.monotonic() < end, "MariaDB has not counted the rows"
            time.sleep(0.1)


def mislead(engine: SQLEngine) -> bool:
    """Have a server take its indexes for useless, as MariaDB may that counts amid great changes; whether it does."""
    if engine.server.name != "mariadb":
        return False
    useless = "UPDATE mysql.innodb_index_stats SET stat_value = 1 WHERE stat_name LIKE 'n_diff%%' AND database_name"
    run(engine, f"{useless} = DATABASE()", *(f"FLUSH TABLE {name}" for name in CATALOG))
    return True


def _sqlite(engine: SQLEngine) -> Callable[[Sent], Plan]:
    numbers = itertools.count()

    def explain(sent: Sent) -> Plan:
        with engine._connected() as connection:
            cursor = connection.dbapi.cursor()
            # To explain is not to run: by itself that sees no change of the schema, nor would a statement that is kept.
            cursor.execute("SELECT 1 FROM services LIMIT 1").fetchall()
            text = f"EXPLAIN QUERY PLAN {sent.text} -- {next(numbers)}"
            lines = [line[3] for line in cursor.execute(text, sent.parameters or ())]
        whole = set()
        for line in lines:
            found = re.match(r"(SCAN|SEARCH) (\w+)", line)
            if found and (found[1] == "SCAN" or line.endswith("(deleted=?)")):
                whole |= _table(found[2], sent.text)
        return Plan(frozenset(whole), any("FOR ORDER BY" in line for line in lines), "; ".join(lines))

    return explain


def _table(alias: str, text: str) -> set[str]:
    """The table that a name in a plan stands for, if it is one."""
    name = {alias: table for table, alias in re.findall(r"(\w+)[`\"]? AS (\w+)", text)}.get(alias, alias)
    return {name} & CATALOG.keys()


def _postgresql(engine: SQLEngine) -> Callable[[Sent], Plan]:
    from psycopg import RawCursor
    from psycopg.sql import Literal

    def explain(sent: Sent) -> Plan:
        with engine._connected() as connection:
            library = connection.dbapi
            cursor = RawCursor(library)
            names = "SELECT name FROM pg_prepared_statements WHERE statement = $1"
            prepared = cursor.execute(names, [sent.text], prepare=False).fetchone()
            if prepared is None:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sent.text}".encode(), sent.parameters, prepare=False)
            else:
                given = ", ".join(Literal(value).as_string(library) for value in sent.parameters)
                given = f"({given})" if given else ""
                cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE {prepared[0]} {given}".encode(), prepare=False)
            ((plan,),) = cursor.fetchall()
        plan = json.loads(plan) if isinstance(plan, str) else plan
        nodes = list(_nodes(plan[0]["Plan"], ""))
        whole = {table for table, node in nodes if table in CATALOG and _reads_all(node)}
        sorts = any("Sort" in node["Node Type"] for _, node in nodes)
        return Plan(frozenset(whole), sorts, json.dumps([_shown(table, node) for table, node in nodes]))

    return explain


def _nodes(node: dict[str, Any], table: str) -> Iterator[tuple[str, dict[str, Any]]]:
    table = node.get("Relation Name", table)
    yield table, node
    for below in node.get("Plans", ()):
        yield from _nodes(below, table)


def _reads_all(node: dict[str, Any]) -> bool:
    if node["Node Type"] == "Seq Scan":
        return True
    if "Index" not in node["Node Type"]:
        return False
    columns = set(re.findall(r"(\w+)\)*(?:::\w+)? (?:=|<|>|<=|>=|IS) ", node.get("Index Cond", "")))
    return columns <= {"deleted"}


def _shown(table: str, node: dict[str, Any]) -> str:
    shown = [node["Node Type"], table, node.get("Index Name"), node.get("Index Cond"), node.get("Sort Key")]
    return " ".join(str(part) for part in shown if part)


def _mariadb(engine: SQLEngine) -> Callable[[Sent], Plan]:
    plain = sa.create_engine(engine.url, poolclass=sa.NullPool)  # each statement is planned when it is sent

    def explain(sent: Sent) -> Plan:
        with plain.connect() as connection:
            lines = connection.exec_driver_sql(f"EXPLAIN {sent.text}", tuple(sent.parameters or ())).mappings().all()
        whole = set()
        for line in lines:
            by_mark = str(line["key"]).startswith(f"{line['table']}_deleted") and line["key_len"] == "5"
            if line["type"] in ("ALL", "index") or by_mark:
                whole |= _table(str(line["table"]), sent.text)
        sorts = any("filesort" in (line["Extra"] or "") for line in lines)
        return Plan(frozenset(whole), sorts, str([list(line.values()) for line in lines]))

    return explain
