"""PyMySQL's connection with a cursor of ours: statements as text, several at once, and rows read with little ado.

PyMySQL describes each column of each result at length before it reads the first row, and turns each value into what it
takes for best. Here a column has two bytes that matter, and a value is a number or a text; times stay texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import pymysql
from pymysql.constants import ER, FIELD_TYPE
from pymysql.converters import escape_string

LONGEST_BATCH: Final = 1 << 20
"""So many characters of statements are sent at once, unless a single one is longer."""
_WHOLE_NUMBERS: Final = frozenset(
    {FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.INT24, FIELD_TYPE.YEAR}
)
_NUMBERS: Final = frozenset({FIELD_TYPE.DOUBLE, FIELD_TYPE.FLOAT})
_BINARY: Final = 63
_ERROR: Final = 0xFF
_END: Final = 0xFE
_NULL: Final = 0xFB
_LENGTHS: Final = {0xFC: 2, 0xFD: 3, 0xFE: 8}
_FULL: Final = 0xFFFFFF

Decode = Callable[[bytes], Any]
if TYPE_CHECKING:
    PlainConnection: TypeAlias = pymysql.connections.Connection[Any]
else:
    PlainConnection = pymysql.connections.Connection


class Result:
    """What the server answers to one statement."""

    __slots__ = ("affected_rows", "has_next", "insert_id", "rows", "server_status", "unbuffered_active")

    def __init__(self, status: int, affected: int, key: int = 0, rows: Sequence[Sequence[Any]] = ()) -> None:
        self.affected_rows = affected
        self.insert_id = key
        self.rows = rows
        self.server_status = status
        self.has_next = status & 8
        self.unbuffered_active = False


_contexts: Final[dict[Any, Any]] = {}


class Connection(PlainConnection):
    """A connection whose results are read by ``_read_query_result`` here."""

    def _create_ssl_ctx(self, sslp: Any) -> Any:
        """One context for all connections with the same options: making it takes longer than connecting."""
        if not isinstance(sslp, dict):
            return sslp
        key = tuple(sorted(sslp.items()))
        context = _contexts.get(key)
        if context is None:
            plain: Any = super()
            context = _contexts[key] = plain._create_ssl_ctx(sslp)
        return context

    def _read_query_result(self, unbuffered: bool = False) -> int:
        own: Any = self  # what is used below is not in the stubs
        own._result = None
        if own._current_timeout != own._read_timeout:  # PyMySQL sets another one to write
            own._sock.settimeout(own._read_timeout)
            own._current_timeout = own._read_timeout
        first = self._packet()
        if first[0] == 0:
            affected, place = _number(first, 1)
            key, place = _number(first, place)
            result = Result(int.from_bytes(first[place : place + 2], "little"), affected, key)
        elif first[0] == _NULL:
            raise pymysql.err.InternalError("the server asks for a file")
        else:
            result = self._rows_of(_number(first, 0)[0])
        own._result = result
        own.server_status = result.server_status
        return result.affected_rows

    def _rows_of(self, width: int) -> Result:
        """The rest of an answer that consists of rows."""
        decoders = [_decoder(self._packet()) for _ in range(width)]
        self._packet()
        rows: list[list[Any]] = []
        while True:  # ends with the server's mark; a server that falls silent ends it by way of read_timeout
            data = self._packet()
            if data[0] == _END and len(data) < 9:
                return Result(int.from_bytes(data[3:5], "little"), len(rows), rows=rows)
            rows.append(_row(data, decoders))

    def _packet(self) -> bytes:
        """The next packet.  pymysql.Error when it tells of one."""
        own: Any = self
        whole = b""
        while True:  # ends with a packet that is not full
            header = own._read_bytes(4)
            if header[3] != own._next_seq_id:
                own._force_close()
                raise pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")
            own._next_seq_id = (header[3] + 1) % 256
            size = int.from_bytes(header[:3], "little")
            data: bytes = own._read_bytes(size)
            if size < _FULL and not whole:
                break
            whole += data
            if size < _FULL:
                data = whole
                break
        if data[0] == _ERROR:
            pymysql.err.raise_mysql_exception(data)
        return data


class Complete(NamedTuple):
    """In the place of parameters: a statement that has its values already; the one beside it is for show."""

    text: str


class Cursor:
    """Runs statements of one connection."""

    __slots__ = ("_connection", "inside", "longest", "one_by_one", "results")

    def __init__(self, connection: Connection, longest: int, *, one_by_one: bool = False) -> None:
        self._connection = connection
        self.longest = longest
        """How many bytes a statement may have."""
        self.one_by_one = one_by_one
        """Whether statements must not travel together: a node of a Galera cluster that undoes a transaction between two
        of them runs the rest all the same, outside of any, and tells nobody."""
        self.inside = False
        """Whether an answer is awaited: still, if something has interrupted us."""
        self.results: list[Result] = []
        """The answers to what was executed, as far as there was no error."""

    @property
    def rowcount(self) -> int:
        """How many rows the statements have matched."""
        return sum([result.affected_rows for result in self.results])

    @property
    def lastrowid(self) -> int:
        """The key that the server has given to the first row of the last insert."""
        return self.results[-1].insert_id

    def execute(self, statement: str, parameters: Any = None) -> Cursor:
        """Run a statement; without parameters as it is, and there may be several, with semicolons between."""
        if parameters.__class__ is Complete:
            statement = parameters.text
        elif parameters is not None:
            statement %= tuple([literal(value) for value in parameters])
        self.results = []
        self._run(statement)
        return self

    def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> Cursor:
        """Run a statement once for each list of parameters, many at once."""
        self.results = []
        texts = [statement % tuple([literal(value) for value in each]) for each in parameters]
        for packet, _ in self.packets(texts):
            self._run(packet)
        return self

    def packets(self, texts: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Statements as they are sent, as many at a time as may be, and how many they are."""
        return ((text, 1) for text in texts) if self.one_by_one else batches(texts, ";")

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """The rows of the last statement."""
        return self.results[-1].rows

    def _run(self, text: str) -> None:
        connection: Any = self._connection
        data = text.encode()
        if len(data) >= self.longest:
            raise pymysql.err.DataError(ER.NET_PACKET_TOO_LARGE, f"the server takes statements of {self.longest} bytes")
        self.inside = True
        try:
            connection.query(data)
            self.results.append(connection._result)
            while connection._result.has_next:  # for as many statements as were sent
                connection.next_result()
                self.results.append(connection._result)
        except pymysql.Error:
            self.inside = False
            raise
        self.inside = False


