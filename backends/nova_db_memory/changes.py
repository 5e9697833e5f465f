"""What a writer does to rows, and the log that takes it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nova_db.engine import Row, Values
from nova_db.engine.assignments import updated
from nova_db.engine.keys import HIGHEST_ID, used_up
from nova_db.exceptions import DBReferenceError
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

    def _insert(self, rows: Sequence[tuple[Store, Row]]) -> None:
        """Store new rows, which are the stores' from now on, and give those an id that lack one."""
        for place, (store, row) in enumerate(rows):
            if store.layout.table.autoincrement and not _number(store, row):
                self._replace([(store, None, row) for store, row in rows[:place]])  # what they break is told first
                raise used_up(store.name, store.layout.key)
        self._replace([(store, None, row) for store, row in rows])

    def _update(self, store: Store, rows: Sequence[Row], values: Values) -> list[Row]:
        """Set columns of stored rows; their new versions."""
        changed = updated(store.layout.table, rows, values)
        self._replace([(store, old, new) for old, new in zip(rows, changed, strict=True)])
        return changed

    def _replace(self, versions: Sequence[tuple[Store, Row | None, Row | None]]) -> None:
        """Put versions of rows in the place of others; None stands for no row, before or after.

        What is taken already, in any of the rows, is told before a reference that leads nowhere.
        """
        broken: DBReferenceError | None = None
        for store, old, new in versions:
            if new is not None:
                integrity.check_unique(store, old, new)
            if broken is None:
                try:
                    integrity.check_references(self._stores, store, old, new)
                except DBReferenceError as error:
                    broken = error
            self._put(store, old, new)
        if broken is not None:
            try:
                raise broken
            finally:
                del broken  # it refers to this frame

    def _put(self, store: Store, old: Row | None, new: Row | None) -> None:
        key = store.layout.by_key(new if old is None else old)  # type: ignore[arg-type] # one of them is a row
        # The log comes first, so that a copy of the process, made by a fork at any moment, can undo it.
        self.log.append((store.name, key, old, new))
        store.put(key, old, new)


def _number(store: Store, row: Row) -> bool:
    """Give a row the next id, unless it has one; whether there was one left."""
    key = store.layout.key
    if row.get(key) is None:
        if store.next_id > HIGHEST_ID:
            return False
        row[key] = store.next_id
    store.next_id = max(store.next_id, row[key] + 1)
    return True
