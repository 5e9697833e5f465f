"""Which rows belong to which, as the schema says: what goes into the shadow tables together with a row."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from nova_db.engine import FALSE, TRUE, Eq, Exists, In, Predicate, all_of, any_of
from nova_db.schema import TABLES, Table


class Dependency(NamedTuple):
    """A row of ``table`` belongs to the row of ``owner`` whose ``remote`` is in its ``column``, or holds it.

    ``enforced``: by a foreign key.  ``holds``: a live row serves one owner after another, and keeps the one it has.
    ``unless``: the column, and table and column named by it, of a live row for which it stays.
    """

    table: str
    column: str
    owner: str
    remote: str
    enforced: bool
    holds: bool = False
    unless: tuple[str, str, str] | None = None

    def of(self, values: Collection[Hashable]) -> Predicate:
        """The rows of the owners that have these values."""
        return all_of(In(self.column, values), self.unkept())

    def unkept(self) -> Predicate:
        """A row that nobody else keeps."""
        return TRUE if self.unless is None else self._keeper(negated=True)

    def kept(self) -> Predicate:
        """A row that somebody else keeps."""
        return FALSE if self.unless is None else self._keeper()

    def _keeper(self, *, negated: bool = False) -> Predicate:
        assert self.unless is not None
        column, table, remote = self.unless
        return Exists(table, ((column, remote),), not_deleted(table), negated=negated)


def _dependencies(table: Table) -> Iterator[Dependency]:
    named = {each.column: (each.column, each.table, each.remote) for each in table.mentions}
    named |= {each.column: (each.column, each.table, each.remote) for each in table.owners}
    for owner in table.owners:
        unless = named[owner.unless] if owner.unless else None
        yield Dependency(table.name, owner.column, owner.table, owner.remote, owner.enforced, unless=unless)
    for each in table.mentions:
        if each.holds:
            yield Dependency(table.name, each.column, each.table, each.remote, enforced=True, holds=True)


_ALL: Final = tuple(each for table in TABLES.values() for each in _dependencies(table))

DEPENDENTS: Final[Mapping[str, tuple[Dependency, ...]]] = MappingProxyType(
    {name: tuple(each for each in _ALL if each.owner == name) for name in TABLES}
)
"""For each table the rows that belong to one of its rows."""

DEPENDENCIES: Final[Mapping[str, tuple[Dependency, ...]]] = MappingProxyType(
    {name: tuple(each for each in _ALL if each.table == name) for name in TABLES}
)
"""For each table the rows that one of its rows belongs to, or holds."""

_HOLDERS: Final = frozenset(each.table for each in _ALL if each.holds)
HOLDERS_OWNERS: Final = frozenset(each.owner for each in _ALL if each.table in _HOLDERS and not each.holds)
"""The tables with whose rows go such as hold rows of other tables: they go first."""

LOOSE: Final = tuple(each for each in _ALL if not each.enforced)
"""What no foreign key keeps from being left behind by its owner."""
HOLDING: Final = tuple(each for each in LOOSE if each.table in _HOLDERS)
"""Those of them that may hold rows of other tables."""


def columns(name: str) -> tuple[str, ...]:
    """The primary key of a table, and the columns by which others belong to it."""
    return tuple(dict.fromkeys((TABLES[name].primary_key, *(each.remote for each in DEPENDENTS[name]))))


def not_deleted(name: str) -> Predicate:
    """A row that is live, or of which nobody knows whether it is."""
    return any_of(Eq("deleted", TABLES[name].live_value), Eq("deleted", None))


def held(name: str, *, negated: bool = False) -> list[Predicate]:
    """For each way in which a row may be in use by a row that stays, whether it is."""
    return [
        Exists(each.table, ((each.remote, each.column),), not_deleted(each.table), negated=negated)
        for each in DEPENDENTS[name]
        if each.holds
    ]


def free(name: str) -> Predicate:
    """A row that no row holds that stays."""
    return all_of(*held(name, negated=True))
