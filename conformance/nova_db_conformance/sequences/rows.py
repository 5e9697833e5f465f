"""The rows that the answers of a sequence have shown, for the arguments of later calls to name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from nova_db.engine import Row
from nova_db.schema import TABLES, Kind
from nova_db_conformance.recordings.identity import LOOK_ALIKE
from nova_db_conformance.sequences.steps import Made

_NUMBERS = frozenset({Kind.INTEGER, Kind.BIGINT})
_OWNERS = {
    "action_id": "instance_actions",
    "compute_node_id": "compute_nodes",
    "service_id": "services",
    "network_id": "networks",
    "virtual_interface_id": "virtual_interfaces",
    "fixed_ip_id": "fixed_ips",
    "old_instance_type_id": "instance_types",
    "new_instance_type_id": "instance_types",
    "instance_type_id": "instance_types",
    "instance_id": "instances",
    "volume_type_id": "volumes",
}
"""Columns that hold ids although no foreign key says so, and of which tables."""
_KEPT = 8
"""How many rows of a table are known at once: the newest."""
_ABSENT = 1_000_000
"""Ids from here on are nobody's."""

Shown = tuple[int, tuple[Any, ...], dict[str, Any], dict[str, Any]]


def owner_of(table: str, column: str) -> tuple[str, str] | None:
    """The table and column that a column's values are those of, if they are ids, or refer to other rows."""
    described = TABLES[table].column[column]
    if described.references is not None:
        return described.references
    if described.kind not in _NUMBERS:
        return None
    if described.primary_key:
        return table, column
    return (_OWNERS[column], "id") if column in _OWNERS else None


_TABLES_BY_COLUMNS = sorted(
    ((frozenset(table.names), name) for name, table in TABLES.items() if frozenset(table.names) not in LOOK_ALIKE),
    key=lambda each: -len(each[0]),
)
"""What tells of which table a record is; of those that others look like it is not known."""


class Rows:
    """What is known: what answers have shown, and what ``look`` finds in a table, of rows that both databases have."""

    def __init__(self, look: Callable[[str], Sequence[Row]] = lambda table: ()) -> None:
        self._look = look
        self._shown: dict[str, list[Shown]] = {}

    def copy(self) -> Rows:
        """The same, to go back to."""
        copied = Rows(self._look)
        copied._shown = {table: list(some) for table, some in self._shown.items()}
        return copied

    def learn(self, step: int, one: Any, other: Any) -> None:
        """Take the records of two answers that agree."""
        for path, mine, theirs in _records(one, other, ()):
            table = next((name for columns, name in _TABLES_BY_COLUMNS if columns <= mine.keys()), None)
            if table is not None:
                key = mine.get("id")
                kept = [each for each in self._shown.get(table, ()) if each[2].get("id") != key]
                self._shown[table] = [*kept, (step, path, mine, theirs)][-_KEPT:]

    def value(self, rng: Random, table: str, column: str) -> Any:
        """What some row of a table has in a column; None where nothing is known."""
        some = self._shown.get(table)
        if not some:
            stored = self.stored(rng, table)
            return None if stored is None else stored.get(column)
        step, path, mine, theirs = rng.choice(some[::-1])
        one = mine.get(column)
        # Where both databases have the same, a program is the plainer for saying it.
        return one if one == theirs.get(column) else Made(step, (*path, column))

    def stored(self, rng: Random, table: str, where: Callable[[Row], bool] = lambda row: True) -> Row | None:
        """What both databases have alike of some row that is stored; None where there is none."""
        found = [row for row in self._look(table) if where(row)]
        return rng.choice(found[-_KEPT:]) if found else None

    def number(self, rng: Random, table: str) -> Any:
        """An id of a table; now and then, and where none is known, one that no row has."""
        known = self.value(rng, table, "id") if rng.random() < 0.9 else None
        return _ABSENT + rng.randrange(3) if known is None else known


def _records(one: Any, other: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any, Any]]:
    if isinstance(one, dict):
        if "id" in one:
            yield path, one, other
        items: Any = ((key, value) for key, value in one.items() if isinstance(value, (dict, list)) and key in other)
    elif isinstance(one, (list, tuple)):
        items = enumerate(one[:_KEPT])
    else:
        return
    for key, value in items:
        yield from _records(value, other[key], (*path, key))
