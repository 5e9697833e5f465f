"""What a writer does to rows, and the log that takes it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nova_db.engine import Row, Values
from nova_db.engine.assignments import updater
from nova_db_memory import integrity
from nova_db_memory.storage import Store, Stores
from nova_db_memory.versions import Before, Change, Former


class Changing:
    """The part of a transaction that changes rows in place; each change is in the undo log before it is made."""

    __slots__ = ("_before", "_stores", "log")

    _stores: Stores
    log: list[Change]
    """To be read; it grows and shrinks under the engine's latch."""
    _before: Before | None

    def before(self) -> Mapping[str, Former]:
        """The committed versions of the rows that were changed, by table."""
        if self._before is None:
            self._before = Before(self.log)
        return self._before.tables()

    def take_back(self, mark: int = 0) -> None:
        """Undo all changes but the first ``mark``.  Interrupted anywhere, it can be done again."""
        log = self.log
        if self._before is not None:
            self._before.read_again_from(mark)
        while len(log) > mark:  # one less each time
            table, key, old, new = log[-1]
            self._stores.writable(table).put(key, new, old)
            log.pop()

    def _insert(self, store: Store, row: Row) -> Row:
        """Store a row, which is the store's from now on."""
        key = store.layout.key
        if store.layout.table.autoincrement:
            if row.get(key) is None:
                row[key] = store.next_id
            store.next_id = max(store.next_id, row[key] + 1)
        self._replace(store, None, row)
        return row

    def _update(self, store: Store, rows: Sequence[Row], values: Values) -> list[Row]:
        """Set columns of stored rows; their new versions."""
        update = updater(store.layout.table, values)
        changed = []
        for row in rows:
            new = update(row)
            self._replace(store, row, new)
            changed.append(new)
        return changed

    def _replace(self, store: Store, old: Row | None, new: Row | None) -> None:
        """Put a version of a row in the place of another one; None stands for no row, before or after."""
        integrity.check(self._stores, store, old, new)
        key = store.layout.key
        left, taken = old and old[key], new and new[key]
        if left is None or taken is None or left == taken:
            self._put(store, left if taken is None else taken, old, new)
        else:
            self._put(store, left, old, None)
            self._put(store, taken, None, new)

    def _put(self, store: Store, key: Any, old: Row | None, new: Row | None) -> None:
        # The log comes first, so that a copy of the process, made by a fork at any moment, can undo it.
        self.log.append((store.name, key, old, new))
        store.put(key, old, new)
