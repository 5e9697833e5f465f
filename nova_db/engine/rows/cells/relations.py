"""Relations of many rows at once: one pass a relation, as each look-up is a way to go."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from nova_db.engine.relations import Plan, plan
from nova_db.engine.rows import relations
from nova_db.engine.values import Row
from nova_db.schema import TABLES, Relation


class Gathered(relations.Reached, Protocol):
    """The rows of a table, as far as relations lead to them; see ``CellRows``."""

    def gathered(self, column: str, values: Iterable[Any], alive: Any = None) -> dict[Any, list[Row]]:
        """``having`` of many values at once, by value; those that no row has are left out."""


Tables = Mapping[str, Gathered]
"""The tables, by name."""
Attach = Callable[[Tables, Sequence[Row], Sequence[Row]], None]
"""Sets a relation of rows on records of them."""
Follow = Callable[[Tables, Iterable[Any]], dict[Any, list[Row]]]
"""From values of a relation's local column to what is at the other end, each by its primary key."""


@functools.lru_cache(maxsize=1024)
def attacher(table: str, load: tuple[str, ...]) -> Attach:
    """The function that attaches the relations ``load`` of a table."""
    parts = [_attacher(table, *part) for part in plan(table, load)]
    to_one = relations.attacher_of_own(table, load)

    def attach(tables: Tables, rows: Sequence[Row], records: Sequence[Row]) -> None:
        if len(rows) == 1:
            to_one(tables, rows, records)
            return
        for part in parts:
            part(tables, rows, records)

    return attach


def _attacher(table: str, relation: Relation, below: Plan) -> Attach:
    name, local, many = relation.name, relation.local, relation.many
    alive = TABLES[table].live_value if "source" in relation.live else None
    follow = _follower(relation, below) if relation.via is None else _follower_by_links(relation, below)

    def attach(tables: Tables, rows: Sequence[Row], records: Sequence[Row]) -> None:
        keys = [row[local] if alive is None or row["deleted"] == alive else None for row in rows]
        different = dict.fromkeys(keys)
        found = follow(tables, different)
        is_shared = len(different) < len(keys)
        for key, record in zip(keys, records, strict=True):
            ends = found.get(key)
            if not ends:
                record[name] = [] if many else None
                continue
            if is_shared:
                ends = [_twin(end, below) for end in ends]
            record[name] = ends if many else ends[0]

    return attach


def _follower(relation: Relation, below: Plan) -> Follow:
    """The function that follows a relation, and those below it."""
    table, remote = relation.table, relation.remote
    alive = TABLES[table].live_value if "target" in relation.live else None
    deeper = [_attacher(table, *part) for part in below]

    def follow(tables: Tables, keys: Iterable[Any]) -> dict[Any, list[Row]]:
        found = tables[table].gathered(remote, keys, alive)
        if deeper:
            ends = [end for rows in found.values() for end in rows]
            for attach in deeper:
                attach(tables, ends, ends)
        return found

    return follow


def _follower_by_links(relation: Relation, below: Plan) -> Follow:
    """The same where rows of another table stand between."""
    assert relation.via is not None
    links, near, far = relation.via.table, relation.via.local, relation.via.remote
    alive = TABLES[links].live_value if "via" in relation.live else None
    follow = _follower(relation, below)
    by_key = TABLES[relation.table].primary_key

    def follow_links(tables: Tables, keys: Iterable[Any]) -> dict[Any, list[Row]]:
        ways = {key: {row[far] for row in rows} for key, rows in tables[links].gathered(near, keys, alive).items()}
        targets = follow(tables, set().union(*ways.values()))
        found = {}
        is_shared = len(ways) > 1
        for key, ends in ways.items():
            rows = [row for end in ends for row in targets.get(end, ())]
            if is_shared:
                rows = [_twin(row, below) for row in rows]
            found[key] = sorted(rows, key=lambda row: row[by_key]) if len(rows) > 1 else rows
        return found

    return follow_links


def _twin(row: Row, below: Plan) -> Row:
    """A copy of a row that shares nothing with it, the relations below included."""
    twin = row.copy()
    for relation, deeper in below:
        held = row[relation.name]
        if held:
            twin[relation.name] = [_twin(end, deeper) for end in held] if relation.many else _twin(held, deeper)
        elif relation.many:
            twin[relation.name] = []
    return twin
