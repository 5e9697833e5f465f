"""Mistakes of engines whose writers are open at once or whose rows are in files: what they rely on, and when."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from nova_db.engine import Isolation, Row
from nova_db.engine.rows import Readable
from nova_db.exceptions import DBDeadlock, DBError
from nova_db_lmdb import LMDBDriver, LMDBEngine
from tests.kv_engine.driver import KVDriver
from tests.kv_engine.engine import KVEngine, KVTransaction
from tests.suite.plants.registry import Planted, planted_driver, planted_engine


class _Driver(KVDriver):
    """A driver on the key-value engine, whose transactions are of another class."""

    planted: type[KVTransaction] = KVTransaction

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(connection, conf)
        planted = self.planted

        class Engine(KVEngine):
            def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> KVTransaction:
                tx = super().write(isolation=isolation, losses=losses)
                tx.__class__ = planted
                return tx

        self.engine.__class__ = Engine


@planted_driver(stage="integrity", base="kv")
class LastWriterWins(_Driver):
    """Commits whatever has been committed meanwhile."""

    class planted(KVTransaction):  # noqa: N801 - stands for an attribute
        def _commit(self) -> None:
            self._cells.relied_on.clear()
            super()._commit()


@planted_driver(stage="isolation", base="kv")
class LocksNothing(_Driver):
    """Lets others change the rows that a query locks."""

    class planted(KVTransaction):  # noqa: N801
        def _lock(self, rows: Readable, found: Sequence[Row]) -> None:
            pass


@planted_driver(stage="isolation", base="kv")
class LocksTakeNothing(_Driver):
    """Looks, at the commit, whether rows that were locked are as they were, and does not tell others of the lock."""

    class planted(KVTransaction):  # noqa: N801
        def _lock(self, rows: Readable, found: Sequence[Row]) -> None:
            for row in found:
                self._cells.rely_on((rows.layout.name, "", rows.layout.by_key(row)))


@planted_driver(stage="isolation", base="kv")
class ShowsWhatConflicts(_Driver):
    """Goes on, until the commit, with what others have done under a name that it holds."""

    class planted(KVTransaction):  # noqa: N801
        def _refresh(self) -> None:
            self._cells.state = self._snapshot or self._store.state


@planted_driver(stage="isolation", base="kv")
class SerializesNothing(_Driver):
    """Lets two writers have a name at once."""

    class planted(KVTransaction):  # noqa: N801
        def serialize(self, *names: str) -> None:
            self.require_usable(for_writing=True)


@planted_driver(stage="integrity", base="kv")
class TrustsUniqueLooks(_Driver):
    """Does not rely on what unique rules and references were looked up for."""

    class planted(KVTransaction):  # noqa: N801
        def _commit(self) -> None:
            relied_on = self._cells.relied_on
            kept = {key: at for key, at in relied_on.items() if key in self._cells.writes or key[0] == "serialize"}
            self._cells.relied_on = kept
            super()._commit()


@planted_driver(stage="isolation", base="kv")
class ForgetsGaps(_Driver):
    """Has an isolated writer rely on the rows that it has found, and not on those that were not there."""

    class planted(KVTransaction):  # noqa: N801
        def _commit(self) -> None:
            cells = self._cells
            if cells.is_isolated:
                cells.relied_on = {key: at for key, at in cells.relied_on.items() if key in cells.state.cells}
            super()._commit()


@planted_driver(stage="isolation", base="kv")
class OneStateForPlainWriters(_Driver):
    """Has a plain writer see the state of its beginning ever after."""

    class planted(KVTransaction):  # noqa: N801
        def _refresh(self) -> None:
            pass


@planted_driver(stage="integrity", base="kv")
class ConflictsAreErrors(_Driver):
    """Tells of a conflict as of an error that is not worth another attempt."""

    class planted(KVTransaction):  # noqa: N801
        def _commit(self) -> None:
            try:
                super()._commit()
            except DBDeadlock as error:
                raise DBError(error, message="the store has refused the writes") from None


@planted_driver(stage="isolation", base="kv")
class IsolatedIsPlain(KVDriver):
    """Takes no notice of the isolation that is asked for."""

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(connection, conf)
        write = self.engine.write

        def plain(*, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> Any:
            return write(losses=losses)

        self.engine.write = plain  # type: ignore[method-assign]


@planted_engine("transactions", "lmdb")
class HalfASavepoint(Planted):
    """Takes back the last write of a savepoint alone."""

    __slots__ = ()

    def _undo(self, mark: Any) -> None:
        buffer: Any = self.cells  # type: ignore[attr-defined] # of a transaction on cells
        super()._undo(max(mark, buffer.mark() - 1))  # type: ignore[safe-super] # that of LMDB's transactions


@planted_engine("rows", "lmdb")
class DropsTheLastCell(Planted):
    """Loses, of what is committed, the cell with the greatest key."""

    __slots__ = ()

    def _apply(self, writes: Mapping[bytes, bytes | None]) -> None:
        kept = dict(sorted(writes.items())[:-1]) if len(writes) > 1 else writes
        super()._apply(kept)  # type: ignore[misc] # a method of LMDB's transactions


@planted_engine("rows", "lmdb")
class ForgetsRemovals(Planted):
    """Writes the cells of a commit, and removes none."""

    __slots__ = ()

    def _apply(self, writes: Mapping[bytes, bytes | None]) -> None:
        super()._apply({key: value for key, value in writes.items() if value is not None})  # type: ignore[misc]


@planted_driver(stage="functions", base="lmdb")
class KnownByItsName(LMDBDriver):
    """Takes a database that two URLs lead to for two."""

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(connection, conf)

        class Engine(LMDBEngine):
            def identity(self) -> Hashable:
                return self.location()

        self.engine.__class__ = Engine


@planted_driver(stage="isolation", base="kv")
class ForgetsLooksInSavepoints(_Driver):
    """An isolated writer no longer relies on what it has read in a savepoint that was undone."""

    class planted(KVTransaction):  # noqa: N801
        def _undo(self, mark: Any) -> None:
            self._cells.writes, self._cells.relied_on = mark