def batches(texts: Sequence[str], between: str) -> Iterator[tuple[str, int]]:
    """The texts joined, as many at a time as may be sent at once, and how many they are."""
    start = size = 0
    for place, text in enumerate(texts):
        size += len(text)
        if size > LONGEST_BATCH and place > start:
            yield between.join(texts[start:place]), place - start
            start, size = place, len(text)
    if texts:
        yield between.join(texts[start:]), len(texts) - start


def literal(value: Any) -> str:
    """A value as SQL.  Backslashes escape: a session is told so when it begins."""
    try:
        return _LITERALS[value.__class__](value)
    except KeyError:
        return next(form for kind, form in _LITERALS.items() if isinstance(value, kind))(value)


def _list(values: Sequence[Any]) -> str:
    return f"({', '.join([literal(value) for value in values])})"


_LITERALS: Final[dict[type, Callable[[Any], str]]] = {
    str: lambda value: f"'{escape_string(value)}'",
    bool: lambda value: "1" if value else "0",
    int: int.__repr__,
    type(None): lambda value: "NULL",
    datetime: lambda value: f"'{value.isoformat(' ', 'microseconds')}'",
    float: lambda value: f"{value!r}e0" if "e" not in repr(value) else repr(value),
    bytes: lambda value: f"X'{value.hex()}'",
    tuple: _list,
    list: _list,
}


def _number(data: bytes, place: int) -> tuple[int, int]:
    """The number of variable length that stands at a place, and the place after it."""
    size = _LENGTHS.get(data[place])
    if size is None:
        return data[place], place + 1
    end = place + 1 + size
    return int.from_bytes(data[place + 1 : end], "little"), end


def _decoder(data: bytes) -> Decode:
    """What turns values of a column into Python's; it depends on two fields near the end of its description."""
    kind = data[-6]
    if kind in _WHOLE_NUMBERS:
        return int
    if kind in _NUMBERS:
        return float
    return bytes if int.from_bytes(data[-12:-10], "little") == _BINARY and kind in _TEXTS else bytes.decode


_TEXTS: Final = frozenset(
    {
        FIELD_TYPE.BLOB,
        FIELD_TYPE.LONG_BLOB,
        FIELD_TYPE.MEDIUM_BLOB,
        FIELD_TYPE.STRING,
        FIELD_TYPE.TINY_BLOB,
        FIELD_TYPE.VARCHAR,
        FIELD_TYPE.VAR_STRING,
    }
)


def _row(data: bytes, decoders: Sequence[Decode]) -> list[Any]:
    row: list[Any] = []
    place = 0
    for decode in decoders:
        size = data[place]
        place += 1
        if size == _NULL:
            row.append(None)
            continue
        if size > _NULL:
            size, place = _number(data, place - 1)
        end = place + size
        row.append(decode(data[place:end]))
        place = end
    return row
