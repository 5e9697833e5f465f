"""Whether the PyMySQL that is installed works with our own reading of results: a conversation with a server of paper.

What such a server says is known beforehand, so all of it is written to one end of a pair of sockets, and the connection
reads it from the other one: greeting, login, the answers to two statements that travel together, then silence.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any, Final

from nova_db_sqlalchemy.mariadb.kinds import LONG, VAR_STRING

if TYPE_CHECKING:
    from nova_db_sqlalchemy.mariadb.cursor import Result

_OPTIONS: Final[dict[str, Any]] = {
    "user": "nobody",
    "charset": "utf8mb4",
    "autocommit": None,
    "read_timeout": 1,
    "client_flag": 1 << 16,
    "ssl_disabled": True,
}
_PATIENCE: Final = 0.001
_TOO_LONG: Final = 0.5
_UTF8: Final = 45
_MORE, _LAST = b"\x0a\x00", b"\x02\x00"
"""The server's state: in autocommit, with and without a further answer behind this one."""
_OK: Final = b"\x00\x00\x00" + _LAST + b"\x00\x00"
_GREETING: Final = b"".join(
    [
        b"\x0a11.4.0-MariaDB\x00",
        b"\x01\x00\x00\x00" + b"8 bytes." + b"\x00",
        b"\xfe\xf7" + bytes([_UTF8]) + _LAST + b"\xff\x81" + b"\x15" + bytes(10),  # without TLS
        b"and 12 more." + b"\x00",
        b"mysql_native_password\x00",
    ]
)


def difference(kind: Any) -> str | None:
    """What does not work with a class of connections; None: all of it does."""
    ours, paper = socket.socketpair()
    with ours, paper:
        paper.sendall(_conversation())
        try:
            connection = kind(**_OPTIONS, defer_connect=True)
            connection.connect(ours)
            return _tried(connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, it would come again
            return f"{type(error).__name__}: {error}"


def _tried(connection: Any) -> str | None:
    results: list[Result] = []
    connection.run(b"UPDATE t SET a = 1;SELECT a, b FROM t", results)
    told = [(result.affected_rows, result.insert_id, [*map(list, result.rows)]) for result in results]
    if told != [(3, 300, []), (2, 0, [[1, "\u00e4"], [None, ""]])]:
        return f"two statements were answered with {told}"
    connection.wait_for(_PATIENCE)
    began = time.monotonic()
    try:
        connection.run(b"SELECT 1", results)
    except connection.OperationalError:
        is_late = time.monotonic() - began > _TOO_LONG
        return "a silent server was given up too late" if is_late else None
    return "a silent server gave an answer"


def _conversation() -> bytes:
    rows = [b"\x01" + b"1" + b"\x02" + "\u00e4".encode(), b"\xfb" + b"\x00"]
    answers = [
        b"\x00\x03\xfc\x2c\x01" + _MORE + b"\x00\x00",
        b"\x02",
        _column("a", LONG),
        _column("b", VAR_STRING),
        b"\xfe\x00\x00" + _LAST,
        *rows,
        b"\xfe\x00\x00" + _LAST,
    ]
    return b"".join(
        [
            _packet(0, _GREETING),
            _packet(2, _OK),  # to the login
            _packet(1, _OK),  # to SET NAMES
            *[_packet(number, answer) for number, answer in enumerate(answers, 1)],
        ]
    )


def _column(name: str, kind: int) -> bytes:
    words = [b"def", b"", b"t", b"t", name.encode(), name.encode()]
    named = b"".join([bytes([len(word)]) + word for word in words])
    return named + b"\x0c" + bytes([_UTF8, 0]) + bytes(4) + bytes([kind]) + bytes(5)


def _packet(number: int, data: bytes) -> bytes:
    return len(data).to_bytes(3, "little") + bytes([number]) + data
