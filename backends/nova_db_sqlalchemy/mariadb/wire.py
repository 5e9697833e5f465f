"""PyMySQL's connection with results that are read here, with little ado: half of what its own reading takes.

PyMySQL describes each column of each result at length before it reads the first row, and turns each value into what it
takes for best. Here a column has two bytes that matter, and a value is a number or a text; times stay texts. Packets
are looked at where they have arrived, and one generated function reads a row of columns of some kinds.

What is used of the library is private to it: ``probe`` finds out whether it is as it is known here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import pymysql

from nova_db.engine.generated import generate
from nova_db_sqlalchemy.mariadb.cursor import Result
from nova_db_sqlalchemy.mariadb.kinds import NUMBERS, TEXTS, WHOLE_NUMBERS

_BINARY: Final = 63
_ERROR: Final = 0xFF
_END: Final = 0xFE
_NULL: Final = 0xFB
_LENGTHS: Final = {0xFC: 2, 0xFD: 3, 0xFE: 8}
_FULL: Final = 0xFFFFFF
_HEADER: Final = bytes(4)
_BEGINNING: Final = 96
"""So many bytes of a description tell which one it is likely to be."""
_MOST_DESCRIPTIONS: Final = 1024

Packet = tuple[bytes, int, int]
"""The bytes that hold a packet, where it begins there, and where it ends."""
ReadRows = Callable[[bytes, "int | None", int, "list[tuple[Any, ...]]"], tuple[int, Any]]
"""``read(data, number, end, rows)``: add the rows that lie in bytes, as long as they are whole and their packets are
numbered on; where they end, and the next number.  Without a number: the one row that the bytes have."""
_INT, _FLOAT, _BYTES, _TEXT = "int({v})", "float({v})", "{v}", "{v}.decode()"
if TYPE_CHECKING:
    PlainConnection: TypeAlias = pymysql.connections.Connection[Any]
else:
    PlainConnection = pymysql.connections.Connection


class WireResult(Result):
    """An answer, with what PyMySQL wants to know of it."""

    __slots__ = ("has_next", "server_status", "unbuffered_active")

    def __init__(self, status: int, affected: int, key: int = 0, rows: Sequence[Sequence[Any]] = ()) -> None:
        self.affected_rows = affected
        self.insert_id = key
        self.rows = rows
        self.server_status = status
        self.has_next = status & 8
        self.unbuffered_active = False


class _Description(NamedTuple):
    """The packets that describe the columns of a result, as they have arrived, and what reads its rows."""

    text: bytes
    width: int
    read: ReadRows


# By their first bytes, which hold the number of the packet too. Looked up and added to by one operation each, which are
# atomic: safe without a lock. Threads that add at once may make it a little larger than it should be.
_descriptions: Final[dict[bytes, _Description]] = {}


def _remember(description: _Description) -> None:
    if len(_descriptions) >= _MOST_DESCRIPTIONS:
        _descriptions.clear()
    _descriptions[description.text[:_BEGINNING]] = description


# Looked up and added to by one operation each, which are atomic: safe without a lock. Two threads may make one for the
# same options; either will do.
_contexts: Final[dict[Any, Any]] = {}


class WireConnection(PlainConnection):
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

    def run(self, statements: bytes, results: list[Result]) -> None:
        """Send statements, and add the answer to each."""
        own: Any = self
        own.query(statements)
        results.append(own._result)
        while own._result.has_next:  # for as many statements as were sent; the last answer says that it is
            own.next_result()
            results.append(own._result)

    def wait_for(self, seconds: float | None) -> None:
        """From now on, give the server up that is silent for so long; None: never."""
        own: Any = self
        own._read_timeout = seconds

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
            result = WireResult(int.from_bytes(first[place : place + 2], "little"), affected, key)
        elif first[0] == _NULL:
            raise pymysql.err.InternalError("the server asks for a file")
        else:
            result = self._rows_of(_number(first, 0)[0])
        own._result = result
        own.server_status = result.server_status
        return result.affected_rows

    def _rows_of(self, width: int) -> WireResult:
        """The rest of an answer that consists of rows."""
        own: Any = self
        rows: list[tuple[Any, ...]] = []
        read = self._reader_of(width)
        self._packet()  # ends the descriptions
        while True:  # ends with the server's mark; a server that falls silent ends it by way of read_timeout
            ahead = self._ahead()
            place, own._next_seq_id = read(ahead, own._next_seq_id, len(ahead), rows)
            own._read_bytes(place)
            data = self._packet()
            if data[0] == _END and len(data) < 9:
                return WireResult(int.from_bytes(data[3:5], "little"), len(rows), rows=rows)
            # One that has arrived in parts, or is none that the function would read.
            read(_HEADER + data, None, len(data) + 4, rows)

    def _reader_of(self, width: int) -> ReadRows:
        """The function that reads rows with the columns that are described next."""
        own: Any = self
        ahead = self._ahead()
        known = _descriptions.get(ahead[:_BEGINNING])
        is_known = known is not None and known.width == width and ahead.startswith(known.text)
        if known is not None and is_known and ahead[3] == own._next_seq_id:  # else what follows tells of it
            own._read_bytes(len(known.text))
            own._next_seq_id = (own._next_seq_id + width) % 256
            return known.read
        with contextlib.closing(self._packets()) as packets:
            described = list(islice(packets, width))
        read = _row_reader(tuple([_form(data, end) for data, _, end in described]))
        (data, start, _), (last, _, end) = described[0], described[-1]
        if data is last and start == 4:
            _remember(_Description(data[:end], width, read))
        return read

    def _packets(self) -> Generator[Packet, None, None]:
        """The packets that follow, for as long as they are asked for.  pymysql.Error when one tells of one."""
        own: Any = self
        while True:  # ends when it is closed
            ahead = self._ahead()
            number, place, last = own._next_seq_id, 0, len(ahead) - 4
            try:
                while place < last:
                    start = place + 4
                    end = start + int.from_bytes(ahead[place : place + 3], "little")
                    if end > last + 4 or end - start == _FULL or ahead[start] == _ERROR or ahead[place + 3] != number:
                        break
                    place, number = end, (number + 1) % 256
                    yield ahead, start, end
            finally:
                own._next_seq_id = number
                own._read_bytes(place)
            whole = self._packet()
            yield whole, 0, len(whole)

    def _ahead(self) -> bytes:
        """What has arrived, and is still to be read; waited for if it is nothing."""
        own: Any = self
        try:
            ahead: bytes = own._rfile.peek()
        except OSError:
            return b""  # what is read next finds the same, and tells it
        return ahead

    def _packet(self) -> bytes:
        """The next packet.  pymysql.Error when it tells of one."""
        own: Any = self
        whole = b""
        while True:  # ends with a packet that is not full
            header = own._read_bytes(4)
            if header[3] != own._next_seq_id:
                self.close()
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


def _number(data: bytes, place: int) -> tuple[int, int]:
    """The number of variable length that stands at a place, and the place after it."""
    size = _LENGTHS.get(data[place])
    if size is None:
        return data[place], place + 1
    end = place + 1 + size
    return int.from_bytes(data[place + 1 : end], "little"), end


def _form(data: bytes, end: int) -> str:
    """What turns values of a column into Python's; it depends on two fields near the end of its description."""
    kind = data[end - 6]
    if kind in WHOLE_NUMBERS:
        return _INT
    if kind in NUMBERS:
        return _FLOAT
    return _BYTES if int.from_bytes(data[end - 12 : end - 10], "little") == _BINARY and kind in TEXTS else _TEXT


@lru_cache(1024)
def _row_reader(forms: tuple[str, ...]) -> ReadRows:
    """The function that reads rows whose columns have these forms."""
    lines = [
        "def read(d, number, end, rows):",
        "    add, place, last = rows.append, 0, end - 4",
        "    while place < last:",
        "        p = place + 4",
        "        after = end",
        "        if number is not None:",
        "            after = p + d[place] + (d[place + 1] << 8) + (d[place + 2] << 16)",
        f"            if after > end or after - p == {_FULL} or d[p] >= {_END} or d[place + 3] != number:",
        "                break",
        "            number = (number + 1) % 256",
        "        place = after",
    ]
    for column, form in enumerate(forms):
        value = f"v{column} = {form.format(v='d[p:e]')}; p = e"
        lines += [
            "        s = d[p]",
            f"        if s < {_NULL}:",
            f"            p += 1; e = p + s; {value}",
            f"        elif s == {_NULL}:",
            f"            v{column} = None; p += 1",
            "        else:",
            f"            s, p = length(d, p); e = p + s; {value}",
        ]
    lines += [
        f"        add(({''.join([f'v{column}, ' for column in range(len(forms))])}))",
        "    return place, number",
    ]
    return generate("\n".join(lines), "read", {"length": _number})
