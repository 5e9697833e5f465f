"""Comparing an answer with the recorded one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nova_db.schema import TABLES
from nova_db_conformance.recordings.identity import Identities, is_marker

TIME = "%Y-%m-%dT%H:%M:%S.%f"
_PAIRS = frozenset(("instance_update_and_get_original", "security_group_ensure_default"))
"""Functions whose lists are tuples of different things."""
_UNSORTED = frozenset(
    ("metadata", "system_metadata", "metadetails", "stats", "extra_specs", "rules", "security_groups")
)
"""Relations whose recorded order was an accident."""
_ADDED = frozenset(column.name for table in TABLES.values() for column in table.columns if column.since)
"""Columns that were added to the tables since."""
MISSING = "is missing"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference, of a kind.

    ``value``; ``error``; ``order``, the same items in another one; ``relation``, a record has one more or one less;
    ``unasked``, a call that could not be made.
    """

    kind: str
    where: str
    what: str
    follows: int | None = None
    """The number of the step whose difference this may be a consequence of."""

    def __str__(self) -> str:
        after = "" if self.follows is None else f" (may follow from step {self.follows})"
        return f"{self.kind}: {self.where}: {self.what}{after}"


class Comparison:
    """Compares answers of one sequence."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    def compare(self, recorded: Any, found: Any, where: str) -> Iterator[Difference]:
        """The differences of two answers."""
        if is_marker(recorded):
            yield from self._marked(recorded, found, where)
        elif isinstance(recorded, dict):
            yield from self._mapping(recorded, found, where)
        elif isinstance(recorded, list):
            yield from self._list(recorded, found, where)
        elif not self._same_scalar(recorded, found, where):
            yield Difference("value", where, f"expected {recorded!r}, got {found!r}")

    def _marked(self, recorded: dict[str, Any], found: Any, where: str) -> Iterator[Difference]:
        marker, value = next(iter(recorded.items()))
        if marker == "$now":
            same = isinstance(found, dt.datetime)
        elif marker == "$dt":
            same = isinstance(found, dt.datetime) and found == dt.datetime.strptime(value, TIME)
        elif marker == "$set":
            same = isinstance(found, set) and {str(item) for item in found} == {str(item) for item in value}
        elif marker == "$dict":
            keyed = {tuple(key) if isinstance(key, list) else key: item for key, item in value}
            yield from self._mapping(keyed, found, where)
            return
        else:
            same = marker == "$repr"
        if not same:
            yield Difference("value", where, f"expected {recorded!r}, got {found!r}")

    def _mapping(self, recorded: dict[Any, Any], found: Any, where: str) -> Iterator[Difference]:
        if type(found) is not dict:
            yield Difference("value", where, f"expected a dict, got {found!r}")
            return
        is_record = "id" in recorded and "created_at" in recorded
        for key, value in recorded.items():
            place = f"{where}.{key}"
            if key not in found:
                related = is_record and isinstance(value, (dict, list)) and not is_marker(value)
                yield Difference("relation" if related else "value", place, MISSING)
                continue
            agrees = self._identities.same_made_up(key, recorded, found, where) if isinstance(key, str) else None
            if agrees is None:
                yield from self.compare(value, found[key], place)
            elif not agrees:
                yield Difference("value", place, f"{found[key]!r} does not stand for {value!r}")
        for key in sorted(found.keys() - recorded.keys() - (_ADDED if is_record else set()), key=str):
            yield Difference("relation" if is_record else "value", f"{where}.{key}", "is not in the recording")

    def _list(self, recorded: list[Any], found: Any, where: str) -> Iterator[Difference]:
        if not isinstance(found, (list, tuple)):
            yield Difference("value", where, f"expected a list, got {found!r}")
        elif len(recorded) != len(found):
            yield Difference("value", where, f"expected {len(recorded)} items, got {len(found)}")
        else:
            yield from self._items(recorded, list(found), where)

    def _items(self, recorded: list[Any], found: list[Any], where: str) -> Iterator[Difference]:
        with self._identities.trial() as trial:
            in_order = [
                difference
                for index, (mine, theirs) in enumerate(zip(recorded, found, strict=True))
                for difference in self.compare(mine, theirs, f"{where}[{index}]")
            ]
            if not _serious(in_order):
                trial.keep()
        if not _serious(in_order) or where in _PAIRS or not self._same_items(recorded, found, where):
            yield from in_order
        elif where.rpartition(".")[2] not in _UNSORTED:
            yield Difference("order", where, "same items in another order")

    def _same_items(self, recorded: list[Any], found: list[Any], where: str) -> bool:
        """Whether the items can be matched in some order."""
        left = list(found)
        for mine in recorded:
            for index, theirs in enumerate(left):
                with self._identities.trial() as trial:
                    if not _serious(list(self.compare(mine, theirs, where))):
                        trial.keep()
                if trial.kept:
                    del left[index]
                    break
            else:
                return False
        return True

    def _same_scalar(self, recorded: Any, found: Any, where: str) -> bool:
        if recorded is None or found is None:
            return recorded is found
        if isinstance(recorded, bool) or isinstance(found, bool):
            return bool(recorded) == bool(found)
        if isinstance(recorded, str):
            return self._identities.same_text(recorded, str(found))
        if where.startswith("get_ec2_") and isinstance(found, int):
            return self._identities.same(where, recorded, found)
        return bool(recorded == found)


def _serious(differences: list[Difference]) -> bool:
    return any(difference.kind == "value" for difference in differences)
