"""Which value of this run stands for which value of the recording.

Row ids and generated uuids are made up by the database.  They need not be equal, but the same one must stand for the
same one throughout a sequence, in both directions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nova_db.schema import TABLES

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANCE_NAME = "instance-%08x"
REFERENCES = frozenset(
    (
        "action_id",
        "aggregate_id",
        "compute_node_id",
        "fixed_ip_id",
        "group_id",
        "network_id",
        "parent_group_id",
        "pool_id",
        "security_group_id",
        "service_id",
        "usage_id",
        "virtual_interface_id",
    )
)
"""Columns that hold ids of other rows."""
LOOK_ALIKE = {
    columns for columns, tables in Counter(frozenset(table.names) for table in TABLES.values()).items() if tables > 1
}
"""Columns that are those of several tables."""


class Identities:
    """The pairs met so far."""

    def __init__(self, given: Iterable[str]) -> None:
        self._given = frozenset(given)
        self._pairs: dict[tuple[str, Hashable, Any], Any] = {}

    def same(self, kind: Hashable, recorded: Any, found: Any) -> bool:
        """Whether the two stand for each other, as they do from now on if neither was met before."""
        forth, back = ("recorded", kind, recorded), ("found", kind, found)
        return bool(
            self._pairs.setdefault(forth, found) == found and self._pairs.setdefault(back, recorded) == recorded
        )

    def same_text(self, recorded: str, found: str) -> bool:
        """Whether two texts are equal, or generated uuids that stand for each other."""
        if recorded == found:
            return True
        generated = _UUID.fullmatch(recorded) and _UUID.fullmatch(found) and recorded not in self._given
        return bool(generated) and self.same("uuid", recorded, found)

    def same_made_up(
        self, column: str, recorded: Mapping[str, Any], found: Mapping[str, Any], where: str
    ) -> bool | None:
        """Whether a made-up column of two records agrees; None where the column is not made up."""
        mine, theirs = recorded[column], found[column]
        if type(mine) is int and type(theirs) is int:
            if column == "id":
                return self.same(_kind(recorded, where), mine, theirs)
            if column in REFERENCES:
                return self.same(column, mine, theirs)
        if isinstance(recorded.get("id"), int) and isinstance(found.get("id"), int):
            if column == "deleted" and mine and mine == recorded["id"]:
                return bool(theirs == found["id"])
            if column == "name" and mine == _INSTANCE_NAME % recorded["id"]:
                return bool(theirs == _INSTANCE_NAME % found["id"])
        return None

    @contextmanager
    def trial(self) -> Iterator[Trial]:
        """A block whose pairs are kept only if it says so."""
        before = dict(self._pairs)
        attempt = Trial()
        yield attempt
        if not attempt.kept:
            self._pairs = before


class Trial:
    """The outcome of a trial."""

    kept = False

    def keep(self) -> None:
        """Keep the pairs of the block."""
        self.kept = True


def uuids_in(value: Any) -> Iterator[str]:
    """The uuids that arguments of a sequence give; those are not made up."""
    if isinstance(value, str):
        yield from _UUID.findall(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from uuids_in(key)
            yield from uuids_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from uuids_in(item)


def _kind(record: Mapping[str, Any], where: str) -> Hashable:
    """What rows a record is of: tables are told apart by their columns, and those that look alike by their place."""
    columns = frozenset(key for key, value in record.items() if not isinstance(value, (dict, list)) or is_marker(value))
    if columns not in LOOK_ALIKE:
        return columns
    function, _, relation = where.rpartition(".")
    name = relation.partition("[")[0]
    return name if function else "_".join(name.split("_")[:2])


def is_marker(value: Any) -> bool:
    """Whether a recorded value is written as a dict with one key that begins with a dollar sign."""
    return isinstance(value, dict) and any(key.startswith("$") for key in value)
