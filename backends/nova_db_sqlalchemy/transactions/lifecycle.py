"""How a transaction begins and ends, what runs its statements, and what a failure leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from nova_db.engine import Predicate, Transaction
from nova_db.engine.transaction import following
from nova_db.exceptions import DBDataError, DBError
from nova_db_sqlalchemy.connections.errors import Batches, Fault, Written, translated
from nova_db_sqlalchemy.connections.server import Mode

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection
    from nova_db_sqlalchemy.connections.server import Server
    from nova_db_sqlalchemy.sql.variants import Statement
    from nova_db_sqlalchemy.sql.write_statements import WriteStatements
    from nova_db_sqlalchemy.transactions.database import Database


R = TypeVar("R")


class Lifecycle(Transaction):
    """What becomes of a transaction.  The first call takes a connection and begins."""

    __slots__ = (
        "_connection",
        "_database",
        "_failed_connection",
        "_failure",
        "_is_held",
        "_is_open",
        "_losses",
        "_mode",
        "_points",
    )

    def __init__(
        self,
        database: Database[Server, WriteStatements],
        mode: Mode = Mode.SNAPSHOT,
        losses: int = 0,
        *,
        is_held: bool = True,
    ) -> None:
        self._database = database
        self._mode = mode
        self._losses = losses
        self._is_held = is_held
        """Whether the database has a transaction around the statements."""
        self._connection: Connection | None = None
        """The connection, once the transaction has begun; None again after a failure."""
        self._failed_connection: Connection | None = None
        """The connection after a failure, as long as a rollback, at least to a savepoint, is possible."""
        self._failure: DBError | None = None
        self._is_open = True
        self._points = 0

    def savepoint(self) -> AbstractContextManager[None]:
        return _Savepoint(self)

    def commit(self) -> None:
        if not self._is_open:
            raise DBError(message="The transaction has ended already.")
        failure = self._failure
        if failure is not None:
            self.rollback()
            raise following(failure, "The transaction was rolled back, because a call in it had failed.")
        self._is_open = False
        connection, self._connection = self._connection, None
        if connection is not None:
            self._finish(connection)

    def rollback(self) -> None:
        self._is_open = False
        connection = self._connection or self._failed_connection
        # The error's traceback leads back here: kept, it would keep the transaction alive until the next collection.
        self._connection = self._failed_connection = self._failure = None
        if connection is not None:
            self._undo(connection)

    # ------------------------------------------------------------------------------------------ running statements

    def fetch(
        self,
        statement: Statement[Any],
        values: Sequence[Any],
        batches: Batches = (),
        where: Predicate | None = None,
        **kind: Any,
    ) -> list[Any]:
        """Run a statement on the values of its shape; the rows that it gives.

        ``batches``, ``where`` and ``kind``: what it writes, if it does, for a failure to tell; see ``Written``.
        """
        connection = self._connection or self._start()
        bind = statement.bind
        try:
            cursor = connection.cursor
            cursor.execute(statement.sql, values if bind is None else bind(values))
            rows = cursor.fetchall()
        except self._database.server.errors as error:
            if not self._is_stale(connection, error):
                raise self._failed(connection, error, batches, where, **kind) from error
        else:
            return rows
        return self.fetch(statement, values, batches, where, **kind)

    def hold(self) -> None:
        """Begin, so that several statements see one state."""
        if self._connection is None:
            self._start()

    # -------------------------------------------------------------------------------------- the life of a transaction

    def _start(self) -> Connection:
        """The first call, or one too many."""
        if not self._is_open:
            raise DBError(message="The transaction has ended.")
        if self._failure is not None:
            message = "An earlier call failed: the transaction can only be rolled back, at least to a savepoint."
            raise following(self._failure, message)
        self._connection = self._open()
        return self._connection

    def _open(self) -> Connection:
        """A connection on which the transaction has begun; one that went stale in the pool is replaced."""
        database = self._database
        while True:  # ends with a new connection at the latest, which cannot be stale
            connection = database.pool.take()
            try:
                database.server.begin(connection, self._mode, self._losses)
            except database.server.errors as error:
                if self._is_stale(connection, error):
                    continue
                failure = self._failed(connection, error)
                self.rollback()
                raise failure from error
            except DBError:
                database.pool.give(connection)  # another transaction is in the way
                raise
            except BaseException:
                database.pool.drop(connection)
                raise
            return connection

    def _is_stale(self, connection: Connection, error: BaseException) -> bool:
        """Whether the first statement on a connection shows that it was lost in the pool; it is dropped then."""
        server = self._database.server
        if connection.fresh or not server.is_lost(connection, error):
            return False
        if connection is self._connection:
            if not server.is_beginning(connection):
                return False
            self._connection = None
        self._database.pool.drop(connection)
        return True

    def _finish(self, connection: Connection) -> None:
        """Commit, and give the connection back."""
        raise NotImplementedError

    def _undo(self, connection: Connection) -> None:
        """Roll back, whatever state the connection is in, and give it back."""
        try:
            self._database.server.rollback(connection)
        except self._database.server.errors:
            self._database.pool.drop(connection)  # the server undoes what it no longer hears of
        except DBError:
            self._database.pool.drop(connection)  # it was opened before a fork, the parent ends it
        except BaseException:
            self._database.pool.drop(connection)
            raise
        else:
            self._database.pool.give(connection)

    def _failed(
        self,
        connection: Connection,
        error: BaseException,
        batches: Batches = (),
        where: Predicate | None = None,
        source: str | None = None,
        **kind: Any,
    ) -> DBError:
        """The exception to raise for an error; the transaction can then only be rolled back.  See ``Written``."""
        written = Written.of(batches, where, source, **kind) if batches else None
        fault = self._judged(connection, self._database.server.fault(connection, error), written)
        self._failure = self._translated(connection, error, fault, written)
        self._connection = None
        if self._database.server.is_lost(connection, error):
            self._database.pool.drop(connection)
        elif fault.ends_transaction:
            self._undo(connection)
        else:
            self._failed_connection = connection
        return self._failure

    def _give_up(self, failure: DBError) -> None:
        """Let the transaction only be rolled back, as after an error of the server's: it is our own."""
        if self._connection is not None:
            self._failure, self._failed_connection, self._connection = failure, self._connection, None

    def _refusing(self, work: Callable[[], R]) -> R:
        """Do some work that may find a value to be refused."""
        try:
            return work()
        except DBDataError as failure:
            self._give_up(failure)
            raise

    def _judged(self, connection: Connection, fault: Fault, written: Written | None) -> Fault:
        """What a fault is to this transaction."""
        return fault

    def _translated(
        self, connection: Connection, error: BaseException, fault: Fault, written: Written | None
    ) -> DBError:
        return translated(error, fault, written)

    # ------------------------------------------------------------------------------------------------ savepoints

    def mark(self) -> None:
        """Set a savepoint."""
        self.hold()
        self._points += 1
        self._control(f"SAVEPOINT point{self._points}")

    def release(self) -> None:
        """Keep what was done since the last savepoint."""
        point, self._points = self._points, self._points - 1
        self._control(f"RELEASE SAVEPOINT point{point}")

    def hidden_failure(self) -> DBError | None:
        """What a savepoint takes back of which nobody has told; None too where nothing but a rollback is possible."""
        return None if self._failed_connection is None else self._failure

    def undo_to_mark(self) -> None:
        """Take back what was done since the last savepoint, a failure too; nothing if the transaction is gone."""
        point, self._points = self._points, self._points - 1
        if self._failed_connection is not None:
            self._connection, self._failed_connection, self._failure = self._failed_connection, None, None
        if self._connection is not None:
            self._control(f"ROLLBACK TO SAVEPOINT point{point}")
            self._control(f"RELEASE SAVEPOINT point{point}")

    def _control(self, statement: str) -> None:
        connection = self._connection or self._start()
        try:
            self._database.server.control(connection, statement)
        except self._database.server.errors as error:
            if not self._is_stale(connection, error):
                raise self._failed(connection, error) from error
        else:
            return
        self._control(statement)


class _Savepoint:
    """A block that is undone when an exception leaves it."""

    __slots__ = ("_tx",)

    def __init__(self, tx: Lifecycle) -> None:
        self._tx = tx

    def __enter__(self) -> None:
        self._tx.mark()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        hidden = self._tx.hidden_failure() if error is None else None
        if error is None and hidden is None:
            self._tx.release()
            return
        self._tx.undo_to_mark()
        if hidden is not None:
            raise following(hidden, "An earlier call failed, and its savepoint was undone.")
