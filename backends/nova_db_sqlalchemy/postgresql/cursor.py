"""The cursor that transactions on PostgreSQL use: statements that come again are prepared, and some travel together.

With libpq's pipeline mode several statements take one round trip: a packet, and, with the first statement of a
transaction, what begins it.  A statement that is interrupted leaves the connection in the middle of it, and of no use
any more.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import psycopg
from psycopg import generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, PipelineStatus

from nova_db_sqlalchemy.postgresql.unprepared import Unprepared

if TYPE_CHECKING:
    from psycopg.abc import Buffer
    from psycopg.pq.abc import PGresult

    Sent = tuple[bytes, bytes | None, Sequence[Buffer | None]]
    """A statement, its name if it is prepared, and its parameters."""

MOST_PREPARED: Final = 400
"""How many statements a connection keeps prepared."""
_FINE: Final = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.EMPTY_QUERY)

Rows = list[tuple[Any, ...]]
Given = Sequence[str | None]
"""Parameters: texts, which the server types from the statement."""


class Packet(bytes):
    """The texts of statements that travel together, with semicolons between; each has parameters of its own."""

    texts: tuple[bytes, ...]

    @classmethod
    def of(cls, *texts: bytes) -> Packet:
        """The packet of some statements."""
        packet = cls(b";".join(texts))
        packet.texts = texts
        return packet


class Beginning(NamedTuple):
    """What begins a transaction, together with its first statement."""

    statements: tuple[bytes, ...]
    otherwise: Callable[[psycopg.Error], None] | None = None
    """What begins it in another way where one of these has failed, and nothing has begun; or raises."""


class _FailedError(Exception):
    """A statement of a pipeline has failed."""

    def __init__(self, place: int, error: psycopg.Error) -> None:
        super().__init__(place)
        self.place = place
        self.error = error


class Cursor:
    """Runs statements of one connection."""

    __slots__ = (
        "_connection",
        "_counts",
        "_names",
        "_number",
        "_pieces",
        "_result",
        "_transformer",
        "beginning",
        "is_beginning",
        "rowcount",
    )

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._transformer = Transformer(connection)
        self._names: OrderedDict[bytes, bytes] = OrderedDict()
        """The names of the statements that are prepared, the one used last at the end."""
        self._counts: OrderedDict[bytes, int] = OrderedDict()
        """How often others have come, the one that came last at the end."""
        self._number = 0
        self._result: PGresult | None = None
        self._pieces: list[Rows] | None = None
        """The rows of a packet."""
        self.rowcount = -1
        """How many rows the last statement has matched; -1 where that means nothing."""
        self.beginning: Beginning | None = None
        """What is to be sent with the next statement."""
        self.is_beginning = False
        """Whether that has been sent and not been answered, or never will be."""

    def execute(self, statement: str | bytes, parameters: Any = ()) -> Cursor:
        """Run a statement, or those of a packet, each with parameters of its own.  psycopg.Error."""
        self._result = self._pieces = None
        self.is_beginning = False
        if statement.__class__ is Packet:
            self._pieces = []
            self._together(statement.texts, parameters, self._pieces)
        else:
            text = statement.encode() if isinstance(statement, str) else statement
            if self.beginning is None:
                result = self._alone(text, parameters)
            else:
                [result] = self._together((text,), (parameters,))
            self._result = result
            found = result.command_tuples
            self.rowcount = -1 if found is None else found
        return self

    def executemany(self, statement: str | bytes, parameters: Any) -> None:
        """Run a statement once for each list of parameters.  psycopg.Error."""
        matched = 0
        for each in parameters:
            matched += self.execute(statement, each).rowcount
        self.rowcount = matched

    def fetchall(self) -> list[Any]:
        """The rows of the last statement; of a packet one row, of the rows of each of its statements."""
        if self._pieces is not None:
            return [self._pieces]
        return [] if self._result is None else self._rows(self._result)

    def flush(self) -> None:
        """Send what begins the transaction, if it is still to be sent.  psycopg.Error."""
        self.is_beginning = False
        if self.beginning is not None:
            self._together((), ())

    # ------------------------------------------------------------------------------------------------- sending

    def _alone(self, text: bytes, parameters: Given) -> PGresult:
        name = self._name(text)
        self._send(text, name, self._given(parameters))
        return self._done()

    def _together(
        self, texts: Sequence[bytes], parameters: Sequence[Given], pieces: list[Rows] | None = None
    ) -> list[PGresult]:
        """Run statements, after what is to begin the transaction; their results.

        :param pieces: takes the rows of each that gives some.
        """
        beginning, self.beginning = self.beginning, None
        before = () if beginning is None else beginning.statements
        self.is_beginning = beginning is not None
        sent = [(text, self._name(text), self._given(())) for text in before]
        sent += [(text, self._name(text), self._given(each)) for text, each in zip(texts, parameters, strict=True)]
        try:
            results = self._pipelined(sent, pieces)
        except _FailedError as failed:
            if failed.place >= len(before) or beginning is None or beginning.otherwise is None:
                raise failed.error from None
            beginning.otherwise(failed.error)
            return self._together(texts, parameters, pieces)
        except BaseException:
            if self._connection.pgconn.pipeline_status != PipelineStatus.OFF:
                self._connection.close()  # nobody knows what is still to come
            raise
        return results[len(before) :]

    def _pipelined(self, sent: Sequence[Sent], pieces: list[Rows] | None) -> list[PGresult]:
        """The results of statements in a pipeline; _FailedError for the first that fails, behind which none is run."""
        pgconn, wait = self._connection.pgconn, self._connection.wait
        pgconn.enter_pipeline_mode()
        for each in sent:
            self._send(*each)
        pgconn.pipeline_sync()
        wait(generators.send(pgconn))
        results: list[PGresult] = []
        refused: psycopg.DataError | None = None
        for place in range(len(sent)):
            [result] = wait(generators.fetch_many(pgconn))
            if result.status not in _FINE:
                raise _FailedError(place, self._failure(result, len(sent) - place))
            results.append(result)
            if pieces is not None and result.status == ExecStatus.TUPLES_OK:
                try:
                    pieces.append(self._rows(result))  # while the server runs the next
                except psycopg.DataError as error:
                    refused = error
        wait(generators.fetch_many(pgconn))  # the end of the pipeline
        pgconn.exit_pipeline_mode()
        self.is_beginning = False
        if refused is not None:
            raise refused
        return results

    def _failure(self, result: PGresult, left: int) -> psycopg.Error:
        """The error of a statement of a pipeline; what is behind it goes by, so that the connection can be used."""
        error = error_from_result(result)
        try:
            for _ in range(left):
                self._connection.wait(generators.fetch_many(self._connection.pgconn))
            self._connection.pgconn.exit_pipeline_mode()
        except psycopg.Error as lost:
            raise error from lost  # what has begun is undone by the server
        self.is_beginning = False
        return error

    def _send(self, text: bytes, name: bytes | None, given: Sequence[Buffer | None]) -> None:
        pgconn = self._connection.pgconn
        if name is not None:
            pgconn.send_query_prepared(name, given)
        else:
            pgconn.send_query_params(text, given or None)

    def _given(self, parameters: Given) -> Sequence[Buffer | None]:
        if not parameters:
            return ()
        return self._transformer.dump_sequence(parameters, [PyFormat.TEXT] * len(parameters))

    def _rows(self, result: PGresult) -> Rows:
        transformer = self._transformer
        transformer.set_pgresult(result)
        rows = transformer.load_rows(0, result.ntuples, tuple)
        transformer.set_pgresult(None)
        return rows

    def _done(self) -> PGresult:
        """What a statement that was sent has given.  psycopg.Error."""
        results: list[PGresult] = self._connection.wait(generators.execute(self._connection.pgconn))
        for result in results:
            if result.status not in _FINE:
                raise error_from_result(result)
        return results[-1]

    # ----------------------------------------------------------------------------------------------- preparing

    def _name(self, text: bytes) -> bytes | None:
        """The name of a statement that is prepared, as it is once it has come often enough."""
        name = self._names.get(text)
        if name is not None:
            self._names.move_to_end(text)
            return name
        threshold = self._connection.prepare_threshold
        if threshold is None or text.__class__ is Unprepared:
            return None
        count = self._counts.pop(text, 0)
        if count < threshold:
            self._counts[text] = count + 1
            if len(self._counts) > MOST_PREPARED:
                self._counts.popitem(last=False)
            return None
        return self._prepare(text)

    def _prepare(self, text: bytes) -> bytes:
        name = b"nova_db_%d" % self._number
        self._number += 1
        pgconn = self._connection.pgconn
        pgconn.send_prepare(name, text)
        self._done()
        self._names[text] = name
        if len(self._names) > MOST_PREPARED:
            _, oldest = self._names.popitem(last=False)
            pgconn.send_query(b"DEALLOCATE " + oldest)
            self._done()
        return name
