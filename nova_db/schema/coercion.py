"""How a value becomes what a column stores: the same rules for every backend.

A coercer takes any value but None and returns the stored form, of exactly the column's Python type: subclasses of
``str``, ``int``, ``float`` and ``datetime`` become plain.  It raises ``Unsuitable`` for what the column cannot hold.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from math import isfinite
from operator import index
from typing import Any

from nova_db.schema.addresses import normal_cidr, normal_ip
from nova_db.schema.types import Kind

Coercer = Callable[[Any], Any]

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"
LONGEST_INTEGER = 19
"""The digits of the largest 64-bit integer: longer text is out of range, and costly to convert."""
_MOST_SHOWN = 40
"""The characters of a text that a message shows."""


class Unsuitable(Exception):
    """A value that its column cannot hold; the message says why.  Validation turns it into the caller's error."""


@cache
def coercer(kind: Kind, length: int | None) -> Coercer:
    """The coercer of the columns of one kind and length."""
    match kind:
        case Kind.INTEGER:
            return _integers(32)
        case Kind.BIGINT:
            return _integers(64)
        case Kind.BOOLEAN:
            return _boolean
        case Kind.FLOAT:
            return _float
        case Kind.DATETIME:
            return _datetime
    assert length is not None
    match kind:
        case Kind.STRING:
            return _characters(length)
        case Kind.TEXT | Kind.MEDIUMTEXT:
            return _bytes(length)
        case Kind.IP:
            return _addresses(normal_ip, length)
        case Kind.CIDR:
            return _addresses(normal_cidr, length)


def parse_datetime(text: str) -> datetime:
    """The naive datetime that ``YYYY-MM-DDTHH:MM:SS.ffffff`` stands for; the fraction is mandatory.

    :raises ValueError: it is any other text.
    """
    try:
        return datetime.strptime(text, TIME_FORMAT)
    except ValueError:
        raise ValueError(f"{_given(text)} is no time of the form YYYY-MM-DDTHH:MM:SS.ffffff") from None


def _integers(bits: int) -> Coercer:
    lowest, highest = -(1 << bits - 1), (1 << bits - 1) - 1

    def coerce(value: Any) -> int:
        number = value if type(value) is int else _plain_int(value)
        if lowest <= number <= highest:
            return number
        raise Unsuitable(f"{described(number)} is out of range, {lowest} to {highest}")

    return coerce


def _plain_int(value: Any) -> int:
    kind = type(value)
    if issubclass(kind, str):
        value = str.__str__(value)
        digits = value[1:] if value[:1] in ("+", "-") else value
        if not (digits.isascii() and digits.isdigit()):
            raise Unsuitable(f"expected an integer or its decimal text, not {_given(value)}")
        digits = digits.lstrip("0") or "0"
        if len(digits) > LONGEST_INTEGER:
            raise Unsuitable(f"the number has more than {LONGEST_INTEGER} digits")
        return -int(digits) if value.startswith("-") else int(digits)
    if issubclass(kind, int):
        return int.__index__(value)
    if is_number(kind) and hasattr(kind, "__index__"):
        return index(value)
    raise Unsuitable(f"expected an integer or its decimal text, not {_given(value)}")


def _boolean(value: Any) -> bool:
    if value is True or value is False:
        return value
    number = int.__index__(value) if issubclass(type(value), int) else None
    if number == 0 or number == 1:
        return number == 1
    raise Unsuitable(f"expected True, False, 1 or 0, not {_given(value)}")


def float_of(value: Any) -> float:
    """A number as a float: of an int or a float what it is, and not what a method of its own says.

    :raises OverflowError, ValueError: there is no such float.
    """
    if issubclass(type(value), int):
        return float(int.__index__(value))
    return float.__float__(value) if issubclass(type(value), float) else float(value)


def _float(value: Any) -> float:
    if not is_number(type(value)):
        raise Unsuitable(f"expected a number, not {_given(value)}")
    try:
        number = float_of(value)
    except (OverflowError, ValueError) as error:
        raise Unsuitable(f"the number is no finite float: {error}") from None
    if not isfinite(number):
        raise Unsuitable(f"{number} is no finite number")
    return number + 0.0  # a zero below zero is zero: not every database keeps its sign


