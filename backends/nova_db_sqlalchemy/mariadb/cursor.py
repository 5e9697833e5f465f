"""Statements as text, several at once, with their parameters put in; whichever DB-API library sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

LONGEST_BATCH: Final = 1 << 20
"""So many characters of statements are sent at once, unless a single one is longer."""
PACKET_TOO_LARGE: Final = 1153
_BETWEEN: Final = "\x1f"
_NEXT: Final = "', '"
_ESCAPES: Final = str.maketrans(
    {"\0": "\\0", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", '"': '\\"', "'": "\\'", "\\": "\\\\"}
)


class Result:
    """What the server answers to one statement."""

    __slots__ = ("affected_rows", "insert_id", "rows")

    def __init__(self, affected: int, key: int = 0, rows: Sequence[Sequence[Any]] = ()) -> None:
        self.affected_rows = affected
        self.insert_id = key
        self.rows = rows


class DBAPIConnection(Protocol):
    """What a connection of a DB-API library is to the engine, which names the library nowhere else.

    The classes of errors stand on it, as the DB-API has it.
    """

    @property
    def Error(self) -> type[Exception]: ...  # noqa: N802 - the DB-API's name

    @property
    def DataError(self) -> type[Exception]: ...  # noqa: N802 - the DB-API's name

    @property
    def OperationalError(self) -> type[Exception]: ...  # noqa: N802 - the DB-API's name

    @property
    def open(self) -> bool:
        """Whether the library thinks that it can be used."""

    def close(self) -> None:
        """Close it."""

    def get_server_info(self) -> str:
        """The version that the server has greeted with."""

    def run(self, statements: bytes, results: list[Result]) -> None:
        """Send statements, and add the answer to each; those before an error, too."""


class Complete(NamedTuple):
    """In the place of parameters: a statement that has its values already; the one beside it is for show."""

    text: str


class Packet(NamedTuple):
    """In the place of parameters: those of statements that travel together, of which some give rows."""

    values: Sequence[Any]
    first: int
    """How many statements come before those."""
    last: int


class Cursor:
    """Runs statements of one connection."""

    __slots__ = ("_connection", "_packet", "beginning", "inside", "longest", "one_by_one", "results")

    def __init__(self, connection: DBAPIConnection, longest: int, *, one_by_one: bool = False) -> None:
        self._connection = connection
        self._packet: Packet | None = None
        self.longest = longest
        """How many bytes a statement may have."""
        self.one_by_one = one_by_one
        """Whether statements must not travel together: a node of a Galera cluster that undoes a transaction between two
        of them runs the rest all the same, outside of any, and tells nobody."""
        self.beginning: Sequence[str] = ()
        """What begins a transaction, and travels with the next statement; still there if no answer to it has come."""
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
        self._packet = None
        if parameters.__class__ is Complete:
            statement = parameters.text
        elif parameters.__class__ is Packet:
            statement %= tuple([literal(value) for value in parameters.values])
            self._packet = parameters
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
        """The rows of the last statement; of a packet one row, of what each of its statements gives."""
        packet = self._packet
        if packet is None:
            return self.results[-1].rows
        return [[result.rows for result in self.results[packet.first : packet.last]]]

    def _run(self, text: str) -> None:
        connection, begun = self._connection, len(self.beginning)
        data = ";".join([*self.beginning, text]).encode() if begun else text.encode()
        if len(data) >= self.longest:
            told = f"a statement of {len(data)} bytes, where the server takes fewer than {self.longest}"
            raise connection.DataError(PACKET_TOO_LARGE, f"{told} (max_allowed_packet)")
        self.inside = True
        try:
            connection.run(data, self.results)
        except connection.Error:
            self.inside = False
            raise
        finally:
            if begun and len(self.results) >= begun:
                del self.results[:begun]
                self.beginning = ()
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
    if set(map(type, values)) == {str}:
        joined = _BETWEEN.join(values)
        if joined.count(_BETWEEN) == len(values) - 1:  # all of them at once
            return f"('{joined.translate(_ESCAPES).replace(_BETWEEN, _NEXT)}')"
    return f"({', '.join([literal(value) for value in values])})"


_LITERALS: Final[dict[type, Callable[[Any], str]]] = {
    str: lambda value: f"'{value.translate(_ESCAPES)}'",
    bool: lambda value: "1" if value else "0",
    int: int.__repr__,
    type(None): lambda value: "NULL",
    datetime: lambda value: f"'{value.isoformat(' ', 'microseconds')}'",
    float: lambda value: f"{value!r}e0" if "e" not in repr(value) else repr(value),
    bytes: lambda value: f"X'{value.hex()}'",
    tuple: _list,
    list: _list,
}
