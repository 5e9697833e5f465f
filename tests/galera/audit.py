"""What a load has left in the database, held against what its calls were told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from nova_db.engine import Query, Row
from nova_db.schema import TABLES
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.settings import Settings
from tests.galera.load import (
    COMMIT,
    CREATE,
    DESTROY,
    DONE,
    LIMIT,
    RENAME,
    RESERVE,
    TAKE,
    UNKNOWN,
    WALK,
    WALKED,
    Entry,
    Journal,
)
from tests.galera.spread import alone

Dump = dict[str, list[Row]]


def dump(url: str, number: int) -> Dump:
    """All rows as one node has them, once it has all that was committed on any."""
    engine = SQLEngine(alone(url, number), Settings(wsrep_sync_wait=1))
    reader = engine.read()
    found = {table: reader.select(Query(table)) for table in TABLES}
    reader.commit()
    engine.close()
    return found


class Audit:
    """A journal beside the data; `check` raises AssertionError where they do not fit together."""

    def __init__(self, journal: Journal, data: Dump) -> None:
        self._journal = journal
        self._instances = {row["uuid"]: row for row in data["instances"]}
        self._taken = [row for row in data["fixed_ips"] if row["instance_uuid"]]
        self._reservations = data["reservations"]
        self._usages = data["quota_usages"]
        self._owners = {row["instance_uuid"]: row["address"] for row in self._taken}
        self._expiries = {row["expire"]: row["uuid"] for row in self._reservations}
        self._ended = {row["uuid"] for row in self._reservations if row["deleted"]}
        self.stored: Counter[str] = Counter()
        """Of the commits of unknown outcome those whose work is there, by kind of call."""

    def check(self) -> None:
        """Whatever was acknowledged is there, whatever was refused is not, and nothing is there twice."""
        for entry in self._journal.entries:
            if entry.kind not in (RENAME, WALK):
                self._check_entry(entry)
        self._check_names()
        self._check_walk()
        assert len(self._instances) == 1 + self._count(CREATE)
        assert len(self._taken) == len(self._owners) == self._count(TAKE), "an address was given twice"
        assert len(self._reservations) == len(self._expiries) == self._count(RESERVE)
        self._check_quota()

    def _check_entry(self, entry: Entry) -> None:
        is_there = self._is_there(entry)
        if entry.told == UNKNOWN:
            self.stored[entry.kind] += is_there
        else:
            assert is_there == (entry.told == DONE), f"{entry} does not fit the data"

    def _is_there(self, entry: Entry) -> bool:
        key, result = entry.key, entry.result
        if entry.kind == CREATE:
            return key in self._instances
        if entry.kind == DESTROY:
            return bool(self._instances[key]["deleted"])
        if entry.kind == TAKE:
            return key in self._owners and result in (None, self._owners[key])
        if entry.kind == RESERVE:
            return key[0] in self._expiries and result in (None, [self._expiries[key[0]]])
        return key in self._ended

    def _check_names(self) -> None:
        """Each instance has the last name that was acknowledged, or one of unknown outcome that came later."""
        possible = {entry.key: {entry.result} for entry in self._journal.of(CREATE, DONE)}
        for entry in self._journal.entries:
            if entry.kind == RENAME and entry.told in (DONE, UNKNOWN):
                uuid, name = entry.key
                possible[uuid] = {name} if entry.told == DONE else possible[uuid] | {name}
                self.stored[RENAME] += entry.told == UNKNOWN and self._instances[uuid]["display_name"] == name
        for uuid, names in possible.items():
            assert self._instances[uuid]["display_name"] in names, f"{uuid} is not called one of {names}"

    def _check_walk(self) -> None:
        """Each step was taken once: by whom it was acknowledged to, or else by one of unknown outcome."""
        acknowledged = Counter(entry.key for entry in self._journal.of(WALK, DONE))
        reached = int(self._instances[WALKED]["task_state"])
        assert set(acknowledged.values()) <= {1}, "a step was taken twice"
        missing = set(range(1, reached + 1)) - acknowledged.keys()
        assert not acknowledged.keys() - set(range(1, reached + 1)), "a step was lost"
        assert missing <= self._unknown(WALK), "a step was taken that nobody took"
        self.stored[WALK] = len(missing)

    def _check_quota(self) -> None:
        deltas = {row["uuid"]: row["delta"] for row in self._reservations}
        committed = sum(deltas[entry.key] for entry in self._possible(COMMIT) if entry.key in self._ended)
        reserved = sum(max(row["delta"], 0) for row in self._reservations if not row["deleted"])
        [usage] = self._usages
        assert (usage["in_use"], usage["reserved"]) == (committed, reserved), "a usage does not fit the reservations"
        assert usage["in_use"] + usage["reserved"] <= LIMIT, "the quota is over-committed"

    def _count(self, kind: str) -> int:
        """How many calls of a kind took effect."""
        return sum(1 for _ in self._journal.of(kind, DONE)) + self.stored[kind]

    def _possible(self, kind: str) -> Iterator[Entry]:
        yield from self._journal.of(kind, DONE)
        yield from self._journal.of(kind, UNKNOWN)

    def _unknown(self, kind: str) -> set[Any]:
        return {entry.key for entry in self._journal.of(kind, UNKNOWN)}

    def report(self) -> Iterator[str]:
        """What the calls were told, and how the commits of unknown outcome turned out: a line for each."""
        told = self._journal.told()
        yield f"{told.pop(DONE):>6} calls acknowledged, and found in the data"
        unknown = told.pop(UNKNOWN, 0)
        for name, number in sorted(told.items()):
            yield f"{number:>6} refused with {name}, and not found in the data"
        yield f"{unknown:>6} commits of unknown outcome: {self.stored.total()} found in the data, the others not"
        kinds = Counter(entry.kind for entry in self._journal.entries if entry.told == UNKNOWN)
        for kind, number in sorted(kinds.items()):
            yield f"{'':>6} {kind}: {self.stored[kind]} of {number}"
        yield f"{self._journal.longest:>6.1f} seconds the longest call took"
