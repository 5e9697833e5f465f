"""Relations: from rows to the rows that belong to them, by the look-ups.

Each relation becomes a function once; it is these functions that reading a whole instance consists of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nova_db.engine.relations import Plan, plan
from nova_db.engine.rows.table import Readable
from nova_db.engine.values import Row
from nova_db.schema import TABLES, Relation

Tables = Mapping[str, Readable]
"""What a transaction reads from, by name."""
Follow = Callable[[Tables, Any], list[Row]]
"""From the value of a relation's local column to the stored rows at the other end, by primary key."""
Attach = Callable[[Tables, Sequence[Row], Sequence[Row]], None]
"""Sets a relation of stored rows on copies of them."""


@functools.lru_cache(maxsize=1024)
def follower(relation: Relation) -> Follow:
    """The function that follows a relation."""
    table, remote, via = relation.table, relation.remote, relation.via
    alive = TABLES[table].live_value if "target" in relation.live else None

    def follow(tables: Tables, key: Any) -> list[Row]:
        return tables[table].having(remote, key, alive)

    if via is None:
        return follow
    links, near, far = via.table, via.local, via.remote
    link_alive = TABLES[links].live_value if "via" in relation.live else None
    by_key = TABLES[table].primary_key

    def follow_links(tables: Tables, key: Any) -> list[Row]:
        ends = {row[far]: None for row in tables[links].having(near, key, link_alive)}
        targets = [row for end in ends if end is not None for row in follow(tables, end)]
        if len(targets) > 1:
            targets.sort(key=lambda row: row[by_key])
        return targets

    return follow_links


def _attacher(table: str, relation: Relation, below: Plan) -> Attach:
    """The function that attaches a relation, and the relations below it."""
    name, local, many = relation.name, relation.local, relation.many
    alive = TABLES[table].live_value if "source" in relation.live else None
    copy_ends = _copier(relation, tuple(_attacher(relation.table, *part) for part in below))

    def attach(tables: Tables, rows: Sequence[Row], copies: Sequence[Row]) -> None:
        for row, copy in zip(rows, copies, strict=True):
            key = row[local]
            if key is None or (alive is not None and row["deleted"] != alive):
                copy[name] = [] if many else None
                continue
            ends = copy_ends(tables, key)
            copy[name] = ends if many else ends[0] if ends else None

    return attach


def _copier(relation: Relation, deeper: Sequence[Attach]) -> Follow:
    """The function that follows a relation to copies, with the relations below it."""
    if not deeper and relation.via is None:
        table, remote = relation.table, relation.remote
        alive = TABLES[table].live_value if "target" in relation.live else None

        def copy_directly(tables: Tables, key: Any) -> list[Row]:
            return tables[table].copies(remote, key, alive)

        return copy_directly
    follow = follower(relation)

    def copy_ends(tables: Tables, key: Any) -> list[Row]:
        found = follow(tables, key)
        ends = [end.copy() for end in found]
        for attach in deeper:
            attach(tables, found, ends)
        return ends

    return copy_ends


@functools.lru_cache(maxsize=1024)
def attachers(table: str, load: tuple[str, ...]) -> tuple[Attach, ...]:
    """The functions that attach the relations ``load`` of a table."""
    return tuple(_attacher(table, *part) for part in plan(table, load))