def _datetime(value: Any) -> datetime:
    if type(value) is datetime and value.tzinfo is None:
        return value
    if not issubclass(type(value), datetime):
        raise Unsuitable(f"expected a datetime, not {_given(value)}")
    try:
        moment = value if value.utcoffset() is None else value.astimezone(UTC)
    except OverflowError:
        raise Unsuitable(f"{value.isoformat()} has no counterpart in UTC") from None
    return datetime(
        moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond
    )


def _characters(length: int) -> Coercer:
    def coerce(value: Any) -> str:
        if type(value) is str and value.isascii() and len(value) <= length and "\0" not in value:
            return value  # most values, quickly
        text = _plain_text(value)
        if len(text) <= length:
            return text
        raise Unsuitable(f"the text has {len(text)} characters, {length} fit")

    return coerce


def _bytes(length: int) -> Coercer:
    def coerce(value: Any) -> str:
        if type(value) is str and value.isascii() and len(value) <= length and "\0" not in value:
            return value  # most values, quickly
        text = _plain_text(value)
        size = len(text.encode())
        if size <= length:
            return text
        raise Unsuitable(f"the text has {size} bytes in UTF-8, {length} fit")

    return coerce


def _addresses(normal: Callable[[str], str], length: int) -> Coercer:
    checked: Callable[[Any], str] = _characters(length)

    def coerce(value: Any) -> str:
        if type(value) is str and ":" not in value:
            return checked(value)
        return checked(normal(_plain_text(value)))

    return coerce


def _plain_text(value: Any) -> str:
    """``value`` as text that a database can store, whatever its length."""
    text = text_of(value)
    if text is None and is_number(type(value)):
        raise Unsuitable("the number has no text form: it has too many digits")
    if text is None:
        raise Unsuitable(f"expected text or a number, not {_given(value)}")
    if "\0" in text:
        raise Unsuitable("the text holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        start = error.start
    else:
        return text
    # Not beside that error, which holds the whole text: it may be a secret.
    raise Unsuitable(f"the text holds half a surrogate pair at index {start}")


def text_of(value: Any) -> str | None:
    """The text that a value stands for: text, a number, a UUID or an address; None for anything else.

    It goes by the type, and asks a value of no such type nothing. None, too, for a number of thousands of digits.
    """
    kind = type(value)
    if issubclass(kind, str):
        return str.__str__(value)  # not str(value): a subclass may show itself as something else
    if is_number(kind):
        return _number_text(value)
    return str(value) if issubclass(kind, _with_text()) else None


def _number_text(value: Any) -> str | None:
    if issubclass(type(value), float):
        return float.__repr__(value)
    try:
        return int.__repr__(int.__index__(value)) if issubclass(type(value), int) else str(value)
    except ValueError:
        return None  # Python makes no text of so many digits


def is_number(kind: type) -> bool:
    """Whether the values of a type are numbers, complex ones excepted."""
    if kind is int or kind is float:
        return True
    from numbers import Number

    return issubclass(kind, Number) and not issubclass(kind, complex)


@cache
def _with_text() -> tuple[type, ...]:
    """The types of values that are neither text nor numbers, and yet have one text each."""
    import ipaddress
    import uuid

    versions = (4, 6)
    addresses = [getattr(ipaddress, f"IPv{each}{what}") for each in versions for what in ("Address", "Network")]
    return (uuid.UUID, *addresses)  # an interface is an address


def _given(value: Any) -> str:
    """What came in the place of something else: of a text its beginning, for columns that may be secret take any."""
    if not issubclass(type(value), str):
        return described(value)
    text = str.__str__(value)
    return ascii(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}...")


def described(value: Any) -> str:
    """A value in a message: a number as it is, of everything else only the type, for it may be secret."""
    kind = type(value)
    if kind is float or value is None or value is True or value is False or (kind is int and value.bit_length() <= 64):
        return repr(value)
    return f"a value of type {kind.__name__}"
