"""Relations: from a row to the rows that belong to it, by the indexes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from nova_db.engine import Row
from nova_db.engine.relations import Plan, plan
from nova_db.schema import TABLES, Relation
from nova_db_memory.storage import Stores

Follow = Callable[[Stores, Any], list[Row]]
"""From the value of a relation's local column to the stored rows at the other end, by primary key."""


@functools.lru_cache(maxsize=1024)
def follower(relation: Relation) -> Follow:
    """The function that follows a relation."""
    table, remote, via = relation.table, relation.remote, relation.via
    alive = TABLES[table].live_value if "target" in relation.live else None

    def follow(stores: Stores, key: Any) -> list[Row]:
        return stores[table].having(remote, key, alive)

    if via is None:
        return follow
    links, near, far = via.table, via.local, via.remote
    link_alive = TABLES[links].live_value if "via" in relation.live else None
    by_key = TABLES[table].primary_key

    def follow_links(stores: Stores, key: Any) -> list[Row]:
        ends = {row[far]: None for row in stores[links].having(near, key, link_alive)}
        targets = [row for end in ends if end is not None for row in follow(stores, end)]
        if len(targets) > 1:
            targets.sort(key=lambda row: row[by_key])
        return targets

    return follow_links


class Branch:
    """A relation to attach to rows of a table, and the relations below it."""

    __slots__ = ("_alive", "_below", "_follow", "_local", "_many", "_name")

    def __init__(self, table: str, relation: Relation, below: Plan) -> None:
        self._name, self._local, self._many = relation.name, relation.local, relation.many
        self._alive = TABLES[table].live_value if "source" in relation.live else None
        self._follow = follower(relation)
        self._below = tuple(Branch(relation.table, *part) for part in below)

    def attach(self, stores: Stores, source: Row, copy: Row) -> None:
        """Set the relation of a stored row on a copy of it."""
        key = source[self._local]
        if key is None or (self._alive is not None and source["deleted"] != self._alive):
            copy[self._name] = [] if self._many else None
            return
        found = self._follow(stores, key)
        copies = [row.copy() for row in found]
        if self._below:
            attach(stores, found, copies, self._below)
        copy[self._name] = copies if self._many else copies[0] if copies else None


@functools.lru_cache(maxsize=1024)
def branches(table: str, load: tuple[str, ...]) -> tuple[Branch, ...]:
    """The relations ``load`` of a table."""
    return tuple(Branch(table, *part) for part in plan(table, load))


def attach(stores: Stores, rows: list[Row], copies: list[Row], relations: tuple[Branch, ...]) -> None:
    """Set the relations of stored rows on copies of them."""
    for row, copy in zip(rows, copies, strict=True):
        for relation in relations:
            relation.attach(stores, row, copy)
