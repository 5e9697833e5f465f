"""The ways in which rows change: records made, updated, soft-deleted, and sets of keys and values replaced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.engine import Col, Eq, IfChanged, IfNew, Ne, NotIn, Predicate, Query, Row, all_of
from nova_db.operations.rows import locks
from nova_db.operations.rows.conditions import LIVE
from nova_db.operations.rows.records import add_computed
from nova_db.schema import TABLES, Kind, Table

if TYPE_CHECKING:
    from nova_db.engine import Transaction


def create(tx: Transaction, table: Table, values: Mapping[str, Any]) -> Row:
    """Insert one row; the record, without relations."""
    row = tx.insert((table.name, [table.insert_values(values)]))[0][0]
    add_computed(table.name, [row])
    return row


def record_update(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The assignments of an update by record: ``updated_at`` moves only where a column really changes."""
    changes = table.update_values(values)
    return _stamped(changes, IfChanged(utcnow())) if changes else changes


def condition_update(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """The assignments of an update by condition: ``updated_at`` moves on every row that matches."""
    return _stamped(table.update_values(values), utcnow())


def _stamped(changes: dict[str, Any], stamp: Any) -> dict[str, Any]:
    """With ``updated_at``: a new value that is given, be it None; else the stamp, and where the stored one is given."""
    changes["updated_at"] = IfNew(changes["updated_at"], stamp) if "updated_at" in changes else stamp
    return changes


def update_record(
    tx: Transaction,
    table: Table,
    where: Predicate,
    values: Mapping[str, Any],
    *,
    load: tuple[str, ...] = (),
    first: bool = False,
) -> Row | None:
    """Update a row as a record; the record as it is now, None where no row matches.

    The condition matches at most one row, or ``first`` says that the lowest key of several is meant.
    """
    changes = record_update(table, values)
    key = table.primary_key
    found: list[Row] = []
    if first or not changes:
        found = tx.select(Query(table.name, where, limit=1, load=() if changes else load, lock=True))
        if found and changes:
            where = all_of(Eq(key, found[0][key]), where)
    if changes and (not first or found):
        found = tx.update_returning(Query(table.name, where, load=load), changes)
    if not found:
        return None
    add_computed(table.name, found, load)
    return found[0]


def soft_delete(tx: Transaction, table: str, where: Predicate) -> int:
    """Soft-delete the rows that match; how many did."""
    return tx.update(table, where, {"deleted": Col("id"), "deleted_at": utcnow()})


_TEXTS: Final = {str}


class KeyValues:
    """Rows of keys and values that belong to an owner: at most one live row a key, whoever writes at once."""

    def __init__(self, table: str, owner: str) -> None:
        self.table = TABLES[table]
        self.owner = owner
        self._fits = _fits(self.table)

    def rows(self, owner: Any, items: Mapping[str, Any] | None, now: dt.datetime | None = None) -> list[dict[str, Any]]:
        """Complete rows for items of a new owner, made at one time."""
        return self._made(owner, self._stored(items), now or utcnow())

    def live(self, tx: Transaction, owner: Any, *, lock: bool = False) -> list[Row]:
        """The live rows of an owner, by id."""
        return tx.select(Query(self.table.name, all_of(Eq(self.owner, owner), LIVE), lock=lock))

    def write(
        self, tx: Transaction, owner: Any, items: Mapping[str, Any], *, replace: bool, stamp_removed: bool = False
    ) -> dict[str, Any]:
        """Set the items, in place where the key is live; with ``replace`` soft-delete all other live rows.

        ``stamp_removed`` moves ``updated_at`` of the rows removed.  Returns the items in stored form.
        """
        wanted = self._stored(items)
        tx.serialize(locks.items(self.table.name, owner))
        now = utcnow()
        if replace:
            self._remove_others(tx, owner, wanted, now if stamp_removed else None)
        known = {row["key"] for row in self._update_live(tx, owner, wanted, now)}
        missing = {key: value for key, value in wanted.items() if key not in known}
        if missing:
            tx.insert((self.table.name, self._made(owner, missing, now)))
        return wanted

    def remove(self, tx: Transaction, owner: Any, where: Predicate) -> int:
        """Soft-delete rows of an owner; how many."""
        tx.serialize(locks.items(self.table.name, owner))
        return soft_delete(tx, self.table.name, all_of(Eq(self.owner, owner), where))

    def _stored(self, items: Mapping[str, Any] | None) -> dict[str, Any]:
        """Keys and values in stored form; of keys that are stored alike the last wins."""
        if type(items) is dict and self._fits(items):
            return items.copy()
        key_of, value_of = self.table.checker("key"), self.table.checker("value")
        return {key_of(key): value_of(value) for key, value in _items(self.table, items)}

    def _made(self, owner: Any, stored: Mapping[str, Any], now: dt.datetime) -> list[dict[str, Any]]:
        """Complete rows of an owner, both in the form in which they are stored."""
        if not stored:
            return []
        blank = self.table.complete_values({self.owner: owner, "key": "", "value": ""}, now)
        made = [*map(dict.copy, repeat(blank, len(stored)))]
        for row, item in zip(made, stored.items(), strict=True):
            row["key"], row["value"] = item
        return made

    def _update_live(self, tx: Transaction, owner: Any, wanted: Mapping[str, Any], now: Any) -> list[Row]:
        """Set the values of live rows; the live rows as they were."""
        name = self.table.name
        ids: list[Any] = []
        matched = 0
        for lock in (False, True):
            present = self.live(tx, owner, lock=lock)
            changes = [
                (row["id"], {"value": wanted[row["key"]], "updated_at": now})
                for row in present
                if row["key"] in wanted and row["value"] != wanted[row["key"]]
            ]
            ids = [key for key, _ in changes]
            matched = tx.update_each(name, changes, LIVE) if changes else 0
            if matched == len(ids):
                return present  # else a row was soft-deleted in between, and its key needs a new one; a held one is not
        raise exceptions.DBDisagreement(
            table=name,
            columns=["deleted"],
            value=matched,
            message=f"{name}: asked to update the live rows {ids!r} of {self.owner} {owner!r}, which the database has "
            f"shown and holds, it found {matched} of {len(ids)}.",
        )

    def _remove_others(self, tx: Transaction, owner: Any, wanted: Iterable[str], stamp: Any) -> None:
        now = utcnow()
        values: dict[str, Any] = {"deleted": Col("id"), "deleted_at": now}
        if stamp is not None:
            values["updated_at"] = stamp
        keys = NotIn("key", wanted)
        others = keys if keys.values else Ne("id", None)
        tx.update(self.table.name, all_of(Eq(self.owner, owner), LIVE, others), values)


def _fits(table: Table) -> Callable[[Mapping[Any, Any]], bool]:
    """A test for what most items are, that are stored as they are: texts in ASCII, none of which is too long."""
    columns = (table.column["key"], table.column["value"])
    longest = min(column.length or 0 if column.kind is Kind.STRING else 0 for column in columns)

    def fits(items: Mapping[Any, Any]) -> bool:
        texts = [*items, *items.values()]
        if {*map(type, texts)} != _TEXTS:
            return False
        text = "".join(texts)
        return text.isascii() and "\0" not in text and max(map(len, texts)) <= longest

    return fits


def _items(table: Table, items: Mapping[str, Any] | None) -> Iterable[tuple[Any, Any]]:
    """The pairs of a mapping; anything else is a TypeError, a key of None a DBDataError."""
    if items is None:
        return ()
    if not issubclass(type(items), Mapping):
        raise TypeError(f"{table.name} takes a mapping of keys to values, not {type(items).__name__}")
    if None in items:
        raise exceptions.DBDataError(
            table=table.name, columns=["key"], value=None, message=f"{table.name}.key must not be null"
        )
    return items.items()


def values_by_key(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Keys and values of rows as a dict; of several rows with one key the last wins."""
    return {row["key"]: row["value"] for row in rows}


__all__ = [
    "KeyValues",
    "condition_update",
    "create",
    "record_update",
    "soft_delete",
    "update_record",
    "values_by_key",
]
