"""Relations: from rows to the rows that belong to them, by the look-ups.

What is to be loaded becomes a function once; it is these functions that reading a whole instance consists of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nova_db.engine.generated import generate
from nova_db.engine.relations import Plan, plan
from nova_db.engine.rows.table import Readable
from nova_db.engine.values import Row
from nova_db.schema import TABLES, Relation

Tables = Mapping[str, Readable]
"""What a transaction reads from, by name."""
Follow = Callable[[Tables, Any], list[Row]]
"""From the value of a relation's local column to the stored rows at the other end, by primary key."""
Attach = Callable[[Tables, Sequence[Row], Sequence[Row]], None]
"""Sets relations of stored rows on copies of them."""


@functools.lru_cache(maxsize=1024)
def follower(relation: Relation) -> Follow:
    """The function that follows a relation."""
    table, remote, via = relation.table, relation.remote, relation.via
    alive = TABLES[table].live_value if "target" in relation.live else None

    by_key = TABLES[table].primary_key

    def follow_value(tables: Tables, key: Any) -> list[Row]:
        return tables[table].having(remote, key, alive)

    def follow_key(tables: Tables, key: Any) -> list[Row]:
        row = tables[table].get(key)
        return [] if row is None or (alive is not None and row["deleted"] != alive) else [row]

    follow = follow_key if remote == by_key else follow_value
    if via is None:
        return follow
    links, near, far = via.table, via.local, via.remote
    link_alive = TABLES[links].live_value if "via" in relation.live else None

    def follow_links(tables: Tables, key: Any) -> list[Row]:
        found = tables[links].having(near, key, link_alive)
        if len(found) == 1:
            end = found[0][far]
            return [] if end is None else follow(tables, end)
        ends = {row[far]: None for row in found}
        targets = [row for end in ends if end is not None for row in follow(tables, end)]
        if len(targets) > 1:
            targets.sort(key=lambda row: row[by_key])
        return targets

    return follow_links


@functools.lru_cache(maxsize=1024)
def attacher(table: str, load: tuple[str, ...]) -> Attach:
    """The function that attaches the relations ``load`` of a table."""
    return _attacher(table, plan(table, load))


def _attacher(table: str, relations: Plan) -> Attach:
    """The function that attaches relations, and the relations below them: written out, a step each."""
    names: dict[str, Any] = {}
    lines = ["def attach(tables, rows, copies):"]
    steps = ["    for row, copy in zip(rows, copies):"]
    for place, (relation, below) in enumerate(relations):
        ends = f"ends{place}"
        if relation.via is None and not below:
            alive = TABLES[relation.table].live_value if "target" in relation.live else None
            lines.append(f"    {ends} = tables[{relation.table!r}].copies")
            found = f"{ends}({relation.remote!r}, key, {alive!r})"
        else:
            names[ends] = _copier(relation, below)
            found = f"{ends}(tables, key)"
        steps += _step(table, relation, found)
    return generate("\n".join([*lines, *steps]), "attach", names)


def _step(table: str, relation: Relation, found: str) -> list[str]:
    """The lines that set a relation on the copy of a row; ``found`` gives what is at its other end."""
    lacking = "key is None"
    if "source" in relation.live:
        lacking += f" or row['deleted'] != {TABLES[table].live_value!r}"
    set_it = f"copy[{relation.name!r}]"
    lines = [f"key = row[{relation.local!r}]"]
    if relation.many:
        lines.append(f"{set_it} = [] if {lacking} else {found}")
    else:
        lines += [f"found = () if {lacking} else {found}", f"{set_it} = found[0] if found else None"]
    return [f"        {line}" for line in lines]


def _copier(relation: Relation, below: Plan) -> Follow:
    """The function that follows a relation to copies, with the relations below it."""
    follow = follower(relation)
    attach = _attacher(relation.table, below) if below else None

    def copy_ends(tables: Tables, key: Any) -> list[Row]:
        found = follow(tables, key)
        ends = [end.copy() for end in found]
        if attach is not None and ends:
            attach(tables, found, ends)
        return ends

    return copy_ends
