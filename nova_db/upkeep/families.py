"""Which rows belong to which: what goes into the shadow tables together with a row that was deleted."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from nova_db.engine import Eq, Exists, Predicate, all_of, any_of
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Dependency(NamedTuple):
    """A row of ``table`` belongs to the row whose ``remote`` is in its ``column``."""

    table: str
    column: str
    remote: str


REUSED: Final = frozenset({"fixed_ips", "iscsi_targets"})
"""Tables whose live rows serve one owner after another: they hold their owner, and do not go with it."""

_BY_UUID: Final = (
    Dependency("instance_actions", "instance_uuid", "uuid"),
    Dependency("instance_faults", "instance_uuid", "uuid"),
    Dependency("instance_id_mappings", "uuid", "uuid"),
    Dependency("migrations", "instance_uuid", "uuid"),
)
"""What belongs to an instance without a foreign key."""


def _dependencies(owner: str) -> Iterator[Dependency]:
    for table in TABLES.values():
        for key in table.foreign_keys:
            if key.table == owner:
                yield Dependency(table.name, key.column, key.remote)
    if owner == "instances":
        yield from _BY_UUID


DEPENDENTS: Final[Mapping[str, tuple[Dependency, ...]]] = MappingProxyType(
    {name: tuple(_dependencies(name)) for name in TABLES}
)
"""For each table the rows that belong to one of its rows."""


def columns(name: str) -> tuple[str, ...]:
    """The primary key of a table, and the columns by which others belong to it."""
    return tuple(dict.fromkeys((TABLES[name].primary_key, *(each.remote for each in DEPENDENTS[name]))))


def not_deleted(name: str) -> Predicate:
    """A row that is live, or of which nobody knows whether it is."""
    return any_of(Eq("deleted", TABLES[name].live_value), Eq("deleted", None))


def held(name: str, *, negated: bool = False) -> list[Predicate]:
    """For each way in which a row may be in use by a row that stays, whether it is."""
    return [
        Exists(
            dependency.table, ((dependency.remote, dependency.column),), not_deleted(dependency.table), negated=negated
        )
        for dependency in DEPENDENTS[name]
        if dependency.table in REUSED
    ]


def free(name: str) -> Predicate:
    """A row that no row holds that stays."""
    return all_of(*held(name, negated=True))
