"""Values packed into bytes that sort as the values do: null first, whole numbers, moments, text by code point."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from typing import Any, Final

LONGEST_KEY: Final = 511
"""No packed key is longer, in bytes."""

_LONGEST_TEXT: Final = 60
"""Of a text that takes more bytes only so many are kept, and a digest of it all."""
_EPOCH: Final = dt.datetime(1970, 1, 1)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_OFFSET: Final = 1 << 63
_END: Final = b"\x00\x00"
_CUT: Final = b"\x00\x01"
"""What follows the beginning of a long text; like the end, it is less than any character, which a zero byte is not."""


def packed_name(*names: str) -> bytes:
    """Four bytes that stand for names: what the keys of one table, or of one index, begin with."""
    return hashlib.blake2b("\0".join(names).encode(), digest_size=4).digest()


@functools.cache  # of the tables
def counter_name(table: str) -> bytes:
    """The key of the cell that holds the highest id of a table so far."""
    return packed_name(table, "", "id")


def pack(value: Any) -> bytes:
    """The bytes of a value.

    Of two values of a column the smaller one has the smaller bytes, equal ones have the same, and none is the beginning
    of another.  Texts that are longer than some sixty bytes and begin alike sort by chance, but differ.

    :raises TypeError: it is of another kind, such as a float.
    """
    kind = type(value)
    if kind is str:
        return _text(value)
    if value is None:
        return b"\x00"
    if kind is int or kind is bool:
        try:
            return b"\x01" + (value + _OFFSET).to_bytes(8)  # type: ignore[no-any-return]
        except OverflowError:
            return b"\x01" + (b"\x00" if value < 0 else b"\xff") * 8
    if kind is dt.datetime:
        return b"\x02" + ((value - _EPOCH) // _MICROSECOND + _OFFSET).to_bytes(8)  # type: ignore[no-any-return]
    raise TypeError(f"a key holds whole numbers, texts, moments and nulls, not {kind.__name__}")


@functools.lru_cache(maxsize=128)  # the name of an owner comes in each of its rows
def _text(value: str) -> bytes:
    data = value.encode()
    if len(data) > _LONGEST_TEXT:
        beginning = data[: _LONGEST_TEXT - 20].replace(b"\x00", b"\x00\xff")[: _LONGEST_TEXT - 20]
        return b"\x03" + beginning + _CUT + hashlib.blake2b(data, digest_size=16).digest()
    return b"\x03" + data.replace(b"\x00", b"\x00\xff") + _END
