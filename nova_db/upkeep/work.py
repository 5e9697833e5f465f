"""What archiving and purging have in common: short transactions, one after another, and what they have done."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeVar

from nova_db.context import get_admin_context
from nova_db.engine import FALSE, TRUE, Lt, Predicate
from nova_db.exceptions import DBCommitUnknown
from nova_db.staleness import on_primary

if TYPE_CHECKING:
    from nova_db.engine import Transaction
    from nova_db.operations import EngineDriver

R = TypeVar("R")
Listener = Callable[["Counter[str]"], None]
"""Is told after each transaction how many rows of which table it has moved or removed."""

BATCH_ROWS: Final = 5000
"""How many rows a transaction moves or removes, unless that takes too long."""
FEWEST_ROWS: Final = 100
LONGEST_SECONDS: Final = 1.0
"""Transactions that take longer are made smaller."""
MOST_UNCONFIRMED: Final = 5
"""So many commits in a row whose outcome is unknown are too many."""


class Work:
    """Transactions of bounded size on a driver; a conflict runs one again, a commit of unknown outcome is looked after.

    :param max_rows: stop after so many rows; None: do not stop.
    :param batch_rows: so many rows a transaction at most.
    :param sleep: seconds to wait between two transactions.
    """

    def __init__(
        self,
        driver: EngineDriver,
        *,
        max_rows: int | None = None,
        batch_rows: int = BATCH_ROWS,
        sleep: float = 0.0,
        listener: Listener | None = None,
    ) -> None:
        for name, number, least in (("max_rows", max_rows, 0), ("batch_rows", batch_rows, 1), ("sleep", sleep, 0)):
            if number is not None and number < least:
                raise ValueError(f"{name} must be at least {least}, not {number}")
        self._driver = driver
        self._max_rows = max_rows
        self.most = batch_rows
        self._rows = batch_rows
        self._sleep = sleep
        self._listener = listener
        self._unconfirmed = 0
        self._is_first = True
        self.done: Counter[str] = Counter()
        """Rows by table."""

    @property
    def left(self) -> int | None:
        """How many rows may still be moved or removed; None: any number."""
        return None if self._max_rows is None else self._max_rows - self.done.total()

    @property
    def room(self) -> int:
        """How many rows the next transaction may move or remove."""
        left = self.left
        return self._rows if left is None else min(self._rows, left)

    @property
    def bound(self) -> int:
        """How many rows that belong together go together."""
        left = self.left
        return self.most if left is None else min(self.most, left)

    def read(self, call: Callable[[Transaction], R]) -> R:
        """Read in one snapshot, and never an old one."""
        return reading(self._driver, call)

    def write(self, call: Callable[[Transaction], Counter[str]]) -> bool:
        """Run a transaction that gives the rows it has moved or removed; False: nobody knows whether it has."""
        if self._sleep and not self._is_first:
            time.sleep(self._sleep)
        self._is_first = False
        begun = time.monotonic()
        try:
            # Its writes hold as those of single calls do; who relies on rows that go is told.
            done = self._driver.run(get_admin_context(), lambda session: call(session.tx), isolation="read committed")
        except DBCommitUnknown:
            # Rows that are still there are found again, so all that is lost is their number.
            self._unconfirmed += 1
            if self._unconfirmed > MOST_UNCONFIRMED:
                raise
            return False
        self._unconfirmed = 0
        self._adapt(time.monotonic() - begun)
        self.done.update(done)
        if self._listener is not None:
            self._listener(done)
        return True

    def _adapt(self, seconds: float) -> None:
        if seconds > LONGEST_SECONDS:
            self._rows = max(min(FEWEST_ROWS, self.most), self._rows // 2)
        elif seconds < LONGEST_SECONDS / 2:
            self._rows = min(self.most, self._rows + self._rows // 4 + 1)


def reading(driver: EngineDriver, call: Callable[[Transaction], R]) -> R:
    """Read in one snapshot, and never an old one."""
    return on_primary(driver._read, call, snapshot=True)


def require_writing(driver: EngineDriver, table: str) -> None:
    """Remove no row from a table: where there is nothing to do yet, a user who may only read is told all the same.

    :raises DBError: this user may not do that, or nobody may.
    """

    def attempt(losses: int) -> None:
        tx = driver.engine.write(losses=losses)
        try:
            tx.delete(table, FALSE)
        finally:
            tx.rollback()

    driver._retries.run(attempt)


def deleted_before(before: dt.datetime | None) -> Predicate:
    """A row that was deleted before a time; None: whenever."""
    return TRUE if before is None else Lt("deleted_at", before)


def in_utc(moment: dt.datetime | None) -> dt.datetime | None:
    """A time as it is stored: naive UTC."""
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(dt.UTC).replace(tzinfo=None)


def total(driver: EngineDriver, counted: Iterable[tuple[str, Predicate]]) -> int:
    """How many rows meet the conditions on their tables."""

    def count(tx: Transaction) -> int:
        return sum(int(tx.aggregate(table, where)[0]["count"]) for table, where in counted)

    return reading(driver, count)
