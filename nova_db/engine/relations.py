"""Attach related rows to rows already read: one batch a relation, never one read a row."""

from __future__ import annotations

import copy
import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from nova_db.engine.predicates import TRUE, Eq, In, Predicate, all_of
from nova_db.engine.query import Query
from nova_db.engine.values import Row
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.schema import Relation, Table


class Selects(Protocol):
    """What reads rows: a transaction."""

    def select(self, query: Query) -> list[Row]:
        """As ``Transaction.select``."""


class Relates(Protocol):
    """What follows relations: a transaction."""

    def related(self, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
        """As ``Transaction.related``."""


Plan = tuple[tuple["Relation", tuple[Any, ...]], ...]


@functools.lru_cache(maxsize=1024)
def plan(table: str, load: tuple[str, ...]) -> Plan:
    """The relations to load, each with the plan of the relations below it."""
    below: dict[str, list[str]] = {}
    for path in load:
        first, _, rest = path.partition(".")
        below.setdefault(first, [])
        if rest:
            below[first].append(rest)
    relations = TABLES[table].relations
    return tuple((relations[name], plan(relations[name].table, tuple(rests))) for name, rests in below.items())


def attach(tx: Relates, table: str, rows: Sequence[Row], load: tuple[str, ...]) -> None:
    """Set the relations ``load`` on rows of a table, in place; the rows must have the joining columns."""
    if rows and load:
        _attach(tx, TABLES[table], rows, plan(table, load))


def related_rows(tx: Selects, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
    """The (key, row) pairs of a relation through plain selects: what ``Transaction.related`` does by default."""
    target = TABLES[relation.table]
    alive = _live(target, "target", relation)
    if relation.via is None:
        rows = tx.select(Query(relation.table, all_of(In(relation.remote, keys), alive)))
        return [(row[relation.remote], row) for row in rows]
    via = relation.via
    links = tx.select(
        Query(
            via.table,
            all_of(In(via.local, keys), _live(TABLES[via.table], "via", relation)),
            columns=(via.local, via.remote),
        )
    )
    wanted = {link[via.remote] for link in links}
    rows = tx.select(Query(relation.table, all_of(In(relation.remote, wanted), alive)))
    targets = {row[relation.remote]: row for row in rows}
    pairs = dict.fromkeys((link[via.local], link[via.remote]) for link in links if link[via.remote] in targets)
    order = {key: place for place, key in enumerate(targets)}
    return [(key, dict(targets[remote])) for key, remote in sorted(pairs, key=lambda pair: order[pair[1]])]


def _live(table: Table, side: str, relation: Relation) -> Predicate:
    return Eq("deleted", table.live_value) if side in relation.live else TRUE


def _attach(tx: Relates, table: Table, rows: Sequence[Row], relations: Plan) -> None:
    for relation, deeper in relations:
        sources = [row for row in rows if "source" not in relation.live or row["deleted"] == table.live_value]
        pairs = tx.related(relation, _keys(sources, relation.local))
        if deeper:
            _attach(tx, TABLES[relation.table], [row for _, row in pairs], deeper)
        _distribute(relation, rows, sources, pairs)


def _keys(rows: Iterable[Row], column: str) -> tuple[Any, ...]:
    return tuple(dict.fromkeys([row[column] for row in rows if row[column] is not None]))


def _distribute(relation: Relation, rows: Sequence[Row], sources: Sequence[Row], pairs: list[tuple[Any, Row]]) -> None:
    """Give each source row its related rows; a row that several sources share is copied, records are private."""
    name, local, many = relation.name, relation.local, relation.many
    found: defaultdict[Any, list[Row]] = defaultdict(list)
    for key, row in pairs:
        found[key].append(row)
    for row in rows:
        row[name] = [] if many else None
    taken: set[Any] = set()
    for row in sources:
        key = row[local]
        mine = found.get(key)
        if not mine:
            continue
        if key in taken:
            mine = copy.deepcopy(mine)
        taken.add(key)
        row[name] = mine if many else mine[0]
